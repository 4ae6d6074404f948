"""Proofs: hand-derived values against the graph, and the graph against differences of the function."""

from tinygraph.checks.comparison import compare
from tinygraph.checks.numeric import GradientReport, gradcheck
from tinygraph.checks.report import Diagnosis, Report, Row

__all__ = ["Diagnosis", "GradientReport", "Report", "Row", "compare", "gradcheck"]
