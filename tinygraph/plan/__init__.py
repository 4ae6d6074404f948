"""Plans: a loss, its derivatives and the update as readable NumPy, and as the function which that text defines."""

from tinygraph.plan.step import CompiledStep, compile

__all__ = ["CompiledStep", "compile"]
