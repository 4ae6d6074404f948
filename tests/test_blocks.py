"""Blocks of networks: against loops, complex steps, differences, and PyTorch; compiled, plain, and drawn."""

import inspect

import numpy as np
import pytest

import tinygraph as tg
from tests.cases import general
from tests.laws import replaced, weights
from tests.oracles import central_difference, complex_step, disagreement
from tinygraph.errors import DtypeError, ShapeError
from tinygraph.graph.reading import read_graph
from tinygraph.plan.plain import plain_code_of
from viz.parts import find_parts

random = np.random.default_rng(0)


def arrays(*shapes):
    return [general(random, shape) for shape in shapes]


def cell_arrays(gates, n_x, *others, rows=False):
    """The input of a cell, what it remembers (3 units, 2 examples), and its parameters by name."""
    shapes = {f"W{g}": (3, 3 + n_x) for g in gates} | {f"b{g}": (3,) if rows else (3, 1) for g in gates}
    x, *memory = [general(random, s[::-1] if rows else s) for s in ((n_x, 2), *others)]
    return [x, *memory, *(general(random, s) / 3 for s in shapes.values())], list(shapes)


def cell(function, given, names, **settings):
    """A cell as a function of arrays in order; of several results their sum with unlike weights."""
    n = len(given) - len(names)

    def call(*xs):
        z = function(*xs[:n], dict(zip(names, xs[n:], strict=True)), **settings)
        return z[0] + 2 * z[1] if isinstance(z, tuple) else z

    return call, given


def rnn(rows):
    names = ["Waa", "Wax", "ba"]
    shapes = [(2, 2), (3, 2), (3, 3), (3, 2), (3, 1)] if not rows else [(4, 2), (4, 3), (3, 3), (3, 2), (3,)]
    return cell(tg.rnn_cell, arrays(*shapes), names, axis=-1 if rows else 0)


def gru(rows, **settings):
    given, names = cell_arrays("urc", 2, (3, 2), rows=rows)
    if settings:
        given, names = [*given, general(random, (3,) if rows else (3, 1))], [*names, "bcc"]
    return cell(tg.gru_cell, given, names, axis=-1 if rows else 0, **settings)


def settle(function, *data, **settings):
    """A block with its settings, as a function of what has derivatives; `data` come last."""
    return lambda *xs: function(*xs, *data, **settings)


