"""What names say of functions."""

import pytest

from tests.debugger.somebody import program_of
from tinygraph.debugger.protocols.names import (
    forward_partners,
    is_backward,
    is_loss_name,
    losses_in,
    stem_of,
)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("affine_backward", ("affine",)),
        ("sigmoidPrime", ("sigmoid",)),
        ("d_relu", ("relu",)),
        ("back_prop", ()),
    ],
)
def test_the_stem_of_a_name(name, stem):
    assert stem_of(name) == stem


@pytest.mark.parametrize(
    ("name", "back"),
    [("linear_backward", True), ("backprop", True), ("tanh_prime", True), ("update_params", False),
     ("gradient_check", False), ("forward", False), ("gradient_descent", False)],
)  # fmt: skip
def test_whether_a_name_says_backward(name, back):
    assert is_backward(program_of(f"def {name}(x):\n    return x").functions[name]) == back


def test_losses_by_name():
    assert all(map(is_loss_name, ("compute_cost", "mse", "cross_entropy_error", "Net.loss")))
    assert not any(map(is_loss_name, ("accuracy", "test_loss", "plot_costs", "Net.print_loss")))


def test_the_partner_has_the_same_stem_before_all_others():
    program = program_of("""
    def affine(x): return x
    def affine_forward(x): return x
    def forward(x): return x
    def affine_backward(d): return d
    """)
    found = [f.name for f in forward_partners(program, program.functions["affine_backward"])]
    assert found == ["affine_forward", "affine"]


NET = ("net_cost_now", "net_run_now", "net_step", "net_backward")
TRAIN = "def train(x):\n    y = step(x)\n    backward({})"


@pytest.mark.parametrize(
    ("names", "more", "name", "found"),
    [
        (("pad", "unpad", "forward"), "", "unpad", ["pad"]),
        (("sig", "dsig", "other"), "", "dsig", ["sig"]),
        (
            ("net_fit", "net_fit_forward", "net_fit_grad", "run"),
            "",
            "net_fit_grad",
            ["net_fit_forward", "net_fit"],
        ),
        (("far_cost", "run", *NET), "", "net_backward", ["net_run_now", "net_step", "run", "net_cost_now"]),
        (("step", "backward"), TRAIN.format("y"), "backward", ["step"]),
        (("step", "backward"), TRAIN.format("x"), "backward", []),
        (("step", "run", "backward"), TRAIN.format("y"), "backward", ["run", "step"]),
        (("mse", "backward"), TRAIN.format("y").replace("step", "mse"), "backward", []),
        (("sig_prime", "backward"), TRAIN.format("y").replace("step", "sig_prime"), "backward", []),
    ],
)
def test_the_likeliest_partner_comes_first(names, more, name, found):
    text = "".join(f"def {n}(x): return x\n" for n in names)
    program = program_of(text + more)

    assert [f.name for f in forward_partners(program, program.functions[name])] == found


def test_losses_of_a_class_come_first_and_those_whose_names_are_like_it():
    program = program_of("""
    def mse(p): return p
    def huber_loss(p): return p
    def loss_backward(p): return p
    class Net:
        def cost(self): return 1
    class Other:
        def cost(self): return 1
    """)

    assert [f.name for f in losses_in(program, None, "huber_step")] == ["huber_loss", "mse"]
    assert [f.name for f in losses_in(program, program.classes["Net"])] == ["Net.cost", "mse", "huber_loss"]
