# style: character RNN with global weights Wxh Whh Why bh by, loss_fun over a sequence, dicts by time step, clipping
# judged: loss_fun
import numpy as np

text = "to be or not to be that is the question"
chars = sorted(set(text))
ix = {c: i for i, c in enumerate(chars)}
vocab_size = len(chars)
hidden_size = 8

rs = np.random.RandomState(11)
Wxh = rs.randn(hidden_size, vocab_size) * 0.1   # input to hidden
Whh = rs.randn(hidden_size, hidden_size) * 0.1  # hidden to hidden
Why = rs.randn(vocab_size, hidden_size) * 0.1   # hidden to output
bh = np.zeros((hidden_size, 1))
by = np.zeros((vocab_size, 1))


def one_hot(i):
    v = np.zeros((vocab_size, 1))
    v[i] = 1
    return v


def loss_fun(inputs, targets, hprev):
    """inputs, targets: lists of integers; hprev: (hidden_size, 1). Gives loss, gradients and the last state."""
    x, h, p = {}, {-1: hprev}, {}
    loss = 0
    for t, (i, target) in enumerate(zip(inputs, targets)):
        x[t] = one_hot(i)
        h[t] = np.tanh(Wxh @ x[t] + Whh @ h[t - 1] + bh)
        y = Why @ h[t] + by
        p[t] = np.exp(y) / np.sum(np.exp(y))
        loss += -np.log(p[t][target, 0])

    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    carry = np.zeros_like(hprev)        # what later steps want of h[t]
    for t in range(len(inputs) - 1, -1, -1):
        dy = p[t] - one_hot(targets[t])
        dWhy += dy @ h[t].T
        dby += dy
        draw = (1 - h[t] * h[t]) * (Why.T @ dy + carry)
        dbh += draw
        dWxh += draw @ x[t].T
        dWhh += draw @ h[t - 1].T
        carry = Whh.T @ draw
    for d in (dWxh, dWhh, dWhy, dbh, dby):
        np.clip(d, -5, 5, out=d)
    return loss, dWxh, dWhh, dWhy, dbh, dby, h[len(inputs) - 1]


if __name__ == '__main__':
    seq = [ix[c] for c in text]
    for step in range(200):
        loss, dWxh, dWhh, dWhy, dbh, dby, _ = loss_fun(seq[:-1], seq[1:], np.zeros((hidden_size, 1)))
        for w, d in zip((Wxh, Whh, Why, bh, by), (dWxh, dWhh, dWhy, dbh, dby)):
            w -= 0.02 * d
    print(loss / len(seq))
