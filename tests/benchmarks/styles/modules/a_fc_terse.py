# style: affine/leaky relu/softmax pairs in a hurry: no docstrings, two spaces, dict caches, one backprop that chains them
# judged: fc_bwd, lrelu_bwd, softmax_xent, step_grads
import numpy as np

def fc_fwd(x, W, b):
  return x @ W + b, dict(x=x, W=W)

def fc_bwd(d, c):
  return d @ c['W'].T, c['x'].T @ d, d.sum(0)

def lrelu_fwd(x, slope=.01):
  return np.where(x > 0, x, slope*x), dict(x=x, slope=slope)

def lrelu_bwd(d, c):
  d = d.copy()
  d[c['x'] <= 0] *= c['slope']
  return d

def softmax_xent(s, y):
  n = len(y)
  e = np.exp(s - s.max(1, keepdims=True))
  p = e / e.sum(1, keepdims=True)
  loss = -np.log(p[range(n), y]).mean()
  p[range(n), y] -= 1
  return loss, p/n

def init(sizes, seed=0):
  rng = np.random.RandomState(seed)
  P = {}
  for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
    P['W%d' % i] = rng.randn(a, b) * np.sqrt(2./a)
    P['b%d' % i] = np.zeros(b)
  return P

def fwd(P, X):
  caches = []
  n = len(P)//2
  h = X
  for i in range(n):
    h, c = fc_fwd(h, P['W%d' % i], P['b%d' % i])
    caches.append(c)
    if i < n-1:
      h, c = lrelu_fwd(h)
      caches.append(c)
  return h, caches

def step_grads(P, X, y):
  s, caches = fwd(P, X)
  loss, d = softmax_xent(s, y)
  g = {}
  i = len(P)//2 - 1
  while i >= 0:
    d, g['W%d' % i], g['b%d' % i] = fc_bwd(d, caches.pop())
    if i > 0:
      d = lrelu_bwd(d, caches.pop())
    i -= 1
  return loss, g

def train(P, X, y, lr=.1, iters=100):
  for it in range(iters):
    loss, g = step_grads(P, X, y)
    for k in P: P[k] -= lr*g[k]
    if it % 10 == 0: print(it, loss)
