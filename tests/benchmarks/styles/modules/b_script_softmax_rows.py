# style: script from top to bottom, rows, relu and softmax, gradients as statements
# judged: <module>
import numpy as np

rng = np.random.default_rng(0)

# toy data: three arms of a spiral
N, D, K, H = 6, 2, 3, 8
X = np.zeros((N * K, D))
y = np.zeros(N * K, dtype=int)
for k in range(K):
    r = np.linspace(0.1, 1, N)
    t = np.linspace(4 * k, 4 * (k + 1), N) + 0.2 * rng.standard_normal(N)
    X[k * N:(k + 1) * N] = np.c_[r * np.sin(t), r * np.cos(t)]
    y[k * N:(k + 1) * N] = k

# parameters
W1 = rng.standard_normal((D, H))
b1 = 0.1 * rng.standard_normal(H)
W2 = rng.standard_normal((H, K))
b2 = np.zeros(K)

# forward
h = np.maximum(X @ W1 + b1, 0)
logits = h @ W2 + b2
exp_logits = np.exp(logits - logits.max(axis=1, keepdims=True))
probs = exp_logits / exp_logits.sum(axis=1, keepdims=True)
loss = -np.log(probs[range(len(y)), y]).mean()
print(f"loss {loss:.4f}")

# backward
dlogits = probs.copy()
dlogits[range(len(y)), y] -= 1
dlogits /= len(y)
dW2 = h.T @ dlogits
db2 = dlogits.sum(axis=0)
dh = dlogits @ W2.T
dh[h <= 0] = 0
dW1 = X.T @ dh
db1 = dh.sum(axis=0)

# one step
lr = 1e-1
W1 -= lr * dW1
b1 -= lr * db1
W2 -= lr * dW2
b2 -= lr * db2
