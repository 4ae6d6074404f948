# style: Conv2D with im2col/col2im, MaxPool2D and Flatten classes for NCHW images
# judged: col2im, Conv2D.backward, MaxPool2D.backward, Flatten.backward
import numpy as np


def im2col(x, kh, kw, stride, pad):
    """(N, C, H, W) -> (N * OH * OW, C * kh * kw)"""
    n, c, h, w = x.shape
    oh, ow = (h + 2 * pad - kh) // stride + 1, (w + 2 * pad - kw) // stride + 1
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    cols = np.zeros((n, oh, ow, c, kh, kw))
    for i in range(kh):
        for j in range(kw):
            patch = xp[:, :, i:i + stride * oh:stride, j:j + stride * ow:stride]
            cols[..., i, j] = patch.transpose(0, 2, 3, 1)
    return cols.reshape(n * oh * ow, -1), oh, ow


def col2im(cols, shape, kh, kw, stride, pad, oh, ow):
    """the adjoint of im2col: overlapping patches add up"""
    n, c, h, w = shape
    cols = cols.reshape(n, oh, ow, c, kh, kw)
    xp = np.zeros((n, c, h + 2 * pad, w + 2 * pad))
    for i in range(kh):
        for j in range(kw):
            xp[:, :, i:i + stride * oh:stride, j:j + stride * ow:stride] += cols[..., i, j].transpose(0, 3, 1, 2)
    return xp[:, :, pad:pad + h, pad:pad + w]


class Conv2D:
    def __init__(self, c_in, c_out, k, stride=1, pad=0):
        self.k, self.stride, self.pad = k, stride, pad
        self.W = np.random.randn(c_out, c_in, k, k) * np.sqrt(2. / (c_in * k * k))
        self.b = np.zeros(c_out)

    def forward(self, x):
        self.shape = x.shape
        self.cols, self.oh, self.ow = im2col(x, self.k, self.k, self.stride, self.pad)
        y = self.cols @ self.W.reshape(len(self.b), -1).T + self.b
        return y.reshape(x.shape[0], self.oh, self.ow, -1).transpose(0, 3, 1, 2)

    def backward(self, dy):
        dy = dy.transpose(0, 2, 3, 1).reshape(-1, len(self.b))
        self.db = dy.sum(0)
        self.dW = (dy.T @ self.cols).reshape(self.W.shape)
        dcols = dy @ self.W.reshape(len(self.b), -1)
        return col2im(dcols, self.shape, self.k, self.k, self.stride, self.pad, self.oh, self.ow)


class MaxPool2D:
    """non-overlapping windows; height and width must be multiples of size"""
    def __init__(self, size=2):
        self.size = size

    def forward(self, x):
        n, c, h, w = x.shape
        s = self.size
        windows = x.reshape(n, c, h // s, s, w // s, s)
        out = windows.max(axis=(3, 5))
        self.mask = windows == out[:, :, :, None, :, None]
        return out

    def backward(self, dy):
        n, c, oh, ow = dy.shape
        dx = self.mask * dy[:, :, :, None, :, None]
        return dx.reshape(n, c, oh * self.size, ow * self.size)


class Flatten:
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy):
        return dy.reshape(self.shape)
