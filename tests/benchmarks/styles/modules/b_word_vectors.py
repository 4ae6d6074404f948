# style: word2vec functions that return loss and gradients, naive softmax and negative sampling, skip-gram around them
# judged: naive_softmax_loss_and_gradient, neg_sampling_loss_and_gradient, skipgram
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def naive_softmax_loss_and_gradient(center_vec, outside_idx, outside_vectors):
    """
    center_vec      -- (dim,)
    outside_idx     -- index of the true outside word
    outside_vectors -- (vocab, dim), one word per row
    """
    y_hat = softmax(outside_vectors @ center_vec)
    loss = -np.log(y_hat[outside_idx])

    delta = y_hat.copy()
    delta[outside_idx] -= 1.0
    grad_center = outside_vectors.T @ delta
    grad_outside = np.outer(delta, center_vec)
    return loss, grad_center, grad_outside


def neg_sampling_loss_and_gradient(center_vec, outside_idx, outside_vectors, neg_idx):
    """Same, but against the words neg_idx, which may repeat."""
    u_o = outside_vectors[outside_idx]
    s_o = sigmoid(u_o @ center_vec)
    loss = -np.log(s_o)
    grad_center = (s_o - 1) * u_o
    grad_outside = np.zeros_like(outside_vectors)
    grad_outside[outside_idx] += (s_o - 1) * center_vec

    for k in neg_idx:
        u_k = outside_vectors[k]
        s_k = sigmoid(-(u_k @ center_vec))
        loss -= np.log(s_k)
        grad_center = grad_center + (1 - s_k) * u_k
        grad_outside[k] += (1 - s_k) * center_vec
    return loss, grad_center, grad_outside


def skipgram(center_idx, outside_indices, center_vectors, outside_vectors):
    """Sums the naive loss over a window."""
    loss = 0.0
    grad_center_vectors = np.zeros(center_vectors.shape)
    grad_outside_vectors = np.zeros(outside_vectors.shape)
    for o in outside_indices:
        l, gc, go = naive_softmax_loss_and_gradient(center_vectors[center_idx], o, outside_vectors)
        loss += l
        grad_center_vectors[center_idx] += gc
        grad_outside_vectors += go
    return loss, grad_center_vectors, grad_outside_vectors