MASK, LOOK = random.random((2, 3)) < 0.6, np.tri(3, 4, 1, dtype=bool)
WORDS = np.array([[0, 2, 2], [4, 0, 1]])
NCHW = {"layout": "NCHW"}
CASES = {
    "conv2d": (tg.conv2d, arrays((2, 4, 5, 3), (2, 3, 3, 2), (2,))),
    "conv2d same": (settle(tg.conv2d, padding="same"), arrays((1, 3, 4, 2), (2, 3, 2, 2), (1, 1, 1, 2))),
    "conv2d all": (
        settle(tg.conv2d, stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2, **NCHW),
        arrays((2, 4, 5, 3), (4, 2, 3, 2), (4,)),
    ),
    "max_pool2d": (settle(tg.max_pool2d, size=2), arrays((2, 4, 5, 2))),
    "max_pool2d all": (
        settle(tg.max_pool2d, size=(3, 2), stride=(1, 2), padding=1, dilation=(1, 2), **NCHW),
        arrays((1, 2, 5, 4)),
    ),
    "avg_pool2d": (settle(tg.avg_pool2d, size=2), arrays((2, 4, 5, 2))),
    "avg_pool2d all": (settle(tg.avg_pool2d, size=(3, 2), stride=1, padding=1, **NCHW), arrays((1, 2, 4, 3))),
    "batch_norm": (tg.batch_norm, arrays((3, 4), (3, 1), (3, 1))),
    "batch_norm rows": (settle(tg.batch_norm, axis=0), arrays((4, 3), (3,), (3,))),
    "batch_norm images": (tg.batch_norm, arrays((2, 2, 3, 2), (2,), (1, 1, 1, 2))),
    "batch_norm at test time": (
        settle(tg.batch_norm, axis=(0, 2, 3), mean=np.array([0.1, -0.2]), var=np.array([0.5, 2.0])),
        arrays((2, 2, 3, 2), (2,), (2,)),
    ),
    "layer_norm": (tg.layer_norm, arrays((3, 4), (3,), (3, 1))),
    "layer_norm rows": (settle(tg.layer_norm, axis=-1), arrays((2, 4, 3), (3,), (3,))),
    "embedding": (lambda E: tg.embedding(WORDS, E), arrays((2, 5))),
    "embedding rows": (lambda E: tg.embedding(WORDS, E, axis=0), arrays((5, 2))),
    "dropout": (settle(tg.dropout, MASK, keep_prob=0.8), arrays((2, 3))),
    "attention": (tg.attention, arrays((2, 3, 2), (2, 4, 2), (2, 4, 3))),
    "attention with a mask": (settle(tg.attention, LOOK, scale=0.5), arrays((3, 2), (4, 2), (4, 1))),
    "rnn_cell": rnn(rows=False),
    "rnn_cell rows": rnn(rows=True),
    "lstm_cell": cell(tg.lstm_cell, *cell_arrays("fico", 2, (3, 2), (3, 2))),
    "lstm_cell rows": cell(tg.lstm_cell, *cell_arrays("fico", 2, (3, 2), (3, 2), rows=True), axis=-1),
    "gru_cell": gru(rows=False),
    "gru_cell reset after": gru(rows=True, reset_after=True),
}
every_case = pytest.mark.parametrize("name", CASES)


def scalar(name):
    """The weighted sum of a block's result."""
    call, given = CASES[name]
    seed = weights(call(*given).shape)
    return (lambda *xs: np.sum(seed * call(*xs))), given


def combine_derivatives(f, n):
    """One number made of all derivatives of f, as a function of the same arguments."""
    return lambda *xs: sum(np.sum(np.sin(dx)) for dx in tg.grad(f, tuple(range(n)))(*xs))


@every_case
def test_first_and_second_derivatives(name):
    f, given = scalar(name)
    positions = tuple(range(len(given)))
    second = combine_derivatives(lambda *xs: f(*xs) ** 2, len(given))

    first, curved = tg.grad(f, positions)(*given), tg.grad(second, positions)(*given)

    for i, x in enumerate(given):
        one = lambda x, i=i: f(*replaced(given, i, x))  # noqa: E731
        if "norm" in name:  # np.var takes the absolute value of what is complex
            assert disagreement(first[i], central_difference(one, x), rtol=1e-7, atol=1e-8) == "", i
        else:
            assert disagreement(first[i], complex_step(one, x), rtol=1e-9, atol=1e-11) == "", i
        differences = central_difference(lambda x, i=i: second(*replaced(given, i, x)), x, 1e-6)
        scale = max(1.0, np.abs(differences).max())
        assert disagreement(curved[i], differences, rtol=1e-5, atol=1e-6 * scale) == "", i


@every_case
def test_single_precision_stays(name):
    call, given = CASES[name]
    leaves = [tg.parameter(x.astype(np.float32)) for x in given]

    z = call(*leaves)

    assert z.dtype == np.float32
    assert disagreement(z.value, call(*given), rtol=1e-4, atol=1e-4) == ""


@every_case
def test_compiled(name):
    f, given = scalar(name)
    leaves = [tg.parameter(x) for x in given]
    expected = f(*leaves).backward()

    J, derivatives = tg.compile(lambda: f(*leaves), leaves)()

    assert pytest.approx(f(*given), rel=1e-12) == J
    for leaf, d in zip(leaves, derivatives, strict=True):
        np.testing.assert_allclose(d, expected[leaf], rtol=1e-10, atol=1e-12)


