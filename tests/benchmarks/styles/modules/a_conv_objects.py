# style: O'Reilly-like Convolution/Pooling objects over im2col and col2im and Affine, SimpleConvNet.gradient
# judged: Convolution.backward, Pooling.backward, Relu.backward, Affine.backward, SimpleConvNet.gradient
import numpy as np

def out_size(n, f, stride, pad):
    return (n + 2*pad - f)//stride + 1

def im2col(x, fh, fw, stride=1, pad=0):
    """A row per window: (N*OH*OW, C*fh*fw)"""
    N, C, H, W = x.shape
    OH, OW = out_size(H, fh, stride, pad), out_size(W, fw, stride, pad)
    img = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    rows = [img[:, :, i*stride:i*stride+fh, j*stride:j*stride+fw].reshape(N, -1) for i in range(OH) for j in range(OW)]
    return np.stack(rows, axis=1).reshape(N*OH*OW, -1)

def col2im(col, shape, fh, fw, stride=1, pad=0):
    """Adds windows back where they came from"""
    N, C, H, W = shape
    OH, OW = out_size(H, fh, stride, pad), out_size(W, fw, stride, pad)
    col = col.reshape(N, OH, OW, C, fh, fw)
    img = np.zeros((N, C, H + 2*pad, W + 2*pad))
    for i in range(OH):
        for j in range(OW):
            img[:, :, i*stride:i*stride+fh, j*stride:j*stride+fw] += col[:, i, j]
    return img[:, :, pad:H+pad, pad:W+pad]

class Convolution:
    def __init__(self, W, b, stride=1, pad=0):
        self.W, self.b, self.stride, self.pad = W, b, stride, pad
    def forward(self, x):
        FN, C, FH, FW = self.W.shape
        N, C, H, W = x.shape
        self.x = x
        self.col = im2col(x, FH, FW, self.stride, self.pad)
        out = self.col @ self.W.reshape(FN, -1).T + self.b
        OH, OW = out_size(H, FH, self.stride, self.pad), out_size(W, FW, self.stride, self.pad)
        return out.reshape(N, OH, OW, FN).transpose(0, 3, 1, 2)
    def backward(self, dout):
        FN, C, FH, FW = self.W.shape
        dout = dout.transpose(0, 2, 3, 1).reshape(-1, FN)
        self.db = dout.sum(axis=0)
        self.dW = (dout.T @ self.col).reshape(FN, C, FH, FW)
        return col2im(dout @ self.W.reshape(FN, -1), self.x.shape, FH, FW, self.stride, self.pad)

class Pooling:
    def __init__(self, size, stride):
        self.size, self.stride = size, stride
    def forward(self, x):
        N, C, H, W = self.shape = x.shape
        k = self.size
        col = im2col(x, k, k, self.stride).reshape(-1, k*k)    # rows: (N, OH, OW, C)
        self.arg_max = col.argmax(axis=1)
        OH, OW = out_size(H, k, self.stride, 0), out_size(W, k, self.stride, 0)
        return col.max(axis=1).reshape(N, OH, OW, C).transpose(0, 3, 1, 2)
    def backward(self, dout):
        dmax = np.zeros((dout.size, self.size**2))
        dmax[np.arange(dout.size), self.arg_max] = dout.transpose(0, 2, 3, 1).ravel()
        return col2im(dmax, self.shape, self.size, self.size, self.stride)

class Relu:
    def forward(self, x):
        self.mask = x > 0
        return x*self.mask
    def backward(self, dout):
        return dout*self.mask

class Affine:
    def __init__(self, W, b): self.W, self.b = W, b
    def forward(self, x):
        self.shape, self.x = x.shape, x.reshape(len(x), -1)
        return self.x @ self.W + self.b
    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return (dout @ self.W.T).reshape(self.shape)

class SimpleConvNet:
    def __init__(self, W1, b1, W2, b2):
        self.layers = [Convolution(W1, b1, stride=1, pad=1), Relu(), Pooling(2, 2), Affine(W2, b2)]
    def loss(self, x, t):
        for layer in self.layers: x = layer.forward(x)
        self.p = np.exp(x)/np.exp(x).sum(axis=1, keepdims=True)
        return -np.log(self.p[np.arange(len(t)), t]).mean()
    def gradient(self, x, t):
        self.loss(x, t)
        dout = (self.p - np.eye(self.p.shape[1])[t])/len(t)
        for layer in self.layers[::-1]: dout = layer.backward(dout)
        conv, fc = self.layers[0], self.layers[-1]
        return {'W1': conv.dW, 'b1': conv.db, 'W2': fc.dW, 'b2': fc.db, 'x': dout}
