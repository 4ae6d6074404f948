# style: Andrew Ng course 5: lstm_cell_forward/backward, four gate matrices over [a_prev; xt], lstm_backward; columns
# judged: lstm_cell_backward, lstm_backward
import numpy as np

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    concat = np.concatenate((a_prev, xt), axis=0)

    ft = sigmoid(parameters["Wf"] @ concat + parameters["bf"])     # forget
    it = sigmoid(parameters["Wi"] @ concat + parameters["bi"])     # update
    cct = np.tanh(parameters["Wc"] @ concat + parameters["bc"])    # candidate
    c_next = ft * c_prev + it * cct
    ot = sigmoid(parameters["Wo"] @ concat + parameters["bo"])     # output
    a_next = ot * np.tanh(c_next)

    cache = (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)
    return a_next, c_next, cache

def lstm_forward(x, a0, parameters):
    n_a, m = a0.shape
    T_x = x.shape[2]
    a = np.zeros((n_a, m, T_x))
    caches = []
    a_next, c_next = a0, np.zeros((n_a, m))
    for t in range(T_x):
        a_next, c_next, cache = lstm_cell_forward(x[:, :, t], a_next, c_next, parameters)
        a[:, :, t] = a_next
        caches.append(cache)
    return a, caches

def lstm_cell_backward(da_next, dc_next, cache):
    (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters) = cache
    n_a = a_next.shape[0]
    tanh_c = np.tanh(c_next)

    # all that reaches the new cell state
    dc = dc_next + da_next * ot * (1 - tanh_c ** 2)

    # up to the inside of each gate
    dot = da_next * tanh_c * ot * (1 - ot)
    dcct = dc * it * (1 - cct ** 2)
    dit = dc * cct * it * (1 - it)
    dft = dc * c_prev * ft * (1 - ft)

    concat = np.concatenate((a_prev, xt), axis=0)
    gradients = {}
    dconcat = np.zeros_like(concat)
    for gate, d in zip("fico", (dft, dit, dcct, dot)):
        gradients["dW" + gate] = d @ concat.T
        gradients["db" + gate] = np.sum(d, axis=1, keepdims=True)
        dconcat += parameters["W" + gate].T @ d

    gradients["da_prev"] = dconcat[:n_a, :]
    gradients["dxt"] = dconcat[n_a:, :]
    gradients["dc_prev"] = dc * ft
    return gradients

def lstm_backward(da, caches):
    n_a, m, T_x = da.shape
    n_x = caches[0][8].shape[0]
    gradients = {"dx": np.zeros((n_x, m, T_x))}
    da_prevt = np.zeros((n_a, m))
    dc_prevt = np.zeros((n_a, m))
    for t in range(T_x - 1, -1, -1):
        g = lstm_cell_backward(da[:, :, t] + da_prevt, dc_prevt, caches[t])
        da_prevt, dc_prevt = g["da_prev"], g["dc_prev"]
        gradients["dx"][:, :, t] = g["dxt"]
        for name in ("dWf", "dWi", "dWc", "dWo", "dbf", "dbi", "dbc", "dbo"):
            gradients[name] = gradients.get(name, 0) + g[name]
    gradients["da0"] = da_prevt
    return gradients
