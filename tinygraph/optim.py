"""Updates: what is done to the parameters with their derivatives.

An optimizer is a rule, not bound to parameters: it keeps what it must remember of each one that it meets. Its
`descend` writes into arrays, with NumPy's functions alone, so the same lines update eagerly and in a compiled
step, and one object may do both by turns.

The formulas are those of the lectures (course 2, week 2), with v and s for the moving averages.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from tinygraph.engine.tensor import Tensor, distinct_parameters, mark_updated, value_of
from tinygraph.errors import DtypeError, ShapeError, TinygraphError, UnknownNameError
from tinygraph.files import assign
from tinygraph.graph.derivatives import Derivatives
from tinygraph.guards.faults import shorten
from tinygraph.guards.habits import OPTIMIZER_HABITS, answer_habits, missing_text
from tinygraph.guards.stories import describe

__all__ = [
    "SGD",
    "Adam",
    "Momentum",
    "Optimizer",
    "RMSProp",
    "exponential_decay",
    "inverse_decay",
    "root_decay",
]


class Remembered:
    """What is kept of a parameter, without keeping it alive: arrays, and how often it was updated."""

    __slots__ = ("arrays", "steps", "whose")

    def __init__(self, whose: weakref.ref[Tensor], arrays: tuple[Any, ...], steps: int) -> None:
        self.whose, self.arrays, self.steps = whose, arrays, steps


class Optimizer:
    """What all updates have in common: a learning rate, memory by parameter, and the loop over parameters.

    `remembers` names the arrays kept for each parameter, of its shape and dtype (float32 for float16) and 0
    at first. `steps` counts the updates of a parameter: in `numbers`, of the one whose turn it is; if it is
    set, of all. A parameter that is updated for the first time begins at 0, whatever happened to others.

    Raises:
        ValueError: the learning rate is not a positive number.
    """

    remembers: tuple[str, ...] = ()

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """The same, but for arguments that other packages take: TypeError says what to write."""
        strange = next((name for name in kwargs if name in OPTIMIZER_HABITS), None)
        if strange is None and args and isinstance(args[0], Iterable) and not hasattr(args[0], "__float__"):
            strange = "params"
        if strange is not None:
            told = missing_text(f"tg.optim.{cls.__name__}", strange, OPTIMIZER_HABITS)
            raise TypeError(told.replace("attribute", "argument"))
        return super().__new__(cls)

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self._steps = self._start = 0
        self._memory: dict[int, Remembered] = {}  # by the address of the parameter

    @property
    def learning_rate(self) -> float:
        """The step; it may be set between updates."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        if not 0 < rate < float("inf"):
            raise ValueError(f"the learning rate is a positive number, not {rate!r}")
        self._learning_rate = rate

    @property
    def steps(self) -> int:
        """How often the parameter that was updated last was updated."""
        return self._steps

    @steps.setter
    def steps(self, steps: int) -> None:
        self._steps = self._start = steps
        for known in self._memory.values():
            known.steps = steps

    def numbers(self) -> dict[str, float]:
        """The numbers in the formula of the next update, by name."""
        return {"learning_rate": self.learning_rate}

    def descend(self, W: Any, dW: Any, *arrays: Any) -> None:
        """Update W in place with its derivative; `arrays` are what is remembered, then the numbers."""
        raise NotImplementedError

    def memory(self, parameter: Tensor) -> tuple[Any, ...]:
        """What is remembered of a parameter, in the order of `remembers`: arrays that updates write into."""
        return self._known(parameter).arrays

    def _known(self, parameter: Tensor) -> Remembered:
        """The memory of a parameter, which lasts as long as the parameter."""
        key = id(parameter)
        known = self._memory.get(key)
        if known is None or known.whose() is not parameter:
            kind = np.promote_types(parameter.dtype, np.float32)
            arrays = tuple(np.zeros_like(parameter._value, dtype=kind) for _ in self.remembers)
            whose = weakref.ref(parameter, lambda _: self._memory.pop(key, None))
            self._memory[key] = known = Remembered(whose, arrays, self._start)
        return known

    def update(
        self,
        parameters: Iterable[Tensor] | Mapping[str, Tensor],
        derivatives: Derivatives | Mapping[Any, Any],
    ) -> None:
        """Change the values of `parameters` in place, each once; it needs its derivative in `derivatives`.

        Args:
            parameters: Tensors, or a dict of them by name.
            derivatives: what `backward()` gave, its `chain()`, or a dict of arrays: {"dW1": ...}.

        Raises:
            UnknownNameError: a parameter has no derivative there.
            ShapeError: a derivative has another shape than its parameter.
        """
        chosen = distinct_parameters(parameters)
        try:
            known = type(derivatives) is Derivatives
            found = derivatives.of(chosen) if known else named_derivatives(parameters, chosen, derivatives)  # type: ignore[union-attr]
        except TinygraphError as error:
            shorten(error)
            raise
        mark_updated(chosen)
        if not self.remembers:
            self._steps += 1
            descend, numbers = self.descend, tuple(self.numbers().values())
            for p, dp in zip(chosen, found, strict=True):
                descend(p._value, dp, *numbers)
            return
        counted = None
        for p, dp in zip(chosen, found, strict=True):
            memory = self._known(p)
            memory.steps += 1
            if memory.steps != counted:
                counted = self._steps = memory.steps
                numbers = tuple(self.numbers().values())
            self.descend(
                p._value, dp if dp.dtype != np.float16 else dp.astype(np.float32), *memory.arrays, *numbers
            )

    def advance(self, parameters: Sequence[Tensor], by: int = 1) -> dict[str, float]:
        """Count an update of `parameters` that is made elsewhere, all with the same numbers, and give these.

        Raises:
            ValueError: their formulas have other numbers, since they were not updated equally often.
        """
        known = [self._known(p) for p in parameters] if self.remembers else []
        counts = {memory.steps for memory in known} or {self._steps}
        found = []
        for count in counts:
            self._steps = count + by
            found.append(self.numbers())
        if any(numbers != found[0] for numbers in found):
            raise ValueError(
                f"{self} has updated these parameters {' and '.join(map(str, sorted(counts)))} times, and a "
                "compiled step updates all alike: give those that differ an optimizer of their own"
            )
        for memory in known:
            memory.steps += by
        return found[0]

    def state(self, parameters: Mapping[str, Tensor]) -> dict[str, Any]:
        """All that a later run needs besides the parameters: arrays by name, to be kept with `tg.save`.

        >>> import tinygraph as tg
        >>> list(Adam(0.1).state({"W": tg.parameter([1.0])}))
        ['Adam.steps', 'Adam.v.W', 'Adam.s.W']
        """
        kind = type(self).__name__
        remembered = {
            f"{kind}.{what}.{name}": array
            for name, p in parameters.items()
            for what, array in zip(self.remembers, self.memory(p), strict=True)
        }
        counts = [self._known(p).steps for p in parameters.values()] if self.remembers else [self._steps]
        same = len(set(counts)) <= 1
        return {f"{kind}.steps": np.array(counts[0] if same and counts else counts), **remembered}

    def restore(self, parameters: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        """Go on from a `state`, to the last bit; arrays that are not of this optimizer are left alone.

        Raises:
            UserFileError: the state is of another kind of optimizer, or of other parameters.
            ShapeError, DtypeError: an array in it does not fit its parameter.
        """
        mine = self.state(parameters)
        counts = f"{type(self).__name__}.steps"
        if np.shape(state.get(counts, 0)) == (len(parameters),):  # not all were updated equally often
            mine[counts] = np.zeros(len(parameters), int)
        assign(mine, state, "the optimizer's state")
        self._steps = int(np.max(mine[counts]))
        if self.remembers:
            for p, count in zip(
                parameters.values(), np.broadcast_to(mine[counts], len(parameters)), strict=True
            ):
                self._known(p).steps = int(count)

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle holds: the parameters with what is remembered of them."""
        kept = [
            (p, known.arrays, known.steps)
            for known in self._memory.values()
            if (p := known.whose()) is not None
        ]
        return {**self.__dict__, "_memory": kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        kept = state.pop("_memory")
        self.__dict__.update(state, _memory={})
        for p, arrays, steps in kept:
            known = self._known(p)
            known.arrays, known.steps = arrays, steps

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.learning_rate})"


answer_habits(Optimizer, "an optimizer", OPTIMIZER_HABITS)


def named_derivatives(
    parameters: Iterable[Tensor] | Mapping[str, Tensor],
    chosen: Sequence[Tensor],
    derivatives: Mapping[Any, Any],
) -> list[Any]:
    """The derivatives of `chosen` in a mapping, by the names they have or were given, or by themselves."""
    if hasattr(derivatives, "of"):  # what finds them in its own way
        return list(derivatives.of(chosen))
    if not isinstance(derivatives, Mapping):
        raise DtypeError(
            "the derivatives are what backward() gives, or a dict such as {'dW1': ...}, not a "
            f"{type(derivatives).__name__}"
        )
    known = {id(p): name for name, p in parameters.items()} if isinstance(parameters, Mapping) else {}
    names = [known.get(id(p)) or p.name for p in chosen]
    for name in names:
        if names.count(name) > 1 and not all(p in derivatives for p in chosen):
            raise UnknownNameError(
                f"two parameters are called {name}: give each a name of its own, in a dict"
            )
    return [derivative_in(derivatives, f"d{name}", p) for name, p in zip(names, chosen, strict=True)]


def derivative_in(derivatives: Mapping[Any, Any], name: str, p: Tensor) -> Any:
    """The derivative of parameter p."""
    own = f"d{p.name}"
    key = next((key for key in (p, name, own) if key in derivatives), None)
    if key is None:
        raise UnknownNameError(
            f"no derivative {name!r} here; there are: {', '.join(map(str, derivatives)) or 'none'}"
        )
    dp = value_of(derivatives[key])
    if np.shape(dp) != p.shape:
        raise ShapeError(f"{name} is {np.shape(dp)}, and {describe(p)} needs a derivative of its own shape")
    return np.asarray(dp) if isinstance(dp, float | int | list) else dp


class SGD(Optimizer):
    """Gradient descent: W = W - learning_rate * dW.

    >>> import tinygraph as tg
    >>> W = tg.parameter([1.0], name="W")
    >>> tg.optim.SGD(0.1).update([W], (W * W).sum().backward())
    >>> W.value
    array([0.8])
    """

    def descend(self, W: Any, dW: Any, learning_rate: Any) -> None:
        np.subtract(W, learning_rate * dW, out=W)


def checked_share(name: str, value: float) -> float:
    """`value`, if it may be the share of the old in a moving average."""
    if not 0 <= value < 1:
        raise ValueError(f"{name} lies in [0, 1): the share of the old average; got {value!r}")
    return value


class Momentum(Optimizer):
    """Gradient descent with momentum: v = beta * v + (1 - beta) * dW, W = W - learning_rate * v.

    Args:
        learning_rate: the step, a positive number.
        beta: the share of the old v, in [0, 1).
        averaged: without it v = beta * v + dW, as it is also written: steps 1 / (1 - beta) times as long.

    Raises:
        ValueError: the learning rate is not positive, or beta not in [0, 1).

    >>> import tinygraph as tg
    >>> W = tg.parameter([1.0], name="W")
    >>> tg.optim.Momentum(0.1, beta=0.5).update([W], (W * W).sum().backward())
    >>> W.value
    array([0.9])
    """

    remembers = ("v",)

    def __init__(self, learning_rate: float, beta: float = 0.9, averaged: bool = True) -> None:
        super().__init__(learning_rate)
        self.beta = checked_share("beta", beta)
        self.averaged = averaged

    def numbers(self) -> dict[str, float]:
        """beta, the share of the new, and the learning rate."""
        fresh = 1 - self.beta if self.averaged else 1.0
        return {"beta": self.beta, "fresh": fresh, "learning_rate": self.learning_rate}

    def descend(self, W: Any, dW: Any, v: Any, beta: Any, fresh: Any, learning_rate: Any) -> None:
        np.add(beta * v, fresh * dW, out=v)
        np.subtract(W, learning_rate * v, out=W)


class RMSProp(Optimizer):
    """Steps relative to the size of recent derivatives.

    s = beta * s + (1 - beta) * dW^2, W = W - learning_rate * dW / (sqrt(s) + epsilon).

    Args:
        learning_rate: the step, a positive number.
        beta: the share of the old s, in [0, 1).
        epsilon: keeps the divisor from 0.

    Raises:
        ValueError: the learning rate is not positive, or beta not in [0, 1).

    >>> import tinygraph as tg
    >>> W = tg.parameter([1.0], name="W")
    >>> tg.optim.RMSProp(0.1, beta=0.75).update([W], (W * W).sum().backward())
    >>> W.value.round(6)
    array([0.8])
    """

    remembers = ("s",)

    def __init__(self, learning_rate: float, beta: float = 0.9, epsilon: float = 1e-8) -> None:
        super().__init__(learning_rate)
        self.beta = checked_share("beta", beta)
        self.epsilon = epsilon

    def numbers(self) -> dict[str, float]:
        """beta, the share of the new, epsilon, and the learning rate."""
        beta, rate = self.beta, self.learning_rate
        return {"beta": beta, "fresh": 1 - beta, "epsilon": self.epsilon, "learning_rate": rate}

    def descend(
        self, W: Any, dW: Any, s: Any, beta: Any, fresh: Any, epsilon: Any, learning_rate: Any
    ) -> None:
        np.add(beta * s, fresh * np.square(dW), out=s)
        np.subtract(W, learning_rate * dW / (np.sqrt(s) + epsilon), out=W)


class Adam(Optimizer):
    """Momentum and RMSProp together, both averages corrected for their start at 0 (Kingma and Ba 2015).

    At update t = 1, 2, ...: v = beta1 * v + (1 - beta1) * dW, s = beta2 * s + (1 - beta2) * dW^2,
    W = W - learning_rate * v_corrected / (sqrt(s_corrected) + epsilon), where v_corrected = v / (1 - beta1^t)
    and s_corrected = s / (1 - beta2^t).

    Args:
        learning_rate: the step, a positive number.
        beta1: the share of the old v, in [0, 1).
        beta2: the share of the old s, in [0, 1).
        epsilon: keeps the divisor from 0.
        epsilon_inside: divide by sqrt(s_corrected + epsilon), as one version of the course's exercise does.

    Raises:
        ValueError: the learning rate is not positive, or a share not in [0, 1).

    >>> import tinygraph as tg
    >>> W = tg.parameter([1.0], name="W")
    >>> tg.optim.Adam(0.1).update([W], (W * W).sum().backward())
    >>> W.value.round(6)
    array([0.9])
    """

    remembers = ("v", "s")

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        epsilon_inside: bool = False,
    ) -> None:
        super().__init__(learning_rate)
        self.beta1, self.beta2 = checked_share("beta1", beta1), checked_share("beta2", beta2)
        self.epsilon, self.epsilon_inside = epsilon, epsilon_inside

    def numbers(self) -> dict[str, float]:
        """The shares, the divisors that correct the averages at this update, epsilon, the learning rate."""
        return {
            "beta1": self.beta1,
            "fresh1": 1 - self.beta1,
            "beta2": self.beta2,
            "fresh2": 1 - self.beta2,
            "correction1": 1 - self.beta1**self.steps,
            "correction2": 1 - self.beta2**self.steps,
            "epsilon": self.epsilon,
            "learning_rate": self.learning_rate,
        }

    def descend(self, W: Any, dW: Any, v: Any, s: Any, *numbers: Any) -> None:
        beta1, fresh1, beta2, fresh2, correction1, correction2, epsilon, learning_rate = numbers
        np.add(beta1 * v, fresh1 * dW, out=v)
        np.add(beta2 * s, fresh2 * np.square(dW), out=s)
        v_corrected, s_corrected = v / correction1, s / correction2
        root = np.sqrt(s_corrected + epsilon) if self.epsilon_inside else np.sqrt(s_corrected) + epsilon
        np.subtract(W, learning_rate * v_corrected / root, out=W)


# Learning rates that fall: functions of the epoch, which is 0 at first. For `fit`, or set between steps.


def inverse_decay(learning_rate: float, rate: float = 1.0, every: int = 1) -> Callable[[int], float]:
    """learning_rate / (1 + rate * epoch); with `every`, in steps of so many epochs.

    >>> [inverse_decay(0.5, rate=0.3, every=100)(epoch) for epoch in (0, 99, 100)]
    [0.5, 0.5, 0.3846153846153846]
    """
    return lambda epoch: learning_rate / (1 + rate * (epoch // every))


def exponential_decay(learning_rate: float, base: float = 0.95, every: int = 1) -> Callable[[int], float]:
    """learning_rate * base^epoch; with `every`, in steps of so many epochs.

    >>> [exponential_decay(0.5, base=0.5)(epoch) for epoch in (0, 1, 2)]
    [0.5, 0.25, 0.125]
    """
    return lambda epoch: learning_rate * base ** (epoch // every)


def root_decay(learning_rate: float, every: int = 1) -> Callable[[int], float]:
    """learning_rate / sqrt(epoch + 1), the lectures' epochs counting from 1; with `every`, in steps.

    >>> [root_decay(0.5)(epoch) for epoch in (0, 3)]
    [0.5, 0.25]
    """
    return lambda epoch: learning_rate / float(np.sqrt(epoch // every + 1))
