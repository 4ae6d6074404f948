"""tinygraph: backpropagation as a graph one can read.

Write a network with operators, or with NumPy's own functions; get its derivatives, its drawing, and a check
of the version derived by hand.

>>> import numpy as np
>>> import tinygraph as tg
>>> X, Y = np.array([[1.0, 2.0, -1.0]]), np.array([[1.0, 1.0, 0.0]])
>>> W1, b1 = tg.parameter([[0.5]], name="W1"), tg.parameter([[0.0]], name="b1")
>>> J = tg.binary_cross_entropy(tg.sigmoid(W1 @ X + b1), Y)
>>> d = J.backward()
>>> print({name: float(d[name].round(4).sum()) for name in ("dW1", "db1")})
{'dW1': -0.431, 'db1': -0.0896}
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from numpy import (
    abs,
    arctan,
    clip,
    concatenate,
    cos,
    cumsum,
    dot,
    einsum,
    exp,
    expm1,
    log,
    log1p,
    logaddexp,
    matmul,
    max,
    maximum,
    mean,
    min,
    minimum,
    outer,
    prod,
    reciprocal,
    sin,
    sqrt,
    square,
    stack,
    std,
    sum,
    tanh,
    var,
    where,
)

from tinygraph import errors, layerwise, optim
from tinygraph.blocks import (
    attention,
    avg_pool2d,
    batch_norm,
    conv2d,
    dropout,
    embedding,
    gru_cell,
    layer_norm,
    lstm_cell,
    max_pool2d,
    rnn_cell,
)
from tinygraph.engine.tensor import Node, Tensor, parameter, tensor
from tinygraph.files import load, save
from tinygraph.graph.checkpoints import checkpoint
from tinygraph.graph.derivatives import Derivatives
from tinygraph.graph.functional import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from tinygraph.graph.why import why_no_gradient
from tinygraph.guards.habits import MODULE_HABITS as _MODULE_HABITS
from tinygraph.guards.habits import missing_text as _missing_text
from tinygraph.guards.modes import detect_nan, errstate, no_grad
from tinygraph.guards.notices import point_at_user as _point_at_user
from tinygraph.losses import binary_cross_entropy, binary_cross_entropy_with_logits, softmax_cross_entropy
from tinygraph.rules.kernels import (
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    logsumexp,
    mse,
    relu,
    sigmoid,
    softmax,
    softplus,
    stop_gradient,
)

_point_at_user()

if _TYPE_CHECKING:
    from tinygraph import distributed, nn, onnx, plots, testing
    from tinygraph.checks import Report, compare, gradcheck
    from tinygraph.debugger.live import check, check_backward
    from tinygraph.onnx import to_onnx
    from tinygraph.operations import operation
    from tinygraph.plan import CompiledStep, compile
    from tinygraph.training import fit

__version__ = "0.1.0"

# What is imported when it is first asked for, and from where: `import tinygraph` stays light.
_LATER = {
    "CompiledStep": "plan",
    "Report": "checks",
    "check": "debugger.live",
    "check_backward": "debugger.live",
    "compare": "checks",
    "compile": "plan",
    "distributed": "distributed",
    "fit": "training",
    "gradcheck": "checks",
    "nn": "nn",
    "onnx": "onnx",
    "operation": "operations",
    "plots": "plots",
    "testing": "testing",
    "to_onnx": "onnx",
}


def __getattr__(name: str) -> _Any:
    if name not in _LATER:
        raise AttributeError(_missing_text("module 'tinygraph'", name, _MODULE_HABITS))
    module = _import_module(f"tinygraph.{_LATER[name]}")
    globals()[name] = found = module if name == _LATER[name] else getattr(module, name)
    return found


def __dir__() -> list[str]:
    """What is public, also what is not imported yet; not the rooms inside."""
    return [*__all__, *(name for name in globals() if name[:2] == "__")]


__all__ = [
    "CompiledStep",
    "Derivatives",
    "Node",
    "Report",
    "Tensor",
    "abs",
    "arctan",
    "attention",
    "avg_pool2d",
    "batch_norm",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "check",
    "check_backward",
    "checkpoint",
    "clip",
    "compare",
    "compile",
    "concatenate",
    "conv2d",
    "cos",
    "cumsum",
    "detect_nan",
    "distributed",
    "dot",
    "dropout",
    "einsum",
    "elu",
    "embedding",
    "errors",
    "errstate",
    "exp",
    "expm1",
    "fit",
    "gelu",
    "grad",
    "gradcheck",
    "gru_cell",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "layer_norm",
    "layerwise",
    "leaky_relu",
    "load",
    "log",
    "log1p",
    "log_softmax",
    "logaddexp",
    "logsumexp",
    "lstm_cell",
    "matmul",
    "max",
    "max_pool2d",
    "maximum",
    "mean",
    "min",
    "minimum",
    "mse",
    "nn",
    "no_grad",
    "onnx",
    "operation",
    "optim",
    "outer",
    "parameter",
    "plots",
    "prod",
    "reciprocal",
    "relu",
    "rnn_cell",
    "save",
    "sigmoid",
    "sin",
    "softmax",
    "softmax_cross_entropy",
    "softplus",
    "sqrt",
    "square",
    "stack",
    "std",
    "stop_gradient",
    "sum",
    "tanh",
    "tensor",
    "testing",
    "to_onnx",
    "value_and_grad",
    "var",
    "vjp",
    "where",
    "why_no_gradient",
]
