"""What a function does with its parameters, as its text says."""

import ast

import pytest

from tests.debugger.somebody import program_of
from tinygraph.debugger.uses import Use, arguments_given, called_function, free_names, use_of


def use_in(body, name="p", head="p, q=None"):
    text = f"TABLE = {{'relu': 1, 'tanh': 2}}\ndef f({head}):\n" + "".join(
        f"    {x}\n" for x in body.splitlines()
    )
    program = program_of(text)
    return use_of(program, program.functions["f"], name)


def said(body, name="p"):
    """What is other than if nothing is done."""
    plain = vars(Use())
    return {k: v for k, v in vars(use_in(body, name)).items() if v != plain[k]}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return p['W'] + p['b'] + p['W']", {"keys": ["W", "b"]}),
        ("p['dW'] = 1", {"keys": ["dW"], "optional": {"dW"}}),
        ("return p['W' + str(q)], p[f'b{q}']", {"prefixes": ["W", "b"]}),
        ("return p['g%d' % q], p['h{}'.format(q)]", {"prefixes": ["g", "h"]}),
        ("return p[0]", {"numbered": True}),
        ("return p[q]", {"numbered": True}),
        ("return p[:, 0]", {"least": 2}),
        ("return p[:, None, q]", {"least": 2}),
        ("return p.shape[2]", {"least": 3}),
        ("n, c, h = p.shape", {"axes": 3}),
        ("a, b = p", {"unpacked": 2}),
        ("return q[p]", {"indexes": True}),
        ("return q[range(3), p]", {"indexes": True}),
        ("return q[p.astype(int)]", {"indexes": True}),
        ("return q[p[0]]", {"indexes": True, "numbered": True}),
        ("return q[p.mean()]", {"array": True}),
        ("np.add.at(q, p, 1)", {"indexes": True}),
        ("np.add.at(p, q, 1)", {}),
        ("np.add.at(q, q, 1)", {}),
        ("return TABLE[p](1)", {"texts": ["relu", "tanh"]}),
        ("return {'a': 1, 2: 3}[p]", {"texts": ["a"]}),
        ("return p == 'relu' or 'tanh' == p", {"texts": ["relu", "tanh"]}),
        ("return p in ('max', 'mean', 3)", {"texts": ["max", "mean"]}),
        ("return 'b' in p", {"keys": ["b"], "optional": {"b"}}),
        ("return q in p", {}),
        ("return p(1)", {"called": True}),
        ("return p.forward(1)", {"methods": {"forward"}}),
        ("return p.get('b', 0)", {"keys": ["b"], "optional": {"b"}, "mapping": True}),
        ("return p.pop('b')", {"keys": ["b"], "optional": {"b"}}),
        ("return p.items()", {"mapping": True}),
        ("for k in p.keys():\n    pass", {"mapping": True}),
        ("return p.reshape(3)", {"array": True}),
        ("return p @ q", {"array": True}),
        ("return q @ p", {"array": True}),
        ("return p - q", {}),
        ("return np.dot(q, p)", {"array": True}),
        ("return len(p)", {"sized": True}),
        ("return np.log(p)", {"array": True, "positive": True}),
        ("return np.tanh(p)", {"array": True}),
        ("return np.einsum('ij,jkl->ikl', q, p)", {"axes": 3}),
        ("return np.einsum('ij,jkl->ikl', p, q)", {"axes": 2}),
        ("return np.einsum('...i,j', q, p)", {}),
        ("r = p\nreturn r['W']", {"keys": ["W"]}),
        ("r, s = q, p[1:]\nreturn s.shape[3]", {"numbered": True, "least": 4}),
        ("r = p[0, 1:]\nreturn r.shape[2]", {"least": 3}),
        ("r = p + 1\nreturn r['W']", {}),
    ],
)  # fmt: skip
def test_what_is_done_with_a_parameter(body, expected):
    assert said(body) == expected


