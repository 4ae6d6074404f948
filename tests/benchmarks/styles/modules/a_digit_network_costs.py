# style: Nielsen-like second network: cost classes with fn and delta, whole mini-batch as a matrix of columns, L2 (lmbda)
# judged: Network.backprop, QuadraticCost.delta, CrossEntropyCost.delta
import numpy as np


class QuadraticCost:

    @staticmethod
    def fn(a, y):
        return 0.5*np.linalg.norm(a - y)**2

    @staticmethod
    def delta(z, a, y):
        """Error of the output layer, with respect to z."""
        return (a - y)*sigmoid_prime(z)


class CrossEntropyCost:

    @staticmethod
    def fn(a, y):
        return -np.sum(np.nan_to_num(y*np.log(a) + (1 - y)*np.log(1 - a)))

    @staticmethod
    def delta(z, a, y):
        # sigmoid_prime(z) cancels
        return a - y


class Network:

    def __init__(self, sizes, cost=CrossEntropyCost, rng=None):
        rng = rng or np.random.default_rng()
        self.sizes = sizes
        self.cost = cost
        self.biases = [rng.normal(size=(y, 1)) for y in sizes[1:]]
        self.weights = [rng.normal(size=(y, x))/np.sqrt(x) for x, y in zip(sizes, sizes[1:])]

    def feedforward(self, A):
        for b, w in zip(self.biases, self.weights):
            A = sigmoid(np.dot(w, A) + b)
        return A

    def total_cost(self, X, Y, lmbda):
        n = X.shape[1]
        penalty = 0.5*lmbda/n*sum(np.sum(w**2) for w in self.weights)
        return self.cost.fn(self.feedforward(X), Y)/n + penalty

    def backprop(self, X, Y):
        """Sums over the columns of X and Y, not means."""
        nabla_b, nabla_w = [], []
        As, Zs = [X], []
        for b, w in zip(self.biases, self.weights):
            Zs.append(np.dot(w, As[-1]) + b)
            As.append(sigmoid(Zs[-1]))

        delta = self.cost.delta(Zs[-1], As[-1], Y)
        for l in range(len(self.weights) - 1, -1, -1):
            nabla_b.insert(0, delta.sum(axis=1, keepdims=True))
            nabla_w.insert(0, np.dot(delta, As[l].T))
            if l > 0:
                delta = np.dot(self.weights[l].T, delta)*sigmoid_prime(Zs[l - 1])
        return nabla_b, nabla_w

    def update_mini_batch(self, X, Y, eta, lmbda, n):
        m = X.shape[1]
        nabla_b, nabla_w = self.backprop(X, Y)
        shrink = 1 - eta*lmbda/n
        self.weights = [shrink*w - eta/m*nw for w, nw in zip(self.weights, nabla_w)]
        self.biases = [b - eta/m*nb for b, nb in zip(self.biases, nabla_b)]

    def accuracy(self, X, labels):
        return np.mean(self.feedforward(X).argmax(axis=0) == labels)


def sigmoid(z):
    return 1.0/(1.0 + np.exp(-z))


def sigmoid_prime(z):
    s = sigmoid(z)
    return s*(1 - s)
