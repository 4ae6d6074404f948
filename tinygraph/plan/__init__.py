"""Plans: a loss, its derivatives and the update as readable NumPy, and the function that the text defines."""

from tinygraph.plan.graph import code_of
from tinygraph.plan.plain import plain_code_of
from tinygraph.plan.step import CompiledStep, compile

__all__ = ["CompiledStep", "code_of", "compile", "plain_code_of"]
