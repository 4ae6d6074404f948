"""What to write here in place of what PyTorch, JAX, autograd and scikit-learn call it.

Asked for only once an attribute or an argument is not there. The page docs/habits.md is a table of the same.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

__all__ = [
    "MODULE_HABITS",
    "NETWORK_HABITS",
    "OPTIMIZER_HABITS",
    "TENSOR_HABITS",
    "answer_habits",
    "missing_text",
]

PLACE = "arrays are where NumPy has them, so leave it out"
IN_PLACE = "W -= learning_rate * W.grad updates a parameter; other Tensors do not change"
# Functions that are methods elsewhere.
TG_METHODS = (
    "elu",
    "gelu",
    "leaky_relu",
    "log_softmax",
    "logsumexp",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
)
METHODS = {name: f"np.{name}(x)" for name in dir(np) if isinstance(getattr(np, name), np.ufunc)}
METHODS |= {name: f"tg.{name}(x)" for name in TG_METHODS}
TENSOR_HABITS = METHODS | {
    "numpy": ".value",
    "data": ".value",
    "detach": "tg.stop_gradient(x), or .value for the array",
    "requires_grad": ".wants; tg.parameter(array) makes what wants a derivative, tg.tensor(array) what "
    "does not",
    "requires_grad_": "tg.parameter(array) for what wants a derivative",
    "dtype": "tg.tensor(np.asarray(x, dtype=...))",
    "zero_grad": "nothing: derivatives do not add up from one backward() to the next",
    "retain_grad": "d[Z] of d = J.backward(): every quantity with a name has its derivative there",
    "grad_fn": ".node",
    "is_leaf": ".node is None",
    "view": ".reshape(...)",
    "permute": ".transpose(...)",
    "t": ".T",
    "unsqueeze": "np.expand_dims(x, axis)",
    "expand": "np.broadcast_to(x, shape)",
    "clone": "+x",
    "dim": ".ndim",
    "numel": ".size",
    "mm": "x @ y",
    "matmul": "x @ y",
    "bmm": "x @ y",
    "mul": "x * y",
    "add": "x + y",
    "sub": "x - y",
    "div": "x / y",
    "pow": "x ** y",
    "norm": "np.linalg.norm(x)",
    "cpu": PLACE,
    "cuda": PLACE,
    "to": f".astype(dtype) for a dtype; {PLACE} for a device",
    "device": PLACE,
    "float": ".astype(np.float32)",
    "double": ".astype(np.float64)",
    "half": ".astype(np.float16)",
    "at": "np.where; a recorded value does not change",
    "block_until_ready": "nothing: results are there when a line is done",
    "sub_": IN_PLACE,
    "add_": IN_PLACE,
    "mul_": IN_PLACE,
    "copy_": "W.value = array",
    "zero_": "W.value = np.zeros(W.shape)",
}
MODULE_HABITS = {
    "Variable": "tg.parameter(array)",
    "array": "tg.tensor(array) for data, tg.parameter(array) for what wants a derivative",
    "from_numpy": "tg.tensor(array)",
    "as_tensor": "tg.tensor(array)",
    "jit": "tg.compile(loss, parameters)",
    "elementwise_grad": "tg.grad of the sum: tg.grad(lambda x: np.sum(f(x)))",
    "vmap": "examples as columns of one matrix, as in W @ X + b",
    "manual_seed": "np.random.default_rng(seed)",
    "cat": "np.concatenate",
    "mm": "x @ y",
    "enable_grad": "nothing inside, outside of tg.no_grad()",
    "inference_mode": "tg.no_grad()",
    "numpy": "import numpy as np: NumPy's own functions are recorded",
    "lax": "NumPy's functions and Python's loops: what runs is recorded",
    "value_and_jacobian": "tg.jacobian(f)",
    "jacrev": "tg.jacobian(f)",
    "jacfwd": "tg.jacobian(f), or tg.jvp for one direction",
    "hessian_vector_product": "tg.hvp(f, x, v)",
    "remat": "tg.checkpoint(f)",
    "functional": "tg.relu, tg.softmax_cross_entropy and the others, which are functions",
}
NETWORK_HABITS = {
    "Linear": "W @ X + b, with W = tg.parameter(...) of (units, inputs) and b of (units, 1)",
    "Sequential": "tg.nn.Network([n_0, ..., n_L])",
    "Module": "a function of X, with tg.parameter for the weights; or tg.nn.Model(parameters, cost, output)",
    "Parameter": "tg.parameter(array)",
    "ReLU": "tg.relu(Z)",
    "Tanh": "np.tanh(Z)",
    "Sigmoid": "tg.sigmoid(Z)",
    "Softmax": "tg.softmax(Z, axis=0)",
    "GELU": "tg.gelu(Z)",
    "CrossEntropyLoss": "tg.softmax_cross_entropy(Z, labels)",
    "BCELoss": "tg.binary_cross_entropy(A, Y)",
    "BCEWithLogitsLoss": "tg.binary_cross_entropy_with_logits(Z, Y)",
    "MSELoss": "tg.mse(A, Y)",
    "Dropout": "tg.nn.Network(..., keep_prob=0.8)",
    "functional": "tg.relu, tg.softmax_cross_entropy and the others, which are functions",
    "Dense": "tg.nn.Network([n_0, ..., n_L])",
}
UPDATE = "optimizer.update(parameters, d) with d = J.backward()"
OPTIMIZER_HABITS = {
    "step": UPDATE,
    "apply_updates": UPDATE,
    "apply_gradients": UPDATE,
    "minimize": f"{UPDATE}, in a loop; or tg.fit",
    "init": "nothing: an optimizer makes what it remembers when it meets a parameter",
    "zero_grad": "nothing: derivatives do not add up from one backward() to the next",
    "param_groups": "an optimizer for each group; optimizer.learning_rate may be set",
    "state_dict": "optimizer.state(parameters)",
    "load_state_dict": "optimizer.restore(parameters, state)",
    "lr": "learning_rate",
    "params": "update(parameters, d): an optimizer is a rule, and not bound to parameters",
    "momentum": "tg.optim.Momentum(learning_rate, beta=0.9)",
    "betas": "beta1=0.9, beta2=0.999",
    "eps": "epsilon",
    "weight_decay": "add l2 / 2 * np.sum(W * W) to the cost; tg.nn.Network(..., l2=...) does",
}


class Habit:
    """What answers for an attribute that is not there.

    A `__getattr__` would do the same, and make each attribute that is there slower to read.
    """

    def __init__(self, told: str) -> None:
        self.told = told

    def __get__(self, owner: object, kind: type) -> object:
        raise AttributeError(self.told)


def answer_habits(kind: type, owner: str, habits: Mapping[str, str]) -> None:
    """Give a class an answer for each name of `habits` that it does not have."""
    for name in habits:
        if not hasattr(kind, name):
            setattr(kind, name, Habit(missing_text(owner, name, habits)))
    known = object.__dir__
    kind.__dir__ = lambda x: [name for name in known(x) if not isinstance(vars(kind).get(name), Habit)]  # type: ignore[method-assign, misc, assignment]


def missing_text(owner: str, name: str, habits: Mapping[str, str]) -> str:
    """What says that `owner` has no `name`, and what to write for it, if that is known.

    >>> missing_text("a Tensor", "detach", TENSOR_HABITS)
    "a Tensor has no attribute 'detach'; here: tg.stop_gradient(x), or .value for the array"
    >>> missing_text("a Tensor", "relu", TENSOR_HABITS)
    "a Tensor has no attribute 'relu'; here: tg.relu(x)"
    """
    advice = habits.get(name)
    return f"{owner} has no attribute {name!r}" + (f"; here: {advice}" if advice else "")
