"""Cases: a right program with something wrong in it, as a file, and what is known of the mistake."""

import random
from dataclasses import dataclass, replace

import numpy as np

from tinygraph.debugger.probe import make_probe
from tinygraph.debugger.steps import PROBE_LEARNING_RATE

from .files import FUNCTIONS, PLACES, given_names, homework, line_by_line
from .mistakes import CHANGES, MISTAKES
from .programs import (
    COST,
    FORWARD,
    LINEAR,
    NETWORKS,
    START,
    THROUGH,
    UPDATE,
    Net,
    evaluate,
    in_layer,
    names_in,
    right_statements,
)
from .slips import slips

__all__ = ["Case", "pairs", "planted", "random_edits", "values_of"]

TWO = "two edits"
SEED = 0  # of the probe
SAME = 1e-6  # relative difference of numbers that are taken to be the same


@dataclass(frozen=True)
class Case:
    """A file, and what is wrong in it.

    Attributes:
        cause: the slug, or the kind of a random edit.
        place: one of PLACES, or one of FUNCTIONS.
        text: the file.
        wrong: the wrong formulas by name, "dW2"; in a function of one layer, for each layer it is called on.
        right: the formulas of the same names as they should be.
        statements: those of the whole pass, with the wrong ones; empty in a function of one layer.
        planted: the formulas as they stand in the file.
        raises: whether the file cannot be run because shapes do not fit.
    """

    cause: str
    net: Net
    place: str
    text: str
    wrong: dict[str, str]
    right: dict[str, str]
    statements: dict[str, str]
    planted: tuple[str, ...] = ()
    raises: bool = False

    @property
    def function(self):
        """The function with the mistake."""
        return self.place.split()[0]

    @property
    def edit(self):
        """What was planted, for people."""
        return "; ".join(f"{name} = {code}" for name, code in self.wrong.items())

    @property
    def mistakes(self):
        """The names that each mistake makes wrong: of one in several layers, or of two."""
        return [{name} for name in self.wrong] if self.cause == TWO else [set(self.wrong)]

    @property
    def given(self):
        """The names that can be seen from outside."""
        if not self.statements:
            return {name for name in self.wrong if not name.startswith("dZ")}
        return set(given_names(self.statements, self.place))

    def values(self):
        """The values that the file makes, by name."""
        right = values_of(self.net)
        return evaluate(self.statements, right) if self.statements else evaluate_each(self.wrong, right)

    def before(self, name, named=()):
        """The values at hand where `name` is made: those of the file.

        Where dA and dZ of a layer are both hidden, what is said of dZ takes dA to be right, unless that is
        `named` too.
        """
        values, made = dict(values_of(self.net)), self.values()
        for other, code in self.statements.items():
            if other == name:
                break
            is_dA = name[:2] == "dZ" and other == f"dA{name[2:]}"
            if is_dA and other not in self.given and other not in named:
                values[other] = evaluate({other: self.right.get(other, code)}, values)[other]
            else:
                values[other] = made[other]
        return values


def evaluate_each(statements, values):
    """The values, and those of the statements, each by itself."""
    return values | {name: evaluate({name: code}, values)[name] for name, code in statements.items()}


KNOWN = {}


def values_of(net):
    """The right values of a pass by name, by the right statements."""
    if net not in KNOWN:
        probe = make_probe(net.sizes, SEED, net.activations)
        start = {"A0": probe.X, "Y": probe.Y, "m": probe.X.shape[1], "lr": PROBE_LEARNING_RATE}
        KNOWN[net] = evaluate(everything(net), start | probe.parameters)
    return KNOWN[net]


def everything(net):
    """The right statements: forward, the cost, backward, and the update."""
    layers = range(1, net.L + 1)
    forward, update = {}, {}
    for layer in layers:
        forward[f"Z{layer}"] = in_layer("W @ A_prev + b", layer)
        forward[f"A{layer}"] = in_layer(FORWARD[net.activations[layer - 1]], layer)
        update |= {in_layer(name, layer): in_layer(code, layer) for name, code in UPDATE.items()}
    return forward | {"J": in_layer(COST[net.activations[-1]], net.L)} | right_statements(net) | update


