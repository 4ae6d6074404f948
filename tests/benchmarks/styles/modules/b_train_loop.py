# style: a single function train(X, y, epochs) with local weights, minibatches of the whole, momentum, both passes inside
# judged: train
import numpy as np

def train(X, y, epochs, hidden=6, lr=0.1, momentum=0.0, seed=0, start=None):
    """ trains a small 2-layer classifier, returns (weights, losses) """
    rng = np.random.RandomState(seed)
    if start is None:
        w1 = rng.normal(0, 1/np.sqrt(X.shape[1]), (X.shape[1], hidden)); c1 = np.zeros(hidden)
        w2 = rng.normal(0, 1/np.sqrt(hidden), (hidden, 1)); c2 = np.zeros(1)
    else:
        w1, c1, w2, c2 = [s.copy() for s in start]
    v1, vc1, v2, vc2 = 0, 0, 0, 0
    losses = []

    for epoch in range(epochs):
        # --- forward
        a = X @ w1 + c1
        h = np.where(a > 0, a, 0.1*a)
        o = (h @ w2 + c2)[:, 0]
        p = 1/(1 + np.exp(-o))
        losses.append(-np.mean(y*np.log(p) + (1 - y)*np.log(1 - p)))

        # --- backward
        go = ((p - y)/len(y))[:, None]
        gw2 = h.T @ go; gc2 = go.sum(0)
        gh = go @ w2.T
        ga = gh*np.where(a > 0, 1, 0.1)
        gw1 = X.T @ ga; gc1 = ga.sum(0)

        # --- step
        v1 = momentum*v1 - lr*gw1; w1 = w1 + v1
        vc1 = momentum*vc1 - lr*gc1; c1 = c1 + vc1
        v2 = momentum*v2 - lr*gw2; w2 = w2 + v2
        vc2 = momentum*vc2 - lr*gc2; c2 = c2 + vc2

    return (w1, c1, w2, c2), losses
