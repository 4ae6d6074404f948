"""Proofs: hand-derived values against the graph, and the graph against differences of the function."""

from tinygraph.check.compare import compare
from tinygraph.check.gradcheck import GradientReport, gradcheck
from tinygraph.check.report import Diagnosis, Report, Row

__all__ = ["Diagnosis", "GradientReport", "Report", "Row", "compare", "gradcheck"]