def same(x, y):
    """Whether two values are the same numbers in the same shape."""
    return np.shape(x) == np.shape(y) and np.max(np.abs(x - y), initial=0) <= SAME * np.max(np.abs(y))


# A wrong formula in one line of one function that goes through all layers


def in_lines(cause, net, place, wrong, logits=False):
    """The case, or None where a formula cannot be evaluated or changes nothing that is given."""
    right = right_statements(net, logits)
    statements = right | wrong
    case = Case(
        cause,
        net,
        place,
        line_by_line(net, statements, place),
        wrong,
        {name: right[name] for name in wrong},
        statements,
        tuple(wrong.values()),
    )
    return checked(case)


def checked(case):
    """The case, if it can be evaluated and is wrong; marked where shapes do not fit."""
    try:
        values = case.values()
    except ValueError:
        return replace(case, raises=True)
    except (NameError, TypeError, FloatingPointError, IndexError, AttributeError):
        return None
    return case if shows(case, values) else None


def shows(case, values):
    """Whether each wrong formula gives other numbers than the right one would, and what is given is wrong."""
    right = values_of(case.net)
    try:
        each = {
            name: evaluate({name: case.right[name]}, case.before(name, case.wrong)) for name in case.wrong
        }
    except ValueError:  # what is above it has not the shape that the right one needs
        return False
    if any(same(values[name], each[name][name]) for name in case.wrong):
        return False
    seen = case.given if case.statements else case.wrong
    return not all(same(values[name], right[name]) for name in seen)


# A wrong formula in one of the functions of the lectures


def in_function(cause, net, function, quantity, code, layers):
    """The case, or None where the formula cannot be evaluated or is right; `layers` are those it is for."""
    per_activation = quantity in ("dZ", "A")
    formula = f"{quantity} {net.activations[layers[0] - 1]}" if per_activation else quantity
    names = [quantity if quantity == "J" else in_layer(quantity, layer) for layer in layers]
    wrong = {name: in_layer(code, layer) for name, layer in zip(names, layers, strict=True)}
    right = {name: everything(net)[name] for name in names}
    statements = right_statements(net) | wrong if function == "L_model_backward" else {}
    text = homework(net, {formula: code})
    case = checked(Case(cause, net, function, text, wrong, right, statements, (code,)))
    if case is not None and function == "linear_activation_backward" and not case.raises:
        return replace(
            case, raises=any(np.shape(case.values()[name]) != shape_of(net, name) for name in names)
        )
    return case


def shape_of(net, name):
    """The right shape of a value; with another, dZ stops linear_backward."""
    return np.shape(values_of(net)[name])


def functions_for(quantity, code):
    """The functions of the lectures that could hold this formula."""
    for function, (made, at_hand) in FUNCTIONS.items():
        if quantity in made and names_in(code) & QUANTITIES <= at_hand:
            yield function


QUANTITIES = {
    f"{letter}{suffix}"
    for letter in ("A", "Z", "W", "b", "dA", "dZ", "dW", "db")
    for suffix in ("", "_prev", "_next", "_last")
} | {"Y", "m", "lr"}


def layer_groups(net, quantity):
    """The layers that share a formula in the functions of the lectures."""
    layers = range(net.L, 0, -1)
    if quantity in ("dA", "J"):
        return [(net.L,)]
    if quantity in ("dZ", "A"):
        activations = dict.fromkeys(reversed(net.activations))
        return [tuple(k for k in layers if net.activations[k - 1] == g) for g in activations]
    return [tuple(layers)]


# The mistakes of the list, wherever they can occur


def planted(nets=NETWORKS):
    """Every mistake of the list in every place where it can occur."""
    found = []
    for net in nets:
        for mistake in MISTAKES:
            found += [*planted_in_lines(net, mistake), *planted_in_functions(net, mistake)]
        found += [planted_change(net, change) for change in CHANGES if change.where in ("", *net.activations)]
    return [case for case in found if case is not None]


def planted_change(net, change):
    text = change.made_in(homework(net, {}))
    return Case(change.cause, net, change.function, text, {change.quantity: ""}, {}, {})


def planted_in_lines(net, mistake):
    for layer in range(net.L, 0, -1):
        name = in_layer(mistake.quantity, layer)
        if name in right_statements(net) and mistake.occurs_in(layer, net):
            code = in_layer(mistake.code, layer, net.L)
            for place in PLACES:
                yield in_lines(mistake.cause, net, place, {name: code})


