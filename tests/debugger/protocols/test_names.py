"""What names say of functions."""

import pytest

from tests.debugger.somebody import program_of
from tinygraph.debugger.protocols.names import forward_partners, is_backward, is_loss_name, stem_of


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