def test_data_of_a_compiled_step_may_change():
    """Images, masks and words are its arguments."""
    E = tg.parameter(general(random, (2, 5)), name="E")
    loss = lambda words, D: np.sum(np.sin(tg.dropout(tg.embedding(words, E), D)))  # noqa: E731
    step = tg.compile(loss, [E])
    step(WORDS, np.ones((2, 2, 3), bool))
    words, D = WORDS[::-1].copy(), random.random((2, 2, 3)) < 0.5

    J, (dE,) = step(words, D)

    assert pytest.approx(loss(words, D).value) == J
    np.testing.assert_allclose(dE, loss(words, D).backward()[E], rtol=1e-12)


@every_case
def test_plain_code_gives_the_derivatives(name):
    f, given = scalar(name)
    leaves = [tg.parameter(x, name=f"P{i}") for i, x in enumerate(given)]
    J = f(*leaves)
    expected, module = J.backward(), {}

    exec(plain_code_of(J), module)
    function = module["backward"]
    data = [q.tensor for q in read_graph([J]).quantities if q.call is None and not q.wanted]
    arguments = list(inspect.signature(function).parameters)[1:]
    values = [*data, *constants_of(J)][: len(arguments)]
    found = function({f"P{i}": x for i, x in enumerate(given)}, *values)

    for i, leaf in enumerate(leaves):
        assert disagreement(found[f"dP{i}"], expected[leaf], rtol=1e-10, atol=1e-12) == ""


def constants_of(J):
    """The arrays that are settings of calls: the words of an embedding."""
    from tinygraph.engine.sweep import recorded_order

    settings = [x for z in recorded_order(J) for x in z.node.settings.values()]
    return [x for x in settings if isinstance(x, np.ndarray)]


# In pictures --------------------------------------------------------------------------------------


@every_case
def test_a_block_is_one_box(name):
    call, given = CASES[name]
    leaves = [tg.parameter(x) for x in given]
    inner = find_parts(*graph_and_layers(call(*leaves)))

    extra = 2 * name.startswith("lstm")  # a + 2 c
    assert len(inner) == 1 + extra
    assert inner[0].title in ("", f"tg.{name.split()[0]}")
    assert (inner[0].title == "") == (len(inner[0].calls) == 1)


def graph_and_layers(z):
    graph = read_graph([z])
    return graph, graph.layers


def test_boxes_tell_filters_stride_and_padding():
    import viz

    x, w = arrays((2, 8, 9, 2), (3, 2, 1, 4))
    W1 = tg.parameter(w, name="W1")
    Z = tg.max_pool2d(tg.conv2d(x, W1, stride=(2, 1), padding=1, dilation=(2, 1), groups=2), 2)
    plain = viz.draw(np.sum(Z), view="ops").source

    for text in ("4 filters 3 × 2", "stride 2 × 1", "dilation 2 × 1", "padding 1", "2 groups", "2 × 2"):
        assert text in plain
    same = tg.conv2d(x, tg.parameter(arrays((2, 2, 2, 1))[0]), padding="same")
    assert "padding 0+1" in viz.draw(np.sum(same), view="ops").source


def test_arguments_have_the_names_of_the_line():
    A0 = tg.parameter(general(random, (2, 3)))
    D1 = MASK
    A1 = tg.dropout(A0, D1)

    assert [q.name for q in read_graph([np.sum(A1)]).quantities if q.call is None] == ["A0", "D1"]


def test_of_several_steps_only_the_result_has_the_name_of_the_variable():
    x, w, b = arrays((1, 3, 3, 1), (2, 2, 1, 2), (2,))
    W1, b1 = tg.parameter(w), tg.parameter(b)
    Z1 = tg.conv2d(x, W1, b1)

    assert [q.name for q in read_graph([np.sum(Z1)]).quantities] == ["x", "W1", None, "b1", "Z1", "J"]


