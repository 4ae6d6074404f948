"""Backward passes in many styles, each with a slip: a function's name, what is changed to what, the text."""

PAIRS = {
    "dense rows, tuple": ("dense_bwd", "a.T @ g", "g.T @ a", """
        def dense_fwd(a, w, b):
            return a @ w + b, (a, w)

        def dense_bwd(g, kept):
            a, w = kept
            return g @ w.T, a.T @ g, g.sum(0)
    """),
    "cache is a dict of another name": ("linear_backward", "bag['W'].T", "bag['W']", """
        def linear_forward(X, W, b):
            Z = W @ X + b
            bag = {'X': X, 'W': W}
            return Z, bag

        def linear_backward(dZ, bag):
            dW = dZ @ bag['X'].T
            db = np.sum(dZ, axis=1, keepdims=True)
            dX = bag['W'].T @ dZ
            return dX, dW, db
    """),
    "all that came forward is the cache": ("tanh_pass_back", "out ** 2", "out", """
        def tanh_pass(x):
            out = np.tanh(x)
            return out

        def tanh_pass_back(dout, out):
            return dout * (1 - out ** 2)
    """),
    "divided by m as the network wants it": ("linear_backward", "keepdims=True) / m", "keepdims=True)", """
        def sigmoid(z):
            return 1 / (1 + np.exp(-z))

        def linear_forward(A, W, b):
            return W @ A + b, (A, W, b)

        def linear_backward(dZ, cache):
            A, W, b = cache
            m = A.shape[1]
            dW = dZ @ A.T / m
            db = np.sum(dZ, axis=1, keepdims=True) / m
            dA = W.T @ dZ
            return dA, dW, db

        def network_forward(X, parameters):
            Z, cache = linear_forward(X, parameters['W1'], parameters['b1'])
            A = sigmoid(Z)
            return A, cache

        def compute_cost(A, Y):
            m = Y.shape[1]
            return -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m

        def network_backward(A, Y, cache):
            dX, dW, db = linear_backward(A - Y, cache)
            return {'dW1': dW, 'db1': db}
    """),
    "time steps": ("rnn_backward", "dh_prev = da @ Wh.T", "dh_prev = da @ Wh", """
        def rnn_forward(x, h0, Wx, Wh, b):
            h, hs = h0, []
            for t in range(x.shape[1]):
                h = np.tanh(x[:, t] @ Wx + h @ Wh + b)
                hs.append(h)
            return np.stack(hs, axis=1), (x, h0, np.stack(hs, axis=1), Wx, Wh)

        def rnn_backward(dh, cache):
            x, h0, hs, Wx, Wh = cache
            dx, dWx, dWh, db = np.zeros_like(x), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(Wh.shape[0])
            dh_prev = np.zeros_like(h0)
            for t in reversed(range(x.shape[1])):
                da = (dh[:, t] + dh_prev) * (1 - hs[:, t] ** 2)
                before = hs[:, t - 1] if t > 0 else h0
                dx[:, t] = da @ Wx.T
                dWx += x[:, t].T @ da
                dWh += before.T @ da
                db += da.sum(axis=0)
                dh_prev = da @ Wh.T
            return dx, dh_prev, dWx, dWh, db
    """),
    "one kind of several": ("activate_backward", "dA * (Z > 0)", "dA * (Z < 0)", """
        def activate_forward(Z, kind):
            A = np.maximum(Z, 0) if kind == 'relu' else np.tanh(Z)
            return A, Z

        def activate_backward(dA, cache, kind):
            Z = cache
            if kind == 'relu':
                return dA * (Z > 0)
            elif kind == 'tanh':
                return dA * (1 - np.tanh(Z) ** 2)
    """),
    "prime of the output": ("sigmoid_prime", "s * (1 - s)", "s * (1 + s)", """
        def sigmoid(z):
            return 1 / (1 + np.exp(-z))

        def sigmoid_prime(s):
            return s * (1 - s)
    """),
    "a loss and its gradient": ("bce_grad", "(p - y) / (p * (1 - p))", "(p - y) / (p * (1 + p))", """
        def bce(y, p):
            return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

        def bce_grad(y, p):
            return (p - y) / (p * (1 - p)) / y.size
    """),
    "forward results by name": ("back_prop", "Z1 > 0", "Z2 > 0", """
        def softmax(Z):
            E = np.exp(Z - Z.max(axis=0))
            return E / E.sum(axis=0)

        def forward_prop(W1, b1, W2, b2, X):
            Z1 = W1.dot(X) + b1
            A1 = np.maximum(Z1, 0)
            Z2 = W2.dot(A1) + b2
            A2 = softmax(Z2)
            return Z1, A1, Z2, A2

        def one_hot(Y):
            return np.eye(Y.max() + 1)[Y].T

        def back_prop(Z1, A1, Z2, A2, W2, X, Y):
            m = Y.size
            dZ2 = A2 - one_hot(Y)
            dW2 = dZ2.dot(A1.T) / m
            db2 = np.sum(dZ2, axis=1, keepdims=True) / m
            dZ1 = W2.T.dot(dZ2) * (Z1 > 0)
            dW1 = dZ1.dot(X.T) / m
            db1 = np.sum(dZ1, axis=1, keepdims=True) / m
            return dW1, db1, dW2, db2
    """),
    "parameters from the file's own start": ("backward", "acts[l].T", "acts[l + 1].T", """
        def init_params(sizes):
            params = {}
            for l in range(1, len(sizes)):
                params['W' + str(l)] = np.random.randn(sizes[l - 1], sizes[l]) * 0.1
                params['b' + str(l)] = np.zeros(sizes[l])
            return params

        def forward(X, params):
            acts = [X]
            for l in range(1, len(params) // 2 + 1):
                acts.append(np.tanh(acts[-1] @ params['W' + str(l)] + params['b' + str(l)]))
            return acts[-1], acts

        def mse_loss(out, y):
            return 0.5 * np.sum((out - y) ** 2) / len(y)

        def backward(out, y, acts, params):
            grads = {}
            d = (out - y) / len(y)
            for l in reversed(range(len(params) // 2)):
                d = d * (1 - acts[l + 1] ** 2)
                grads['dW' + str(l + 1)] = acts[l].T @ d
                grads['db' + str(l + 1)] = d.sum(axis=0)
                d = d @ params['W' + str(l + 1)].T
            return grads
    """),
    "a table of embeddings": ("embed_backward", "np.add.at(dE, ids, dout)", "dE[ids] += dout", """
        def embed_forward(ids, E):
            return E[ids], (ids, E)

        def embed_backward(dout, cache):
            ids, E = cache
            dE = np.zeros_like(E)
            np.add.at(dE, ids, dout)
            return dE
    """),
    "results swapped": ("affine_backward", "return dx, dw, db", "return dx, db, dw", """
        def affine_forward(x, w, b):
            return x @ w + b, (x, w, b)

        def affine_backward(dout, cache):
            x, w, b = cache
            dx, dw, db = dout @ w.T, x.T @ dout, dout.sum(axis=0)
            return dx, dw, db

        def step(x, w, b):
            dx, dw, db = affine_backward(np.ones((len(x), len(b))), (x, w, b))
            return w - dw, b - db
    """),
    "results in an order of their own": ("mul_backward", "dout * y", "dout * x", """
        def mul_forward(x, y):
            return x * y, (x, y)

        def mul_backward(dout, cache):
            x, y = cache
            dx = dout * y
            dy = dout * x
            return dy, dx
    """),
    "results whose names say what they are": ("norm_backward", "dout * gamma", "dout * x", """
        def norm_forward(x, gamma, beta):
            return gamma * x + beta, (x, gamma)

        def norm_backward(dout, cache):
            x, gamma = cache
            dgamma = (dout * x).sum(axis=0)
            dbeta = dout.sum(axis=0)
            dx = dout * gamma
            return dbeta, dx, dgamma
    """),
    "a padding that is treated wrong": ("conv_backward", "dx[i] = dpad[1:-1]", "dx[i + 1] = dpad[1:-1]", """
        def conv_forward(x, w, b, hparameters):
            stride, pad = hparameters["stride"], hparameters["pad"]
            m, H, W, C = x.shape
            f, f, C, F = w.shape
            padded = np.pad(x, ((0, 0), (pad, pad), (0, 0), (0, 0)))
            rows, columns = 1 + (H - f + 2 * pad) // stride, 1 + (W - f) // stride
            out = np.zeros((m, rows, columns, F))
            for i in range(rows):
                for j in range(columns):
                    part = padded[:, i * stride:i * stride + f, j * stride:j * stride + f]
                    out[:, i, j] = np.tensordot(part, w, 3) + b.ravel()
            return out, (x, w, b, hparameters)

        def conv_backward(dout, cache):
            x, w, b, hparameters = cache
            stride, pad = hparameters["stride"], hparameters["pad"]
            dx, dw = np.zeros_like(x), np.zeros_like(w)
            for i in range(len(x)):
                padded = np.pad(x[i], ((pad, pad), (0, 0), (0, 0)))
                dpad = np.zeros_like(padded)
                f = len(w)
                for r in range(dout.shape[1]):
                    for c in range(dout.shape[2]):
                        at = slice(r * stride, r * stride + f), slice(c * stride, c * stride + f)
                        dpad[at] += w @ dout[i, r, c]
                        dw += padded[at][..., None] * dout[i, r, c]
                if pad:
                    dx[i] = dpad[1:-1]
                else:
                    dx[i] = dpad
            return dx, dw, dout.sum(axis=(0, 1, 2)).reshape(b.shape)
    """),
    "what comes after an else": ("act_backward", "(1 - a)", "(1 + a)", """
        def act_forward(z, kind="relu"):
            if kind == "relu":
                a = np.maximum(z, 0)
            else:
                a = 1 / (1 + np.exp(-z))
            return a, (z, a, kind)

        def act_backward(da, cache):
            z, a, kind = cache
            if kind == "relu":
                return da * (z > 0)
            return da * a * (1 - a)
    """),
    "axes in another order": ("flip_backward", "dout.transpose(0, 2, 3, 1)", "dout.transpose(0, 3, 2, 1)", """
        def flip_forward(x):
            N, C, H, W = x.shape
            out = 2 * x.transpose(0, 3, 1, 2)
            return out

        def flip_backward(dout, cache):
            return 2 * dout.transpose(0, 2, 3, 1)
    """),
    "a cost whose gradient stops": ("ridge_gradient", "(X @ theta - y) / m", "X @ theta - y / m", """
        def ridge_cost(theta, X, y):
            m = len(y)
            e = X @ theta - y
            return e @ e / (2 * m)

        def ridge_gradient(theta, X, y):
            m = len(y)
            return X.T @ (X @ theta - y) / m
    """),
}  # fmt: skip

