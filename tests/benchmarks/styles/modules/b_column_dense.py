# style: Dense.backward(grad, learning_rate) updates its weights inside, one column vector at a time
# judged: Dense.backward, Activation.backward, mse_prime
import numpy as np


class Dense:
    """fully connected; x is (n_in, 1), output (n_out, 1)"""

    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_out, n_in) / np.sqrt(n_in)
        self.b = np.zeros((n_out, 1))

    def forward(self, x):
        self.x = x
        return self.W @ x + self.b

    def backward(self, grad, learning_rate):
        grad_x = self.W.T @ grad     # before the update!
        self.W -= learning_rate * (grad @ self.x.T)
        self.b -= learning_rate * grad
        return grad_x


class Activation:
    # learning_rate is unused here, all layers share one signature

    def __init__(self, f, df):
        self.f = f
        self.df = df

    def forward(self, x):
        self.x = x
        return self.f(x)

    def backward(self, grad, learning_rate):
        return np.multiply(grad, self.df(self.x))


class Tanh(Activation):
    def __init__(self):
        Activation.__init__(self, np.tanh, lambda u: 1 - np.tanh(u) ** 2)


def mse(target, guess):
    return np.mean(np.power(target - guess, 2))


def mse_prime(target, guess):
    return 2 * (guess - target) / target.size


def run(net, x):
    for layer in net:
        x = layer.forward(x)
    return x


def fit(net, pairs, epochs=1000, lr=0.05):
    for _ in range(epochs):
        total = 0.
        for x, target in pairs:
            guess = run(net, x)
            total += mse(target, guess)
            grad = mse_prime(target, guess)
            for layer in net[::-1]:
                grad = layer.backward(grad, lr)
    return total / len(pairs)


if __name__ == "__main__":
    col = lambda *v: np.array(v, float).reshape(-1, 1)
    pairs = [(col(a, b), col(a != b)) for a in (0, 1) for b in (0, 1)]
    print(fit([Dense(2, 3), Tanh(), Dense(3, 1), Tanh()], pairs))
