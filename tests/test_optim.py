"""Updates."""

import pickle

import numpy as np
import pytest

import tinygraph as tg
from tests.course import OPTIMIZERS, assert_published, cases
from tests.networks import make_network, parameters_of, record
from tinygraph import layerwise as lw


def test_gradient_descent_is_the_update_of_the_lectures():
    X, Y, arrays = make_network([4, 5, 1])
    parameters = parameters_of(arrays)
    AL, caches = lw.L_model_forward(X, arrays)
    expected = lw.update_parameters(arrays, lw.L_model_backward(AL, Y, caches), 0.1)

    tg.optim.SGD(0.1).update(parameters, record(X, Y, parameters).backward())

    for name, p in parameters.items():
        np.testing.assert_allclose(p.value, expected[name], rtol=1e-12)


@pytest.mark.parametrize("given", [list, tuple, iter, dict])
def test_parameters_come_in_any_container(given):
    x, y = tg.parameter(2.0, name="x"), tg.parameter(3.0, name="y")
    d = (x * y).backward()

    tg.optim.SGD(1.0).update({"x": x, "y": y} if given is dict else given([x, y]), d)

    assert (x.value, y.value) == (-1, 1)


def test_the_array_is_changed_in_place_and_keeps_its_dtype():
    x = tg.parameter(np.ones(3, np.float32), name="x")
    array = x.value

    tg.optim.SGD(0.5).update([x], np.sum(x * x).backward())

    assert x.value is array
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, [0, 0, 0])


def test_the_users_own_array_is_left_alone():
    mine = np.ones(3)
    x = tg.parameter(mine)

    tg.optim.SGD(0.5).update([x], np.sum(x).backward())

    np.testing.assert_array_equal(mine, 1)


def test_all_steps_are_read_before_any_is_taken():
    """An update that fails for one parameter leaves every other as it was."""
    x, other = tg.parameter(2.0), tg.parameter(3.0)

    with pytest.raises(tg.errors.UnknownNameError):
        tg.optim.SGD(1.0).update([x, other], (x * x).backward())

    assert x.value == 2


@pytest.mark.parametrize("rate", [0, -1, float("inf"), float("nan")])
def test_a_learning_rate_is_a_positive_number(rate):
    with pytest.raises(ValueError, match=f"the learning rate is a positive number, not {rate}"):
        tg.optim.SGD(rate)
    optimizer = tg.optim.SGD(0.1)
    with pytest.raises(ValueError, match="the learning rate is a positive number"):
        optimizer.learning_rate = rate

    assert optimizer.learning_rate == 0.1


def test_descent_goes_down():
    X, Y, arrays = make_network([4, 5, 1])
    parameters, optimizer = parameters_of(arrays), tg.optim.SGD(0.1)
    costs = []
    for _ in range(20):
        J = record(X, Y, parameters)
        optimizer.update(parameters, J.backward())
        costs.append(J.item())

    assert costs == sorted(costs, reverse=True)


def test_repr():
    assert repr(tg.optim.SGD(0.0075)) == "SGD(0.0075)"


def downhill(parameters, derivatives):
    """A loss whose derivatives are the given ones."""
    return sum(np.sum(derivatives[name] * p) for name, p in parameters.items())


def remembered(optimizer, p, **arrays):
    """Let the optimizer remember these of p."""
    for array, name in zip(optimizer.memory(p), optimizer.remembers, strict=True):
        array[...] = arrays[name]


def momentum_update(case):
    parameters, optimizer = parameters_of(case.parameters), tg.optim.Momentum(**case.settings)
    derivatives = {name: case.inputs["d" + name] for name in parameters}
    yield optimizer, parameters, lambda: downhill(parameters, derivatives)
    names = {f"v_d{name}": optimizer.memory(p)[0] for name, p in parameters.items()}
    yield {name: p.value for name, p in parameters.items()} | names


def adam_update(case):
    settings = dict(case.settings)
    inside, t = settings.pop("eps_place") == "inside", settings.pop("t")
    parameters, optimizer = parameters_of(case.parameters), tg.optim.Adam(**settings, epsilon_inside=inside)
    optimizer.steps = t - 1
    derivatives = {name: case.inputs["d" + name] for name in parameters}
    yield optimizer, parameters, lambda: downhill(parameters, derivatives)
    names = {
        f"{letter}_d{name}": array
        for name, p in parameters.items()
        for letter, array in zip("vs", optimizer.memory(p), strict=True)
    }
    yield {name: p.value for name, p in parameters.items()} | names