def test_long_steps_of_a_box_go_on_in_the_next_line():
    import viz

    call, given = CASES["lstm_cell"]
    drawing = viz.draw(np.sum(call(*map(tg.parameter, given))), view="layers").source

    assert "tg.lstm_cell" in drawing
    assert "layer (tanh) → * → + → tanh → *" in drawing


# Against loops ------------------------------------------------------------------------------------


def test_conv2d_by_loops_as_in_the_lectures():
    x, w, b = arrays((2, 5, 6, 3), (3, 3, 3, 4), (1, 1, 1, 4))
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    expected = np.zeros((2, 3, 3, 4))
    for i, h, v, c in np.ndindex(*expected.shape):
        window = padded[i, 2 * h : 2 * h + 3, 2 * v : 2 * v + 3]
        expected[i, h, v, c] = np.sum(window * w[..., c]) + b[0, 0, 0, c]

    np.testing.assert_allclose(tg.conv2d(x, w, b, stride=2, padding=1), expected, rtol=1e-12)


@pytest.mark.parametrize(("pool", "function"), [(tg.max_pool2d, np.max), (tg.avg_pool2d, np.mean)])
def test_pools_by_loops_as_in_the_lectures(pool, function):
    (x,) = arrays((2, 5, 6, 3))
    expected = np.zeros((2, 2, 2, 3))
    for i, h, v, c in np.ndindex(*expected.shape):
        expected[i, h, v, c] = function(x[i, 2 * h : 2 * h + 3, 2 * v : 2 * v + 3, c])

    np.testing.assert_allclose(pool(x, 3, stride=2), expected, rtol=1e-12)


def test_ties_share_the_derivative():
    x = tg.parameter(np.ones((1, 2, 2, 1)))

    assert (tg.max_pool2d(x, 2).sum().backward()[x] == 0.25).all()


def test_the_border_of_a_max_pool_is_never_the_largest():
    x = tg.parameter(-np.ones((1, 2, 2, 1)))
    z = tg.max_pool2d(x, 2, padding=1)

    assert (z.value == -1).all()
    assert (z.sum().backward()[x] == 1).all()


def test_integer_images():
    x = np.arange(16).reshape(1, 4, 4, 1)

    assert tg.max_pool2d(x, 3, stride=3, padding=1)[0, :, :, 0].tolist() == [[5, 7], [13, 15]]
    assert tg.conv2d(x.astype(np.uint8), np.full((1, 1, 1, 1), 0.5)).dtype == np.float64


# Mistakes -----------------------------------------------------------------------------------------

