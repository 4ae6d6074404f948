# style: f/df, sigmoid/sigmoid_derivative, tanh/tanh_prime as module functions, used by backward_pass; globals W, b
# judged: df, sigmoid_derivative, tanh_prime, backward_pass
import numpy as np
from numpy import exp, dot, tanh

# an odd activation of my own: smooth, and odd-looking
def f(x):
    return x/(1 + abs(x))

def df(x):
    return 1/(1 + abs(x))**2

def sigmoid(x):
    return 1/(1 + exp(-x))

def sigmoid_derivative(x):
    return sigmoid(x)*(1 - sigmoid(x))

def tanh_prime(x):
    return 1 - tanh(x)**2

FUNCTIONS   = [f,  tanh,       sigmoid           ]
DERIVATIVES = [df, tanh_prime, sigmoid_derivative]

sizes = [3, 5, 4, 2]
rng = np.random.default_rng(99)
W = [rng.normal(0, 1/n**.5, (m, n)) for n, m in zip(sizes, sizes[1:])]
b = [np.zeros(m) for m in sizes[1:]]

def forward_pass(x):
    """one example x of shape (3,); gives the pre-activations and the activations, x first"""
    zs, As = [], [x]
    for i in range(len(W)):
        zs.append(dot(W[i], As[-1]) + b[i])
        As.append(FUNCTIONS[i](zs[-1]))
    return zs, As

def error(out, target):
    return .5*sum((out - target)**2)

def backward_pass(x, target):
    zs, As = forward_pass(x)
    dW, db = [0]*len(W), [0]*len(b)
    delta = (As[-1] - target)*DERIVATIVES[-1](zs[-1])
    for i in reversed(range(len(W))):
        dW[i] = np.outer(delta, As[i])
        db[i] = delta
        if i:
            delta = dot(delta, W[i])*DERIVATIVES[i-1](zs[i-1])
    return dW, db

def learn(pairs, eta):
    for x, target in pairs:
        dW, db = backward_pass(x, target)
        for i in range(len(W)):
            W[i] -= eta*dW[i]
            b[i] -= eta*db[i]