def cs_update(case, optimizer, **arrays):
    """The updates of CS231n, which has one weight w."""
    parameters = {"w": tg.parameter(case.inputs["w"], name="w")}
    remembered(optimizer, parameters["w"], **arrays)
    yield optimizer, parameters, lambda: downhill(parameters, {"w": case.inputs["dw"]})
    yield {"next_w": parameters["w"].value, "remembered": optimizer.memory(parameters["w"])}


def cs_momentum(case):
    """v := mu v - rate dw there, which is -rate times the v of `averaged=False`."""
    rate, mu = case.settings["learning_rate"], case.settings["momentum"]
    optimizer = tg.optim.Momentum(rate, beta=mu, averaged=False)
    run = cs_update(case, optimizer, v=-case.inputs["v"] / rate)
    yield next(run)
    results = next(run)
    yield results | {"velocity": -rate * results["remembered"][0]}


def cs_rmsprop(case):
    settings = case.settings
    optimizer = tg.optim.RMSProp(settings["learning_rate"], settings["decay_rate"], settings["epsilon"])
    run = cs_update(case, optimizer, s=case.inputs["cache"])
    yield next(run)
    results = next(run)
    yield results | {"cache": results["remembered"][0]}


def cs_adam(case):
    """Its m and v are the lectures' v and s, and its t is counted up before it is used."""
    settings = dict(case.settings)
    optimizer = tg.optim.Adam(**{key: x for key, x in settings.items() if key != "t"})
    optimizer.steps = settings["t"]
    run = cs_update(case, optimizer, v=case.inputs["m"], s=case.inputs["v"])
    yield next(run)
    results = next(run)
    yield results | {"m": results["remembered"][0], "v": results["remembered"][1]}


UPDATES = {
    update.__name__: update for update in (momentum_update, adam_update, cs_momentum, cs_rmsprop, cs_adam)
}


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("case", [case for case in cases() if case.function in OPTIMIZERS], ids=str)
def test_published_updates(case, compiled):
    run = UPDATES[case.function](case)
    optimizer, parameters, loss = next(run)
    if compiled:
        tg.compile(loss, parameters, optimizer=optimizer)()
    else:
        optimizer.update(parameters, loss().backward())

    assert_published(case, next(run))


def test_every_published_update_is_tried():
    assert UPDATES.keys() == OPTIMIZERS