X = np.ones((2, 4, 4, 3))
W = np.ones((3, 3, 3, 2))
MISTAKES = [
    (lambda: tg.conv2d(X[0], W), ShapeError, r"images have four axes, unlike a \(4, 4, 3\)"),
    (lambda: tg.conv2d(X, W[0]), ShapeError, "filters have four axes"),
    (lambda: tg.conv2d(X, W[:, :, :2]), ShapeError, r"2 filters in 1 groups, of 2 channels each, do not fit"),
    (lambda: tg.conv2d(X, W, layout="NCHW"), ShapeError, r"filters are \(filters, channels, f, f\)"),
    (lambda: tg.conv2d(X, W, layout="HWC"), ShapeError, 'layout is "NHWC", channels last, or "NCHW"'),
    (
        lambda: tg.conv2d(X, W, dilation=2),
        ShapeError,
        r"windows of \(3, 3\) with dilation \(2, 2\) are larger",
    ),
    (lambda: tg.conv2d(X, W, stride=0), ShapeError, "stride is a whole number from 1 on"),
    (lambda: tg.conv2d(X, W, stride=(1, 2, 3)), ShapeError, r"or a pair of them, not \(1, 2, 3\)"),
    (lambda: tg.conv2d(X, W, padding=-1), ShapeError, "padding is a whole number from 0 on"),
    (lambda: tg.conv2d(X, W, padding=1.5), ShapeError, "not 1.5"),
    (lambda: tg.conv2d(X, W, padding="full"), ShapeError, "not 'full'"),
    (lambda: tg.conv2d(X, W, padding="same", stride=2), ShapeError, "which only stride 1 can"),
    (lambda: tg.conv2d(X, W, np.ones(3)), ShapeError, r"b has one number for each of 2 filters"),
    (lambda: tg.conv2d(X, W, groups=0), ShapeError, "groups is a whole number from 1 on"),
    (lambda: tg.max_pool2d(X, 5), ShapeError, "are larger than images"),
    (lambda: tg.max_pool2d(X, 2, padding=2), ShapeError, "more than half of windows"),
    (lambda: tg.avg_pool2d(X, 0), ShapeError, "size is a whole number"),
    (lambda: tg.batch_norm(np.ones(3)), ShapeError, r"say which axes hold the examples: axis=0"),
    (lambda: tg.batch_norm(np.ones((3, 4)), np.ones(4)), ShapeError, r"needs \(3, 1\), one number for each"),
    (lambda: tg.batch_norm(np.ones((3, 4)), axis=2), ShapeError, "has no axis 2"),
    (lambda: tg.layer_norm(np.ones((3, 4)), np.ones((1, 4))), ShapeError, r"needs \(3, 1\)"),
    (lambda: tg.embedding(np.array([1.0]), np.ones((2, 5))), DtypeError, "integers, not float64"),
    (lambda: tg.embedding(np.array([5]), np.ones((2, 5))), IndexError, "E has words 0 to 4"),
    (lambda: tg.embedding(np.array([-1]), np.ones((2, 5))), IndexError, "lie in -1 to -1"),
    (lambda: tg.embedding(np.array([1]), np.ones((2, 5)), axis=2), ShapeError, "has no axis 2"),
    (lambda: tg.dropout(np.ones(3), np.ones(2)), ShapeError, "needs a mask of its shape"),
    (lambda: tg.dropout(np.ones(3), np.full(3, 0.5)), ValueError, "a mask holds 0 and 1"),
    (lambda: tg.dropout(np.ones(3), np.ones(3), 0), ValueError, "keep_prob is the share that stays"),
    (lambda: tg.attention(np.ones((3, 2)), np.ones((4, 3)), np.ones((4, 1))), ShapeError, "do not fit"),
    (lambda: tg.attention(*[np.eye(3)] * 3, np.ones((2, 2))), ShapeError, "does not broadcast to"),
    (lambda: tg.attention(*[np.eye(3)] * 3, np.full((3, 3), -1e9)), ValueError, "a mask holds 0 and 1"),
    (lambda: tg.attention(*[np.eye(3)] * 3, np.zeros((3, 3))), ValueError, "leaves a query no key"),
    (lambda: tg.rnn_cell(np.ones((2, 1)), np.ones((3, 1)), {"Waa": 1}), KeyError, "needs Wax, ba"),
    (lambda: tg.gru_cell(np.ones((2, 1)), np.ones((3, 1)), {}, axis=1), ShapeError, "axis is 0"),
]