@pytest.mark.parametrize(
    "loop",
    ["for w in p:", "for i, w in enumerate(p):", "for w, x in zip(p, q):", "for w in reversed(p):",
     "for i, (x, w) in enumerate(zip(q, p)):", "for w in p[1:]:"],
)  # fmt: skip
def test_a_loop_says_what_is_done_with_the_entries(loop):
    element = use_in(f"{loop}\n    w.shape[1]").element
    assert element is not None
    assert element.least == 2


def test_a_comprehension_is_a_loop():
    assert use_in("return [w['W'] for w in p]").element.keys == ["W"]
    assert use_in("return [a + b for a, b in p]").element == Use()
    assert use_in("return [a for a in q]").element is None


CALLS = """
def inner(cfg, *, data=None):
    return cfg['scale'] * data.shape[1]

def middle(cfg, data):
    return inner(cfg, data=data)

def outer(settings, x):
    return middle(settings, x)

def again(x, n):
    return again(x[:, :, 0], n - 1)

class Net:
    def run(self, p):
        return self.helper(1, p)

    def helper(self, n, w):
        return w['W' + str(n)]

def starred(args):
    return inner(*args)
"""


def test_what_the_called_functions_do_counts():
    program = program_of(CALLS)
    functions = program.functions
    assert use_of(program, functions["outer"], "settings").keys == ["scale"]
    assert use_of(program, functions["outer"], "x").least == 2
    assert use_of(program, functions["Net.run"], "p").prefixes == ["W"]
    assert use_of(program, functions["again"], "x").least == 3
    assert use_of(program, functions["starred"], "args") == Use()


def test_calls_are_followed_three_deep():
    deep = "def f0(p):\n    return p['W']\n" + "".join(
        f"def f{i}(p):\n    return f{i - 1}(p)\n" for i in range(1, 6)
    )
    found = []
    for name in ("f4", "f3"):
        program = program_of(deep)
        found.append(use_of(program, program.functions[name], "p").keys)
    assert found == [[], ["W"]]


def test_uses_add_up():
    first = Use(keys=["W"], axes=2, least=1, element=Use(sized=True))
    first.add(
        Use(keys=["b", "W"], axes=3, least=2, texts=["relu"], methods={"fn"}, unpacked=2, element=Use())
    )
    assert first == Use(
        keys=["W", "b"], axes=2, least=2, texts=["relu"], methods={"fn"}, unpacked=2, element=Use(sized=True)
    )


def test_the_function_that_is_called():
    program = program_of(CALLS)
    call = {
        t: ast.parse(t, mode="eval").body
        for t in ("inner(1)", "self.helper(1)", "np.dot(1)", "other.helper(1)")
    }
    run, outer = program.functions["Net.run"], program.functions["outer"]
    assert called_function(program, outer, call["inner(1)"]) is program.functions["inner"]
    assert called_function(program, run, call["self.helper(1)"]) is program.functions["Net.helper"]
    assert called_function(program, outer, call["self.helper(1)"]) is None
    assert called_function(program, run, call["other.helper(1)"]) is None
    assert called_function(program, run, call["np.dot(1)"]) is None


def test_arguments_by_place_and_by_name():
    program = program_of(CALLS)
    given = arguments_given(
        program.functions["Net.helper"], ast.parse("self.helper(1, w=x, **more)", mode="eval").body
    )
    assert [(n, ast.unparse(x)) for n, x in given] == [("n", "1"), ("w", "x")]
    assert arguments_given(program.functions["inner"], ast.parse("inner(*a)", mode="eval").body) == []


def test_free_names_are_those_of_called_functions_too():
    text = """
    W = 1
    def top(x):
        return helper(x) + W + len(x)

    def helper(x):
        y = b * x
        return deeper(y) + top(x)

    def deeper(y):
        W = 2
        return (lambda c: c + lam)(y)
    """
    program = program_of(text)
    assert free_names(program, program.functions["deeper"]) == ["lam"]
    assert free_names(program, program.functions["top"]) == ["W", "len", "b", "lam"]
