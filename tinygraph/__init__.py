"""tinygraph: backpropagation as a graph one can read.

Write a network with operators; get its derivatives, its drawing, and a check of the version derived by hand.
"""

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
from tinygraph.derivatives import Derivatives, grad, value_and_grad
from tinygraph.kernels import (
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
)
from tinygraph.losses import binary_cross_entropy, binary_cross_entropy_with_logits, softmax_cross_entropy
from tinygraph.tensor import Node, Tensor, no_grad, parameter, tensor
