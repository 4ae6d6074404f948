"""The text of the lectures' network, as a step and as on paper, is the one stored; and it runs."""

from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tests.networks import OUTPUTS, make_network, parameters_of, record
from tinygraph.cli import main
from tinygraph.debugger.runner import check_file
from tinygraph.plan import code_of, plain_code_of
from tinygraph.plan.source import ATOM, number_code

EXPECTED = Path(__file__).with_name("expected")
FILE = """
import numpy as np
import tinygraph as tg

def cost():
    X = tg.tensor(np.arange(12.0).reshape(4, 3) / 12, name="X")
    W1, b1 = tg.parameter(np.ones((1, 4)), name="W1"), tg.parameter([[0.5]], name="b1")
    return tg.binary_cross_entropy(tg.sigmoid(W1 @ X + b1), np.array([[1.0, 0.0, 1.0]]))
"""


def lectures(m=7):
    """The cost of the lectures' network 4-4-4-1 and what it was made from."""
    X, Y, arrays = make_network([4, 5, 3, 1], m=m)
    parameters = parameters_of(arrays)
    return X, Y, parameters, record(tg.tensor(X, name="X"), tg.tensor(Y, name="Y"), parameters)


def test_the_step_of_the_lectures_network():
    X, Y, parameters, _ = lectures()
    step = tg.compile(lambda X, Y: record(X, Y, parameters), parameters, optimizer=tg.optim.SGD(0.0075))
    step(X, Y)

    assert step.source == EXPECTED.joinpath("step.txt").read_text(encoding="utf-8")


def test_the_backward_pass_of_the_lectures_network_as_on_paper():
    *_, J = lectures()

    assert plain_code_of(J) == EXPECTED.joinpath("plain.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("hidden", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("output", OUTPUTS)
def test_on_paper_it_is_the_chain_of_the_course(hidden, output):
    X, Y, arrays = make_network([4, 5, 3, 2], output)
    J = record(X, Y, parameters_of(arrays), hidden, output)
    expected = J.backward().chain(convention="course")
    namespace = {}
    exec(plain_code_of(J), namespace)
    derivatives = namespace["backward"](arrays, X, Y)

    assert [name for name in expected if name in derivatives] == list(derivatives)
    assert expected.keys() - derivatives.keys() <= {"dA3"}  # passed by where the cost knows Z3
    for name, derivative in derivatives.items():
        np.testing.assert_allclose(derivative, expected[name], rtol=1e-10, atol=1e-14)


def test_on_paper_it_passes_the_check(tmp_path):
    *_, J = lectures()
    file = tmp_path / "by_hand.py"
    file.write_text(plain_code_of(J), encoding="utf-8")

    assert check_file(file).ok


def test_on_paper_with_indexing_and_weights_in_two_places(tmp_path):
    x = tg.parameter(np.arange(6.0).reshape(2, 3), name="x")
    J = np.sum(x[:, [0, 0, 2]] ** 2) * np.sum(np.tanh(x)) + np.sum(x.astype(np.float32))
    namespace = {}
    exec(plain_code_of(J), namespace)

    np.testing.assert_allclose(namespace["backward"]({"x": x.value})["dx"], J.backward()["dx"], rtol=1e-6)


def test_a_recorded_graph_as_calls():
    X, Y, parameters, J = lectures()
    namespace = {}
    exec(code_of(J), namespace)
    cost, *derivatives = namespace["step"](X, Y, *(p.value for p in parameters.values()))
    d = J.backward()

    assert cost == J.value
    for p, derivative in zip(parameters.values(), derivatives, strict=True):
        np.testing.assert_array_equal(derivative, d[p])


def test_a_graph_without_parameters_has_no_code():
    with pytest.raises(tg.errors.GraphError, match="not made from any parameter"):
        code_of(np.sum(tg.tensor(np.ones(2)) * 2))


@pytest.mark.parametrize(
    ("options", "expected"), [([], "np.dot(W1, X, out=Z1)"), (["--plain"], "Z1 = W1 @ X + b1")]
)
def test_the_command_prints_it(tmp_path, capsys, options, expected):
    file = tmp_path / "net.py"
    file.write_text(FILE, encoding="utf-8")

    assert main(["code", f"{file}:cost", *options]) == 0
    assert f"    {expected}\n" in capsys.readouterr().out


def test_the_command_without_a_network(tmp_path, capsys):
    file = tmp_path / "net.py"
    file.write_text(FILE, encoding="utf-8")

    assert main(["code", f"{file}:np"]) == 2
    assert "expected a Tensor" in capsys.readouterr().err


@pytest.mark.parametrize(
    "number", [np.inf, -np.inf, np.nan, 2, -2, 2.5, -0.5, 1e-300, np.float32(-1.5), np.inf * -1]
)
def test_a_number_in_the_text_is_that_number(number):
    text, strength = number_code(number)
    value = eval(text, {"np": np})

    np.testing.assert_array_equal(value, number)
    assert type(value) is type(number)
    assert (strength == ATOM) == (text[0] != "-")
    np.testing.assert_array_equal(eval(f"(3 - ({text})) * 2", {"np": np}), (3 - number) * 2)
