# style: CS231n CaptioningRNN: loss(features, captions) -> (loss, grads), layers kept apart, <NULL> masked, rows and time
# judged: rnn_backward, temporal_softmax_loss, CaptioningRNN.loss
import numpy as np


def rnn_forward(x, h0, Wx, Wh, b):
    hs = [h0]
    for t in range(x.shape[1]):
        hs.append(np.tanh(x[:, t] @ Wx + hs[-1] @ Wh + b))
    hs = np.array(hs).transpose(1, 0, 2)          # N, T + 1, H
    return hs[:, 1:], (x, hs, Wx, Wh)


def rnn_backward(dh, cache):
    x, hs, Wx, Wh = cache
    N, T, H = dh.shape
    dx = np.empty_like(x)
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(H)
    carry = np.zeros((N, H))
    for t in range(T)[::-1]:
        da = (dh[:, t] + carry) * (1 - hs[:, t + 1]**2)
        dx[:, t] = da @ Wx.T
        dWx += x[:, t].T @ da
        dWh += hs[:, t].T @ da
        db += da.sum(axis=0)
        carry = da @ Wh.T
    return dx, carry, dWx, dWh, db


def temporal_softmax_loss(x, y, mask):
    N, T, V = x.shape
    e = np.exp(x - x.max(axis=2, keepdims=True))
    probs = e / e.sum(axis=2, keepdims=True)
    n, t = np.indices((N, T))
    loss = -(mask * np.log(probs[n, t, y])).sum() / N
    dx = probs.copy()
    dx[n, t, y] -= 1
    dx *= mask[:, :, None] / N
    return loss, dx


class CaptioningRNN:
    """Says in words what is on a picture, whose features set the first hidden state."""

    def __init__(self, word_to_idx, input_dim=512, wordvec_dim=128, hidden_dim=128, seed=None):
        rng = np.random.default_rng(seed)
        self.null = word_to_idx["<NULL>"]
        V, D, W, H = len(word_to_idx), input_dim, wordvec_dim, hidden_dim
        self.params = dict(
            W_embed=rng.normal(size=(V, W)) / 10,
            W_proj=rng.normal(size=(D, H)) / np.sqrt(D), b_proj=np.zeros(H),
            Wx=rng.normal(size=(W, H)) / np.sqrt(W), Wh=rng.normal(size=(H, H)) / np.sqrt(H), b=np.zeros(H),
            W_vocab=rng.normal(size=(H, V)) / np.sqrt(H), b_vocab=np.zeros(V),
        )

    def loss(self, features, captions):
        p = self.params
        captions_in, captions_out = captions[:, :-1], captions[:, 1:]
        mask = captions_out != self.null

        h0 = features @ p["W_proj"] + p["b_proj"]
        words = p["W_embed"][captions_in]
        h, cache = rnn_forward(words, h0, p["Wx"], p["Wh"], p["b"])
        scores = h @ p["W_vocab"] + p["b_vocab"]
        loss, dscores = temporal_softmax_loss(scores, captions_out, mask)

        grads = {}
        grads["W_vocab"] = np.einsum("nth,ntv->hv", h, dscores)
        grads["b_vocab"] = dscores.sum(axis=(0, 1))
        dh = dscores @ p["W_vocab"].T
        dwords, dh0, grads["Wx"], grads["Wh"], grads["b"] = rnn_backward(dh, cache)
        grads["W_embed"] = np.zeros_like(p["W_embed"])
        np.add.at(grads["W_embed"], captions_in, dwords)
        grads["W_proj"] = features.T @ dh0
        grads["b_proj"] = dh0.sum(axis=0)
        return loss, grads