LOSSES = {
    "scores": ("softmax_loss", "dx /= N", "dx *= N", """
        def softmax_loss(x, y):
            N = x.shape[0]
            p = np.exp(x - x.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            loss = -np.sum(np.log(p[np.arange(N), y])) / N
            dx = p.copy()
            dx[np.arange(N), y] -= 1
            dx /= N
            return loss, dx
    """),
    "gradients first": ("propagate", "(A - Y).T", "(Y - A).T", """
        def propagate(w, b, X, Y):
            m = X.shape[1]
            A = 1 / (1 + np.exp(-(np.dot(w.T, X) + b)))
            cost = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
            grads = {"dw": np.dot(X, (A - Y).T) / m, "db": np.sum(A - Y) / m}
            return grads, cost
    """),
    "a penalty": ("ridge", "+ 2 * reg * w", "+ reg * w", """
        def ridge(w, X, y, reg):
            error = X @ w - y
            loss = error @ error / len(y) + reg * np.sum(w * w)
            grad = 2 * X.T @ error / len(y) + 2 * reg * w
            return loss, grad
    """),
    "under each other's names": ("logistic", '"dw": dw, "db": db', '"dw": db, "db": dw', """
        def logistic(w, b, X, Y):
            m = X.shape[1]
            A = 1 / (1 + np.exp(-(w.T @ X + b)))
            cost = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
            dw = X @ (A - Y).T / m
            db = np.sum(A - Y) / m
            grads = {"dw": dw, "db": db}
            return grads, cost
    """),
    "no numbers beside a loss": ("scores_loss", "np.exp(s) / total", "np.log(s) / total", """
        def scores_loss(x, w, y):
            N = len(x)
            s = x @ w
            s -= s.max(axis=1, keepdims=True)
            total = np.exp(s).sum(axis=1, keepdims=True)
            loss = -np.mean(s[np.arange(N), y] - np.log(total[:, 0]))
            ds = np.exp(s) / total
            ds[np.arange(N), y] -= 1
            return loss, x.T @ ds / N
    """),
    "divided again when it is returned": ("hinge", "return loss, dw", "return loss, dw / N", """
        def hinge(x, w, y, reg):
            N = len(x)
            s = x @ w
            margins = np.maximum(0, s - s[np.arange(N), y][:, None] + 1)
            margins[np.arange(N), y] = 0
            loss = margins.sum() / N + reg * np.sum(w * w)
            ds = (margins > 0) * 1.0
            ds[np.arange(N), y] = -ds.sum(axis=1)
            dw = x.T @ ds / N + 2 * reg * w
            return loss, dw
    """),
    "the last step of a loop left out": ("sequence_loss", "range(T - 1, -1, -1)", "range(T - 1, 0, -1)", """
        def sequence_loss(Wx, Wh, xs, h0, y):
            T = len(xs)
            hs = {-1: h0}
            for t in range(T):
                hs[t] = np.tanh(xs[t] @ Wx + hs[t - 1] @ Wh)
            loss = 0.5 * np.sum((hs[T - 1] - y) ** 2)
            dWx, dWh = np.zeros_like(Wx), np.zeros_like(Wh)
            dh = hs[T - 1] - y
            for t in range(T - 1, -1, -1):
                da = dh * (1 - hs[t] ** 2)
                dWx += np.outer(xs[t], da)
                dWh += np.outer(hs[t - 1], da)
                dh = da @ Wh.T
            return loss, dWx, dWh
    """),
}  # fmt: skip

