"""Mistakes planted in right programs, as data: what tests.benchmarks.debugger has the debugger find."""

from .cases import Case, pairs, planted, random_edits
from .files import homework
from .graphs import GraphCase, graphs
from .programs import NETWORKS, names_in

__all__ = [
    "NETWORKS",
    "Case",
    "GraphCase",
    "graphs",
    "homework",
    "names_in",
    "pairs",
    "planted",
    "random_edits",
]
