"""The mistakes that people are known to make: a row is (cause, quantity, formula, where).

`where` says in which layers it can be made: "" in all, "output", "hidden", or the activation of the layer.
A formula that cannot be evaluated in a layer, or gives the right numbers there, is not planted there.
"""

from typing import NamedTuple

__all__ = ["CHANGES", "MISTAKES", "Change", "Mistake"]


class Mistake(NamedTuple):
    """A wrong formula for a quantity."""

    cause: str
    quantity: str
    code: str
    where: str = ""

    def occurs_in(self, layer, net):
        """Whether it can be made in this layer."""
        activation = net.activations[layer - 1]
        place = "output" if layer == net.L else "hidden"
        return set(self.where.split()) <= {activation, place, net.activations[-1] + "-output"}


SUM = "np.sum(dZ, axis=1, keepdims=True)"
S_OF_A = "1 / (1 + np.exp(-A))"
S_OF_Z = "1 / (1 + np.exp(-Z))"

MISTAKES = [
    Mistake(*row)
    for row in [
        # Scale and sign
        ("missing-1/m", "dW", "dZ @ A_prev.T"),
        ("missing-1/m", "db", SUM),
        ("double-1/m", "dW", "dZ @ A_prev.T / m / m"),
        ("double-1/m", "db", f"{SUM} / m ** 2"),
        ("double-1/m", "dZ", "(A - Y) / m", "output"),
        ("double-1/m", "dA", "(-(Y / A) + (1 - Y) / (1 - A)) / m", "output sigmoid"),
        ("wrong-m", "dW", "dZ @ A_prev.T / A_prev.shape[0]"),
        ("wrong-m", "dW", "dZ @ A_prev.T / dZ.shape[0]"),
        ("wrong-m", "dW", "dZ @ A_prev.T / 209"),
        ("wrong-m", "db", f"{SUM} / W.shape[1]"),
        ("wrong-m", "db", f"{SUM} / len(dZ)"),
        ("mean-over-all", "dW", "dZ @ A_prev.T / dZ.size"),
        ("mean-over-all", "db", f"{SUM} / dZ.size"),
        ("mean-over-all", "db", "np.mean(dZ)"),
        ("db-averaged-twice", "db", "np.mean(dZ, axis=1, keepdims=True) / m"),
        ("half-squared-loss", "dZ", "2 * (A - Y)", "output"),
        ("half-squared-loss", "dZ", "(A - Y) / 2", "output"),
        ("stray-constant", "dW", "dZ @ A_prev.T / m * 2"),
        ("stray-constant", "dW", "0.5 * dZ @ A_prev.T / m"),
        ("stray-constant", "db", f"4 / m * {SUM}"),
        ("stray-constant", "dA_prev", "3 * W.T @ dZ"),
        ("sign", "dZ", "Y - A", "output"),
        ("sign", "dA", "Y / A - (1 - Y) / (1 - A)", "output sigmoid"),
        ("sign", "dA", "Y / A", "output softmax"),
        ("sign", "dW", "-dZ @ A_prev.T / m"),
        ("sign", "db", f"-{SUM} / m"),
        ("sign", "dA_prev", "-W.T @ dZ"),
        ("dAL-bracket", "dA", "-(Y / A + (1 - Y) / (1 - A))", "output sigmoid"),
        # Output layer
        ("extra-activation-derivative", "dZ", "(A - Y) * A * (1 - A)", "output"),
        ("missing-activation-derivative-output", "dZ", "dA", "output"),
        ("softmax-diagonal-only", "dZ", "-Y * (1 - A)", "output softmax"),
        (
            "softmax-axis",
            "dZ",
            "np.exp(Z) / np.sum(np.exp(Z), axis=1, keepdims=True) - Y",
            "output softmax",
        ),
        ("softmax-axis", "dZ", "np.exp(Z) / np.sum(np.exp(Z)) - Y", "output softmax"),
        ("softmax-axis", "A", "np.exp(Z) / np.sum(np.exp(Z), axis=1, keepdims=True)", "output softmax"),
        ("softmax-axis", "A", "np.exp(Z) / np.sum(np.exp(Z))", "output softmax"),
        # Activation derivative
        ("missing-activation-derivative", "dZ", "dA", "hidden"),
        ("double-sigmoid", "dZ", f"dA * ({S_OF_A}) * (1 - {S_OF_A})", "sigmoid"),
        ("derivative-of-upstream", "dZ", "dA * (dA * (1 - dA))", "sigmoid"),
        ("derivative-of-upstream", "dZ", "dA * (1 - dA)", "sigmoid"),
        ("derivative-of-upstream", "dZ", "dA * (1 - dA ** 2)", "tanh"),
        ("relu-on-gradient", "dZ", "np.maximum(dA, 0)", "relu"),
        ("relu-on-gradient", "dZ", "dA * (dA > 0)", "relu"),
        ("relu-ge-zero", "dZ", "dA * (A >= 0)", "relu"),
        ("wrong-activation", "dZ", f"dA * ({S_OF_Z}) * (1 - {S_OF_Z})", "hidden relu"),
        ("wrong-activation", "dZ", "dA * A * (1 - A)", "hidden relu"),
        ("wrong-activation", "dZ", "dA * A * (1 - A)", "hidden tanh"),
        ("wrong-activation", "dZ", f"dA * ({S_OF_Z}) * (1 - {S_OF_Z})", "hidden tanh"),
        ("wrong-activation", "dZ", "dA * (1 - A ** 2)", "hidden relu"),
        ("wrong-activation", "dZ", "dA * (1 - np.tanh(Z) ** 2)", "hidden relu"),
        ("wrong-activation", "dZ", "dA * (Z > 0)", "hidden tanh"),
        ("wrong-activation", "dZ", "dA * (Z > 0)", "output sigmoid"),
        ("wrong-activation", "dZ", "dA * (1 - A ** 2)", "output sigmoid"),
        ("wrong-activation", "dZ", "dA * A * (1 - A)", "output softmax"),
        ("preactivation-in-slope", "dZ", "dA * (1 - Z ** 2)", "hidden tanh"),
        ("preactivation-in-slope", "dZ", "dA * Z * (1 - Z)", "output sigmoid"),
        ("leaky-slope", "dZ", "np.where(Z > 0, dA, 0.01 * dA)", "relu"),
        ("leaky-slope", "dZ", "dA * np.where(Z > 0, 1, Z / 100)", "relu"),
        ("activation-in-place", "dZ", "dA * (1 - np.tanh(A) ** 2)", "tanh"),
        # Linear step
        ("transposed", "dW", "A_prev @ dZ.T / m"),
        ("transposed", "db", f"{SUM}.T / m"),
        ("transposed", "dA_prev", "dZ.T @ W"),
        ("reshape-for-transpose", "dA_prev", "W.reshape(W.T.shape) @ dZ"),
        ("reshape-for-transpose", "dW", "dZ @ A_prev.reshape(A_prev.T.shape) / m"),
        ("elementwise-for-matmul", "dW", "dZ * A_prev.T / m"),
        ("elementwise-for-matmul", "dA_prev", "W.T * dZ"),
        ("matmul-for-elementwise", "dZ", "dA @ (Z > 0)", "relu"),
        ("matmul-for-elementwise", "dZ", "dA @ (A * (1 - A))", "sigmoid"),
        ("matmul-for-elementwise", "dZ", "dA @ (1 - A ** 2)", "tanh"),
        ("untransposed-W", "dA_prev", "W @ dZ"),
        ("preactivation-in-dW", "dW", "dZ @ Z_prev.T / m"),
        ("layer-off-by-one", "dW", "dZ @ A.T / m"),
        ("layer-off-by-one", "dZ", "dA_last * (Z > 0)", "hidden relu"),
        ("layer-off-by-one", "dZ", "dA_last * (1 - A ** 2)", "hidden tanh"),
        ("layer-off-by-one", "dZ", "dA_next * (Z > 0)", "hidden relu"),
        ("layer-off-by-one", "db", "np.sum(dZ_next, axis=1, keepdims=True) / m", "hidden"),
        # Bias and broadcasting
        ("db-not-summed", "db", "dZ"),
        ("broadcast-not-undone", "db", "dZ / m"),
        ("keepdims", "db", "np.sum(dZ, axis=1) / m"),
        ("sum-axis", "db", "np.sum(dZ, axis=0, keepdims=True) / m"),
        ("sum-axis", "db", "np.sum(dZ) / m"),
        ("sum-axis", "db", "np.sum(dZ, keepdims=True) / m"),
        ("b-as-gradient", "db", "b"),
        ("accidental-broadcast", "dZ", "A - Y.T", "output"),
        ("accidental-broadcast", "b_new", "b - lr * db.ravel()"),
        # The cost
        ("cost-all-pairs", "J", "-np.sum(Y.T @ np.log(A) + (1 - Y).T @ np.log(1 - A)) / m", "sigmoid"),
        ("cost-all-pairs", "J", "-np.sum(Y.T @ np.log(A)) / m", "softmax"),
        ("missing-1/m", "J", "-np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))", "sigmoid"),
        ("missing-1/m", "J", "-np.sum(Y * np.log(A))", "softmax"),
        ("sign", "J", "np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m", "sigmoid"),
        ("wrong-m", "J", "-np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / Y.shape[0]", "sigmoid"),
        ("mean-over-all", "J", "-np.mean(Y * np.log(A))", "softmax"),
        # Order
        ("update-before-backprop", "dA_prev", "(W - 0.1 * dW).T @ dZ"),
        ("update-before-backprop", "dA_prev", "(W - 0.0075 * dW).T @ dZ"),
        ("sign", "W_new", "W + lr * dW"),
        ("sign", "b_new", "b + lr * db"),
        # Integers
        ("integers", "dZ", "(dA * (Z > 0)).astype(int)", "relu"),
        ("integers", "dW", "(dZ @ A_prev.T / m).astype(int)"),
        ("integers", "db", f"({SUM} / m).astype(int)"),
        ("integers", "db", f"{SUM} // m"),
        ("integers", "dA_prev", "(W.T @ dZ).astype(int)"),
        ("integers", "W_new", "(W - lr * dW).astype(int)"),
        # Regularisation, where the cost has none or another
        ("l2-scale", "dW", "dZ @ A_prev.T / m + 0.7 / m * W"),
        ("l2-scale", "dW", "dZ @ A_prev.T / m - 0.7 / m * W"),
    ]
]