OBJECTS = {
    "attributes": ("Dense.backward", "self.x.T @ dout", "self.x.T @ dout / len(dout)", """
        class Dense:
            def __init__(self, n_in, n_out):
                self.W = np.random.randn(n_in, n_out) * 0.1
                self.b = np.zeros(n_out)

            def forward(self, x):
                self.x = x
                return x @ self.W + self.b

            def backward(self, dout):
                self.dW = self.x.T @ dout
                self.db = dout.sum(axis=0)
                return dout @ self.W.T
    """),
    "an update within": ("Layer.backward", "self.weights.T @ gradient", "self.weights @ gradient", """
        class Layer:
            def __init__(self, inputs, outputs):
                self.weights = np.random.randn(outputs, inputs)
                self.bias = np.random.randn(outputs, 1)

            def forward(self, x):
                self.x = x
                return self.weights @ x + self.bias

            def backward(self, gradient, lr):
                below = self.weights.T @ gradient
                self.weights -= lr * gradient @ self.x.T
                self.bias -= lr * gradient
                return below
    """),
    "a network that adds the way down": ("Net.back", "self.h * (1 - self.h)", "self.h * (1 + self.h)", """
        class Net:
            def __init__(self, n_in, n_hidden, n_out):
                self.w1 = np.random.randn(n_in, n_hidden)
                self.w2 = np.random.randn(n_hidden, n_out)

            def forward(self, X):
                self.h = 1 / (1 + np.exp(-X @ self.w1))
                return self.h @ self.w2

            def loss(self, X, y):
                return 0.5 * np.sum((self.forward(X) - y) ** 2)

            def back(self, X, y, lr):
                error = y - self.forward(X)
                hidden = error @ self.w2.T * self.h * (1 - self.h)
                self.w2 += lr * self.h.T @ error
                self.w1 += lr * X.T @ hidden
    """),
    "lists of columns, no loss in the file": ("Network.backprop", "delta * s * (1 - s)", "delta * s", """
        class Network:
            def __init__(self, sizes):
                self.biases = [np.random.randn(y, 1) for y in sizes[1:]]
                self.weights = [np.random.randn(y, x) for x, y in zip(sizes[:-1], sizes[1:])]

            def feedforward(self, a):
                for w, b in zip(self.weights, self.biases):
                    a = 1 / (1 + np.exp(-(w @ a + b)))
                return a

            def backprop(self, x, y):
                acts = [x]
                for w, b in zip(self.weights, self.biases):
                    acts.append(1 / (1 + np.exp(-(w @ acts[-1] + b))))
                delta = acts[-1] - y
                nabla_b, nabla_w = [delta], [delta @ acts[-2].T]
                for l in range(2, len(acts)):
                    s = acts[-l]
                    delta = self.weights[-l + 1].T @ delta * s * (1 - s)
                    nabla_b.insert(0, delta)
                    nabla_w.insert(0, delta @ acts[-l - 1].T)
                return nabla_b, nabla_w
    """),
    "a chain of the file's layers": ("Sequential.backward", "reversed(self.layers)", "self.layers", """
        class Linear:
            def __init__(self, d_in, d_out):
                self.W = np.random.randn(d_in, d_out)

            def forward(self, x):
                self.x = x
                return x @ self.W

            def backward(self, dy):
                self.dW = self.x.T @ dy
                return dy @ self.W.T

        class ReLU:
            def forward(self, x):
                self.on = x > 0
                return x * self.on

            def backward(self, dy):
                return dy * self.on

        class Sequential:
            def __init__(self, layers):
                self.layers = layers

            def forward(self, x):
                for layer in self.layers:
                    x = layer.forward(x)
                return x

            def backward(self, dy):
                for layer in reversed(self.layers):
                    dy = layer.backward(dy)
                return dy
    """),
    "a lost derivative": ("Scale.backward", "self.dbeta = dy.sum(axis=0)", "pass", """
        class Scale:
            def __init__(self, dim):
                self.gamma, self.beta = np.ones(dim), np.zeros(dim)

            def forward(self, x):
                self.x = x
                return self.gamma * x + self.beta

            def backward(self, dy):
                self.dscale = (dy * self.x).sum(axis=0)
                self.dshift = dy.sum(axis=0)
                return dy * self.gamma
    """.replace("dscale", "dgamma").replace("dshift", "dbeta")),
    "data held by the object": ("Model.backprop", "2 * (self.out - self.y)", "(self.out - self.y)", """
        class Model:
            def __init__(self, x, y):
                self.input, self.y = x, y
                self.weights1 = np.random.rand(x.shape[1], 4)
                self.weights2 = np.random.rand(4, y.shape[1])

            def feedforward(self):
                self.layer1 = np.tanh(self.input @ self.weights1)
                self.out = self.layer1 @ self.weights2
                return self.out

            def loss(self):
                return np.sum((self.feedforward() - self.y) ** 2)

            def backprop(self):
                d = 2 * (self.out - self.y)
                self.dweights2 = self.layer1.T @ d
                self.dweights1 = self.input.T @ (d @ self.weights2.T * (1 - self.layer1 ** 2))
    """),
    "rows in turn": ("Softmax.backward", "    rows.append(J @ d)", "rows.append(J @ d)", """
        class Softmax:
            def forward(self, inputs):
                e = np.exp(inputs - inputs.max(axis=1, keepdims=True))
                self.output = e / e.sum(axis=1, keepdims=True)

            def backward(self, dout):
                rows = []
                for p, d in zip(self.output, dout):
                    J = np.diag(p) - np.outer(p, p)
                    rows.append(J @ d)
                self.dinputs = np.array(rows)
    """),
    "a bias summed the wrong way": ("Affine.backward", "dout.sum(axis=0)", "dout.sum(axis=1)", """
        class Affine:
            def __init__(self, W, b):
                self.W, self.b = W, b

            def forward(self, x):
                self.x = x
                return x @ self.W + self.b

            def backward(self, dout):
                self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
                return dout @ self.W.T
    """),
    "a derivative that stays 0": ("Bag.backward", "self.grad_out += self.h.T @ ds", "pass", """
        class Bag:
            def __init__(self, dim, vocab):
                self.inner = 0.5 * np.random.randn(vocab, dim)
                self.out = 0.5 * np.random.randn(dim, vocab)
                self.grad_inner = np.zeros_like(self.inner)
                self.grad_out = np.zeros_like(self.out)

            def loss(self, words, labels):
                self.words, self.labels = words, labels
                self.h = self.inner[words]
                s = self.h @ self.out
                self.p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
                return -np.mean(np.log(self.p[np.arange(len(labels)), labels]))

            def backward(self):
                ds = self.p.copy()
                ds[np.arange(len(ds)), self.labels] -= 1
                ds /= len(ds)
                self.grad_out += self.h.T @ ds
                np.add.at(self.grad_inner, self.words, ds @ self.out.T)
    """),
}  # fmt: skip

NETWORKS = {
    "a cost with its delta": ("Quadratic.delta", "a * (1 - a)", "a * (1 + a)", """
        def sigmoid(z):
            return 1 / (1 + np.exp(-z))

        class Quadratic:
            @staticmethod
            def fn(a, y):
                return 0.5 * np.sum((a - y) ** 2)

            @staticmethod
            def delta(z, a, y):
                return (a - y) * a * (1 - a)
    """),
}  # fmt: skip

SLOPES = {
    "a usual function": ("tanh_derivative", "np.tanh(x) ** 2", "np.tanh(x)", """
        def tanh_derivative(x):
            return 1 - np.tanh(x) ** 2
    """),
    "a table of functions": ("elementwise_backward", "np.cos(z)", "np.sin(z)", """
        TABLE = {'sin': np.sin, 'tanh': np.tanh}

        def elementwise_backward(kind, z, dy):
            if kind == 'sin':
                return dy * np.cos(z)
            if kind == 'tanh':
                return dy * (1 - np.tanh(z) ** 2)
    """),
}  # fmt: skip


def slipped(case):
    """The text with its slip."""
    _, before, after, text = case
    at = text.rindex(before)
    return text[:at] + after + text[at + len(before) :]
