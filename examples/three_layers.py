"""The lectures' three-layer network, written as on paper: its derivatives, and its picture.

Writes three_layers.svg.
"""

import numpy as np

import tinygraph as tg
import viz

# Examples are columns: 5 examples of 4 inputs each.
random = np.random.default_rng(1)
X = tg.tensor(random.standard_normal((4, 5)), name="X")
Y = tg.tensor([[1.0, 0.0, 1.0, 1.0, 0.0]], name="Y")

W1 = tg.parameter(random.standard_normal((3, 4)), name="W1")
b1 = tg.parameter(np.zeros((3, 1)), name="b1")
W2 = tg.parameter(random.standard_normal((2, 3)), name="W2")
b2 = tg.parameter(np.zeros((2, 1)), name="b2")
W3 = tg.parameter(random.standard_normal((1, 2)), name="W3")
b3 = tg.parameter(np.zeros((1, 1)), name="b3")

# Forward
Z1 = W1 @ X + b1
A1 = tg.relu(Z1)
Z2 = W2 @ A1 + b2
A2 = tg.relu(Z2)
Z3 = W3 @ A2 + b3
A3 = tg.sigmoid(Z3)
J = tg.binary_cross_entropy(A3, Y)

# Backward
d = J.backward()

print(f"J = {J.value:.6f}")
for name, derivative in d.chain(convention="course").items():
    print(f"{name}  {derivative.shape}  norm {np.linalg.norm(derivative):.6f}")

viz.draw(J, view="layers").save("three_layers.svg")
print("The picture: three_layers.svg")