def planted_in_functions(net, mistake):
    for function in functions_for(mistake.quantity, mistake.code):
        for layers in layer_groups(net, mistake.quantity):
            if all(mistake.occurs_in(layer, net) for layer in layers):
                yield in_function(mistake.cause, net, function, mistake.quantity, mistake.code, layers)


# Random edits


def random_edits(n, seed=0, nets=NETWORKS):
    """n single edits of the right program that are not on the list."""
    draw = random.Random(seed)
    found = []
    while len(found) < n:
        case = random_edit(draw, draw.choice(nets))
        if case is not None and not case.raises and not is_listed(case):
            found.append(case)
    return found


def random_edit(draw, net):
    """An edit in a line of one function, or in one of the functions of the lectures."""
    place = draw.choice([*PLACES, "functions"])
    if place == "functions":
        return edit_in_function(draw, net)
    logits = draw.random() < 0.5
    right = right_statements(net, logits)
    name = draw.choice(list(right))
    kind, code = slip(draw, right[name], names_before(net, right, name))
    return in_lines(kind, net, place, {name: code}, logits)


def edit_in_function(draw, net):
    """An edit in one of the functions of the lectures."""
    function = draw.choice(["linear_backward", "linear_activation_backward", "L_model_backward"])
    made, at_hand = FUNCTIONS[function]
    quantity = draw.choice(sorted(made))
    layers = draw.choice(layer_groups(net, quantity))
    formulas = LINEAR | {"dA": START[net.activations[-1]], "dZ": THROUGH[net.activations[layers[0] - 1]]}
    made_before = set(list(LINEAR)[: list(LINEAR).index(quantity)]) if quantity in LINEAR else set()
    names = at_hand - {"dW", "db"} | made_before
    kind, code = slip(draw, formulas[quantity], names)
    return in_function(kind, net, function, quantity, code, layers)


def slip(draw, code, names):
    """A random edit: first its kind, so that the many operands do not crowd out the rest."""
    by_kind = {}
    for kind, edited in slips(code, names):
        by_kind.setdefault(kind, []).append(edited)
    kind = draw.choice(list(by_kind))
    return kind, draw.choice(by_kind[kind])


def names_before(net, statements, name):
    """The names at hand in the line that makes `name`."""
    before = list(statements)[: list(statements).index(name)]
    forward = [f"{letter}{layer}" for layer in range(1, net.L + 1) for letter in "WbZA"]
    return {"A0", "Y", "m", *forward, *before}


def is_listed(case):
    """Whether a mistake of the list gives the same numbers."""
    for name, code in case.wrong.items():
        before = case.before(name)
        value = evaluate({name: code}, before)[name]
        for mistake in MISTAKES:
            for layer in range(1, case.net.L + 1):
                if in_layer(mistake.quantity, layer) != name:
                    continue
                try:
                    listed = evaluate({name: in_layer(mistake.code, layer, case.net.L)}, before)[name]
                except (ValueError, NameError, FloatingPointError):
                    continue
                if same(listed, value):
                    return True
    return False


def pairs(n, seed=0, nets=NETWORKS):
    """n cases of two edits in different lines, each of which would show by itself."""
    draw = random.Random(seed)
    found = []
    while len(found) < n:
        net, place, logits = draw.choice(nets), draw.choice(PLACES), draw.random() < 0.5
        right = right_statements(net, logits)
        names = draw.sample(list(right), 2)
        wrong = {name: slip(draw, right[name], names_before(net, right, name))[1] for name in names}
        wrong = {name: wrong[name] for name in right if name in wrong}
        alone = [in_lines("one", net, place, {name: code}, logits) for name, code in wrong.items()]
        both = in_lines(TWO, net, place, wrong, logits)
        if all(case is not None and not case.raises for case in (*alone, both)) and are_separate(both):
            found.append(both)
    return found


def are_separate(case):
    """Whether something that is given lies between the two, so that they are not one change of one value."""
    names = list(case.statements)
    first, second = sorted(map(names.index, case.wrong))
    return any(name in case.given for name in names[first : second + 1])