@pytest.mark.parametrize(("call", "kind", "message"), MISTAKES)
def test_mistakes_are_told(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


# Against PyTorch ----------------------------------------------------------------------------------


def torch_cases():
    """PyTorch's functions of the same arguments, in its own layouts."""
    torch = pytest.importorskip("torch")
    F = torch.nn.functional
    last = lambda f: lambda x, *w: f(x.permute(0, 3, 1, 2), *w).permute(0, 2, 3, 1)  # noqa: E731
    oihw = lambda w: w.permute(3, 2, 0, 1)  # noqa: E731
    norm = {"training": True, "eps": 1e-5}
    mean, var = (torch.tensor(x, dtype=torch.float64) for x in ([0.1, -0.2], [0.5, 2.0]))
    look, words = torch.from_numpy(LOOK), torch.from_numpy(WORDS)

    def columns(f):
        return lambda x, g, b: f(x.T, g.reshape(-1), b.reshape(-1)).T

    def lstm(x, a, c, Wf, Wi, Wc, Wo, bf, bi, bc, bo):
        n = a.shape[1]
        W, b = torch.cat([Wi, Wf, Wc, Wo]), torch.cat([bi, bf, bc, bo])
        a, c = torch.lstm_cell(x, (a, c), W[:, n:], W[:, :n], b, torch.zeros_like(b))
        return a + 2 * c

    def gru(x, c, Wu, Wr, Wc, bu, br, bc, bcc):
        n = c.shape[1]
        W, b = torch.cat([Wr, -Wu, Wc]), torch.cat([br, -bu, bc])  # 1 - sigmoid(v) is sigmoid(-v)
        zero = torch.zeros_like(bc)
        return torch.gru_cell(x, c, W[:, n:], W[:, :n], b, torch.cat([zero, zero, bcc]))

    return {
        "conv2d": last(lambda x, w, b: F.conv2d(x, oihw(w), b)),
        "conv2d same": last(lambda x, w, b: F.conv2d(x, oihw(w), b.reshape(-1), padding="same")),
        "conv2d all": lambda x, w, b: F.conv2d(x, w, b, (2, 1), (1, 2), (1, 2), 2),
        "max_pool2d": last(lambda x: F.max_pool2d(x, 2)),
        "max_pool2d all": lambda x: F.max_pool2d(x, (3, 2), (1, 2), 1, (1, 2)),
        "avg_pool2d": last(lambda x: F.avg_pool2d(x, 2)),
        "avg_pool2d all": lambda x: F.avg_pool2d(x, (3, 2), 1, 1),
        "batch_norm": columns(lambda x, g, b: F.batch_norm(x, None, None, g, b, **norm)),
        "batch_norm rows": lambda x, g, b: F.batch_norm(x, None, None, g, b, **norm),
        "batch_norm images": last(lambda x, g, b: F.batch_norm(x, None, None, g, b.reshape(-1), **norm)),
        "batch_norm at test time": lambda x, g, b: F.batch_norm(x, mean, var, g, b),
        "layer_norm": columns(lambda x, g, b: F.layer_norm(x, (3,), g, b)),
        "layer_norm rows": lambda x, g, b: F.layer_norm(x, (3,), g, b),
        "embedding rows": lambda E: F.embedding(words, E),
        "attention": F.scaled_dot_product_attention,
        "attention with a mask": lambda Q, K, V: F.scaled_dot_product_attention(Q, K, V, look, scale=0.5),
        "rnn_cell rows": lambda x, a, Waa, Wax, b: torch.rnn_tanh_cell(
            x, a, Wax, Waa, b, torch.zeros_like(b)
        ),
        "lstm_cell rows": lstm,
        "gru_cell reset after": gru,
    }


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("name", [name for name in CASES if name not in ("dropout", "embedding")])
def test_as_pytorch(name):
    torch = pytest.importorskip("torch")
    call = torch_cases().get(name)
    if call is None:
        pytest.skip("PyTorch has no cell of columns")
    f, given = scalar(name)
    leaves = [torch.tensor(x, requires_grad=True) for x in given]
    J = (torch.from_numpy(weights(call(*leaves).shape)) * call(*leaves)).sum()
    first = torch.autograd.grad(J, leaves, create_graph=True)
    # Of what is linear, second derivatives are 0, and PyTorch asks for a path to say so.
    paths = 0 * sum(x.sum() for x in leaves)
    curved = torch.autograd.grad(sum(torch.sin(dx).sum() for dx in first) + paths, leaves)

    positions = tuple(range(len(given)))
    assert f(*given) == pytest.approx(J.item(), rel=1e-10)
    for actual, expected in zip(tg.grad(f, positions)(*given), first, strict=True):
        np.testing.assert_allclose(actual, expected.detach(), rtol=1e-10, atol=1e-10)
    for actual, expected in zip(
        tg.grad(combine_derivatives(f, len(given)), positions)(*given), curved, strict=True
    ):
        np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-10)
