"""JAX with the whole step, update included, in one compiled function."""

from functools import partial

import jax
import jax.numpy as jnp

from ..tasks import LEARNING_RATE

jax.config.update("jax_enable_x64", True)  # or float64 would be cut to float32

ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh}


def sigmoid_cost(Z, Y):
    return -jnp.mean(Y * jax.nn.log_sigmoid(Z) + (1 - Y) * jax.nn.log_sigmoid(-Z))


def softmax_cost(Z, Y):
    return -jnp.sum(Y * jax.nn.log_softmax(Z, axis=0)) / Y.shape[1]


def network_cost(network):
    g = ACTIVATIONS[network.hidden]
    output_cost = {"sigmoid": sigmoid_cost, "softmax": softmax_cost}[network.output]
    L = len(network.layer_dims) - 1

    def cost(parameters, X, Y):
        A = X
        for layer in range(1, L):
            A = g(parameters[f"W{layer}"] @ A + parameters[f"b{layer}"])
        return output_cost(parameters[f"W{L}"] @ A + parameters[f"b{L}"], Y)

    return cost


class Training:
    def __init__(self, network):
        self.X, self.Y = map(jnp.asarray, network.make_examples())
        self.values = {name: jnp.array(value) for name, value in network.initialize_parameters().items()}
        cost_and_derivatives = jax.value_and_grad(network_cost(network))

        @partial(jax.jit, donate_argnums=0)
        def update(parameters, X, Y):
            J, derivatives = cost_and_derivatives(parameters, X, Y)
            return J, jax.tree.map(lambda W, dW: W - LEARNING_RATE * dW, parameters, derivatives)

        self.update = update

    def step(self):
        J, self.values = self.update(self.values, self.X, self.Y)
        return J

    def parameters(self):
        return self.values
