# style: short logistic regression script, weights as a flat vector, one gradient step per epoch
# judged: <module>
import numpy as np

# hours of sleep, hours of study -> passed the exam?
data = np.array([
    [8.0, 1.0, 0], [7.5, 3.5, 1], [6.0, 5.0, 1], [5.0, 1.5, 0],
    [9.0, 2.0, 0], [4.0, 6.0, 1], [6.5, 2.0, 0], [7.0, 4.5, 1],
    [3.0, 3.0, 0], [8.5, 4.0, 1],
])
features = data[:, :2]
labels = data[:, 2]
features = (features - features.mean(axis=0)) / features.std(axis=0)

w = np.array([0.3, -0.2])
b = 0.1
alpha = 0.8
epochs = 30

for epoch in range(epochs):
    z = features.dot(w) + b
    p = 1.0 / (1.0 + np.exp(-z))
    loss = np.mean(-labels * np.log(p) - (1 - labels) * np.log(1 - p))

    # gradients
    grad_z = (p - labels) / len(labels)
    grad_w = features.T.dot(grad_z)
    grad_b = grad_z.sum()

    w = w - alpha * grad_w
    b = b - alpha * grad_b
    if epoch % 10 == 0:
        print(epoch, round(loss, 4))

print("weights", w, "bias", b)
