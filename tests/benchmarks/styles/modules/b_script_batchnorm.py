# style: script that writes out every small step of embedding, linear, batch norm, tanh, softmax, and their gradients
# judged: <module>
import numpy as np

g = np.random.default_rng(2147)
n, vocab, n_embd, n_hidden, block = 8, 7, 3, 6, 2

Xb = g.integers(0, vocab, (n, block))
Yb = g.integers(0, vocab, n)

C = g.normal(size=(vocab, n_embd))
W1 = g.normal(size=(n_embd * block, n_hidden)) * 0.6
W2 = g.normal(size=(n_hidden, vocab)) * 0.4
b2 = g.normal(size=vocab) * 0.1
bngain = 1 + g.normal(size=(1, n_hidden)) * 0.1
bnbias = g.normal(size=(1, n_hidden)) * 0.1

# ---------------- forward, in steps small enough to differentiate one by one
emb = C[Xb]
embcat = emb.reshape(n, -1)
hprebn = embcat @ W1
bnmeani = 1 / n * hprebn.sum(0, keepdims=True)
bndiff = hprebn - bnmeani
bndiff2 = bndiff ** 2
bnvar = 1 / (n - 1) * bndiff2.sum(0, keepdims=True)  # Bessel
bnvar_inv = (bnvar + 1e-5) ** -0.5
bnraw = bndiff * bnvar_inv
hpreact = bngain * bnraw + bnbias
h = np.tanh(hpreact)
logits = h @ W2 + b2
logit_maxes = logits.max(1, keepdims=True)
norm_logits = logits - logit_maxes
counts = np.exp(norm_logits)
counts_sum = counts.sum(1, keepdims=True)
counts_sum_inv = counts_sum ** -1
probs = counts * counts_sum_inv
logprobs = np.log(probs)
loss = -logprobs[np.arange(n), Yb].mean()

# ---------------- backward
dlogprobs = np.zeros_like(logprobs)
dlogprobs[np.arange(n), Yb] = -1.0 / n
dprobs = (1.0 / probs) * dlogprobs
dcounts_sum_inv = (counts * dprobs).sum(1, keepdims=True)
dcounts = counts_sum_inv * dprobs
dcounts_sum = -counts_sum ** -2 * dcounts_sum_inv
dcounts += np.ones_like(counts) * dcounts_sum
dnorm_logits = counts * dcounts
dlogits = dnorm_logits.copy()
dlogit_maxes = (-dnorm_logits).sum(1, keepdims=True)
dlogits += (np.arange(vocab) == logits.argmax(1)[:, None]) * dlogit_maxes
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h ** 2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdims=True)
dbnbias = dhpreact.sum(0, keepdims=True)
dbnraw = bngain * dhpreact
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdims=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff2 = 1.0 / (n - 1) * np.ones_like(bndiff2) * dbnvar
dbndiff += 2 * bndiff * dbndiff2
dhprebn = dbndiff.copy()
dbnmeani = -dbndiff.sum(0, keepdims=True)
dhprebn += 1.0 / n * np.ones_like(hprebn) * dbnmeani
dembcat = dhprebn @ W1.T
dW1 = embcat.T @ dhprebn
demb = dembcat.reshape(emb.shape)
dC = np.zeros_like(C)
np.add.at(dC, Xb, demb)
