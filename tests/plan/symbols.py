"""Recordings of plain functions, and what a program computes when its calls are run one by one."""

import numpy as np

from tinygraph.plan.program import simplify_program
from tinygraph.plan.record import Tape, Traced

__all__ = ["filled", "program_of", "random_array", "recorded", "run"]


def random_array(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def recorded(f, *arrays):
    """The symbols of what `f` was given, what it gave, and the tape."""
    tape = Tape()
    given = [Traced(x, tape, f"x{i}") for i, x in enumerate(arrays)]
    made = f(*given)
    return given, list(made) if isinstance(made, tuple) else [made], tape


def program_of(f, *arrays, keep=False):
    """The simplified program of `f`, and the symbols of what it was given."""
    given, made, tape = recorded(f, *arrays)
    return simplify_program(made, tape.checks, keep)[0], given


def filled(x, known):
    """Values in place of symbols."""
    if isinstance(x, Traced):
        return known.get(x, x.value)
    if isinstance(x, list | tuple):
        return type(x)([filled(inner, known) for inner in x])
    if isinstance(x, dict):
        return {key: filled(inner, known) for key, inner in x.items()}
    return x


def run(program, known):
    """The results of a program, where its leaves have the values in `known`."""
    known = dict(known)
    for s in program.steps:
        known[s] = s.function(*filled(s.args, known), **filled(s.settings, known))
    return [known.get(r, r.value) for r in program.results]
