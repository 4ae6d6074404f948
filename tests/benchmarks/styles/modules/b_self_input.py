# style: NeuralNetwork(x, y) holding its data, feedforward() and backprop() without arguments, updates in place
# judged: NeuralNetwork.backprop
import numpy as np

def logistic(t):   return 1/(1+np.exp(-t))
def logistic_d(s): return s*(1-s)     # s = logistic(t)

class NeuralNetwork:
    def __init__(self, x, y, hidden = 5, rate = 1.0):
        rng = np.random.RandomState(42)
        self.input    = x
        self.y        = y
        self.rate     = rate
        self.weights1 = rng.randn(x.shape[1], hidden)
        self.bias1    = np.zeros(hidden)
        self.weights2 = rng.randn(hidden, y.shape[1])

    def feedforward(self):
        self.layer1 = logistic(self.input @ self.weights1 + self.bias1)
        self.output = logistic(self.layer1 @ self.weights2)
        return self.output

    def sse(self):
        return np.sum((self.y - self.output)**2)

    def backprop(self):
        # d sse / d (input of the output neurons)
        delta2 = -2*(self.y - self.output)*logistic_d(self.output)
        delta1 = delta2.dot(self.weights2.T)*logistic_d(self.layer1)

        self.weights2 -= self.rate*self.layer1.T.dot(delta2)
        self.weights1 -= self.rate*self.input.T.dot(delta1)
        self.bias1    -= self.rate*delta1.sum(0)

if __name__ == '__main__':
    # majority of three bits
    bits = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)], float)
    vote = (bits.sum(1, keepdims = True) > 1.5).astype(float)
    net = NeuralNetwork(bits, vote)
    for step in range(500):
        net.feedforward()
        net.backprop()
    print(np.round(net.feedforward(), 2).ravel())