MAKERS = [
    lambda: tg.optim.SGD(0.1),
    lambda: tg.optim.Momentum(0.1, 0.5),
    lambda: tg.optim.Momentum(0.1, 0.5, averaged=False),
    lambda: tg.optim.RMSProp(0.1),
    lambda: tg.optim.Adam(0.1),
    lambda: tg.optim.Adam(0.1, epsilon_inside=True),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("make", MAKERS)
def test_one_optimizer_updates_eagerly_and_compiled_by_turns(make, dtype):
    X, Y, arrays = make_network([3, 4, 1])
    X, Y = X.astype(dtype), Y.astype(dtype)
    alone, mixed = parameters_of(arrays, dtype), parameters_of(arrays, dtype)
    first, second = make(), make()
    step = tg.compile(lambda X, Y: record(X, Y, mixed), mixed, optimizer=second)
    for i in range(6):
        first.update(alone, record(X, Y, alone).backward())
        if i % 3:
            step(X, Y)
        else:
            second.update(mixed, record(X, Y, mixed).backward())

        for name, p in alone.items():
            assert p.dtype == dtype
            np.testing.assert_array_equal(p.value, mixed[name].value)


def test_the_learning_rate_may_change_between_compiled_steps():
    x = tg.parameter(1.0, name="x")
    optimizer = tg.optim.SGD(0.5)
    step = tg.compile(lambda: x * 1.0, [x], optimizer=optimizer)
    step()
    optimizer.learning_rate = 0.25
    step()

    assert x.value == 0.25


@pytest.mark.parametrize(
    "make",
    [lambda b: tg.optim.Momentum(1, b), lambda b: tg.optim.RMSProp(1, b), lambda b: tg.optim.Adam(1, 0.5, b)],
)
@pytest.mark.parametrize("share", [-0.1, 1, 2, float("nan")])
def test_a_share_is_below_one(make, share):
    with pytest.raises(ValueError, match=r"lies in \[0, 1\)"):
        make(share)


@pytest.mark.parametrize("make", MAKERS)
def test_an_optimizer_goes_on_from_its_state_to_the_last_bit(make, tmp_path):
    X, Y, arrays = make_network([3, 4, 1])
    through, first = parameters_of(arrays), parameters_of(arrays)
    optimizer, stopped, resumed = make(), make(), make()
    for _ in range(6):
        optimizer.update(through, record(X, Y, through).backward())
    for _ in range(3):
        stopped.update(first, record(X, Y, first).backward())
    tg.save(tmp_path / "run.npz", {**{n: p.value for n, p in first.items()}, **stopped.state(first)})

    second = parameters_of(arrays)
    resumed.restore(second, tg.load(tmp_path / "run.npz", into=second))
    for _ in range(3):
        resumed.update(second, record(X, Y, second).backward())

    assert resumed.steps == 6
    for name, p in through.items():
        np.testing.assert_array_equal(second[name].value, p.value)


def test_the_state_of_another_optimizer_is_refused_and_changes_nothing():
    parameters = {"W1": tg.parameter(np.ones(2), name="W1")}
    adam = tg.optim.Adam(0.1)
    state = tg.optim.Momentum(0.1).state(parameters)

    with pytest.raises(tg.errors.UserFileError, match=r"has no Adam.steps, Adam.v.W1, Adam.s.W1; it has Mom"):
        adam.restore(parameters, state)

    assert adam.steps == 0


# By hand, by name, and one at a time --------------------------------------------------------------


def train(update, steps=5):
    X, Y = np.array([[0.5, -1.0, 2.0]]), np.array([[1.0, 0.0, 1.0]])
    W1, b1 = tg.parameter([[0.1]], name="W1"), tg.parameter([[0.0]], name="b1")
    for _ in range(steps):
        J = tg.binary_cross_entropy(tg.sigmoid(W1 @ X + b1), Y)
        update(W1, b1, J.backward())
    assert W1.is_parameter
    return J.item(), W1.value.item(), b1.value.item()


def subtract_grad(W1, b1, d):
    W1 -= 0.5 * W1.grad
    b1 -= 0.5 * b1.grad


def subtract_by_name(W1, b1, d):
    W1 -= 0.5 * d["dW1"]
    b1 -= 0.5 * d["db1"]


def subtract_variables(W1, b1, d):
    dW1, db1 = d["dW1"], d["db1"]
    W1 -= 0.5 * dW1
    b1 += -0.5 * db1


def subtract_unrecorded(W1, b1, d):
    with tg.no_grad():
        W1 -= 0.5 * W1.grad
        b1 -= 0.5 * b1.grad


def update_from_a_dict(W1, b1, d):
    tg.optim.SGD(0.5).update({"W1": W1, "b1": b1}, {"dW1": d["dW1"], "db1": d["db1"], "dA0": None})


def update_from_a_chain(W1, b1, d):
    tg.optim.SGD(0.5).update([W1, b1], d.chain("course"))


@pytest.mark.parametrize(
    "update",
    [
        subtract_grad, subtract_by_name, subtract_variables, subtract_unrecorded, update_from_a_dict,
        update_from_a_chain,
    ],
)  # fmt: skip
def test_ways_to_update(update):
    assert train(update) == train(lambda W1, b1, d: tg.optim.SGD(0.5).update([W1, b1], d))


def test_what_is_no_derivative_is_no_update():
    x, target = tg.parameter(np.ones(3), name="x"), np.arange(3.0)
    for _ in range(3):
        error = x
        error -= target
        np.sum(error * error).backward()
    np.testing.assert_array_equal(x.value, np.ones(3))


def test_a_graph_from_before_an_update_is_refused():
    W = tg.parameter(np.ones(2), name="W")
    J = np.sum(W * W)
    J.backward()
    W -= 0.1 * W.grad
    with pytest.raises(tg.errors.ChangedArrayError):
        J.backward()


def test_an_update_that_is_recorded_is_told_at_the_second_backward():
    W1, told = tg.parameter(np.ones(2)), r"W1 = W1 - \.\.\. \(test_optim.py:\d+\) was recorded.*W1 -= .*SGD"
    for step in range(2):
        J = np.sum(W1 * W1)
        if step:
            with pytest.warns(UserWarning, match=told):
                d = J.backward()
        else:
            d = J.backward()
        W1 = W1 - 0.1 * d["dW1"]


@pytest.mark.parametrize(
    ("derivatives", "error", "told"),
    [
        ({"dV": np.ones(2)}, tg.errors.UnknownNameError, "no derivative 'dW' here; there are: dV"),
        ({"dW": np.ones(3)}, tg.errors.ShapeError, r"dW is \(3,\)"),
        ([np.ones(2)], tg.errors.DtypeError, "not a list"),
    ],
)
def test_derivatives_that_do_not_fit_change_nothing(derivatives, error, told):
    W = tg.parameter(np.ones(2), name="W")
    with pytest.raises(error, match=told):
        tg.optim.SGD(0.1).update([W], derivatives)
    np.testing.assert_array_equal(W.value, np.ones(2))


@pytest.mark.parametrize(
    "make", [lambda: tg.optim.Adam(0.1), lambda: tg.optim.Adam(0.1, epsilon_inside=True)]
)
def test_updates_are_counted_by_parameter(make):
    def run(together):
        W, V, adam = tg.parameter([1.0, 2.0]), tg.parameter([3.0]), make()
        for _ in range(4):
            d = (np.sum(W**3) + np.sum(V**3)).backward()
            for group in [[W, V]] if together else [[W], [V]]:
                adam.update(group, d)
        return *W.value, *V.value, adam.steps

    assert run(True) == run(False)


def test_a_second_network_begins_anew_and_the_first_is_not_kept_alive():
    adam, found = tg.optim.Adam(0.1), []
    for _ in range(2):
        W = tg.parameter([1.0, 2.0])
        for _ in range(3):
            adam.update([W], np.sum(W**3).backward())
        found.append(W.value.tolist())
        del W
    assert found[0] == found[1]
    assert adam._memory == {}


def test_parameters_updated_unequally_often_have_a_state_and_no_common_step():
    p = {"W": tg.parameter([1.0]), "V": tg.parameter([2.0])}
    adam = tg.optim.Adam(0.1)
    cost = lambda: np.sum(p["W"] ** 2) + np.sum(p["V"] ** 2)  # noqa: E731
    adam.update([p["W"]], cost().backward())
    adam.update(p, cost().backward())
    copied = tg.optim.Adam(0.1)
    copied.restore(p, adam.state(p))

    assert [copied._known(x).steps for x in p.values()] == [2, 1]
    with pytest.raises(ValueError, match=r"1 and 2 times.*an optimizer of their own"):
        tg.compile(cost, list(p.values()), optimizer=adam)()


def test_copies_of_an_optimizer_with_its_parameters_go_on():
    W, adam = tg.parameter([1.0], name="W"), tg.optim.Adam(0.1)
    adam.update([W], np.sum(W * W).backward())
    W2, adam2 = pickle.loads(pickle.dumps((W, adam)))
    for x, optimizer in ((W, adam), (W2, adam2)):
        optimizer.update([x], np.sum(x * x).backward())
    assert W.value == W2.value


def test_half_precision():
    W, adam = tg.parameter(np.zeros(3, np.float16), name="W"), tg.optim.Adam(0.01)
    for _ in range(2):
        adam.update([W], {"dW": np.array([0, 1e-5, 300], np.float16)})
    np.testing.assert_allclose(W.value, [0, -0.02, -0.02], rtol=0.01)


@pytest.mark.parametrize("backend", ["eager", "numpy"])
@pytest.mark.parametrize("make", [tg.optim.SGD, tg.optim.Momentum, tg.optim.Adam])
@pytest.mark.parametrize("given", [lambda W: [W, W], lambda W: {"enc": W, "dec": W}, lambda W: (W,)])
def test_a_parameter_in_two_places_is_updated_once(given, make, backend):
    W, alone = (tg.parameter([[0.5, -1.0], [2.0, 0.25]], name="W") for _ in range(2))
    X, rules = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 0.5]]), (make(0.1), make(0.1))
    loss = lambda W: tg.mse(W.T @ np.tanh(W @ X), X)  # noqa: E731
    step = tg.compile(lambda: loss(W), given(W), optimizer=rules[0])
    for _ in range(3):
        if backend == "eager":
            rules[0].update(given(W), loss(W).backward())
        else:
            step()
        rules[1].update([alone], loss(alone).backward())

    np.testing.assert_allclose(W.value, alone.value, rtol=1e-13)
    assert rules[0].steps == 3