class Change(NamedTuple):
    """A mistake of order or state: pieces of the homework's text, each with what stands there instead.

    `where` is the activation in whose branch it is, if any.
    """

    cause: str
    function: str
    quantity: str
    pieces: dict[str, str]
    where: str = ""

    def made_in(self, text):
        """The text with the mistake."""
        for old, new in self.pieces.items():
            assert old in text
            text = text.replace(old, new)
        return text


CHANGES = [
    Change("saturated-output", "L_model_backward", "dA", {"A, m, L = AL,": "A, m, L = np.round(AL),"}),
    Change("saturated-output", "compute_cost", "J", {"    A, m = AL,": "    A, m = np.round(AL),"}),
    Change(
        "aliased-dA",
        "linear_activation_backward",
        "dA",
        {"dZ = dA * (Z > 0)": "dZ = dA\n        dZ[Z <= 0] = 0"},
        "relu",
    ),
    Change(
        "not-zeroed",
        "L_model_backward",
        "dW",
        {
            "AL, Y, caches):": "AL, Y, caches, grads={}):",
            "    grads = {}\n": "",
            'grads[f"dW{l}"], grads[f"db{l}"] = dA, dW, db': (
                'grads[f"db{l}"] = dA, db\n        grads[f"dW{l}"] = grads.get(f"dW{l}", 0) + dW'
            ),
        },
    ),
]
