# style: camelCase methods forwardPropagate, backPropagate, computeLoss; explicit Python loops over neurons and inputs
# judged: NeuralNet.backPropagate, NeuralNet.activationDerivative
import math
import random

import numpy as np


class NeuralNet:

    def __init__(self, numInputs, numHidden, numOutputs):
        self.numInputs = numInputs
        self.numHidden = numHidden
        self.numOutputs = numOutputs

        # weight [j][i] goes from neuron i to neuron j
        self.hiddenWeights = np.array([[random.uniform(-1, 1) for i in range(numInputs)] for j in range(numHidden)])
        self.hiddenBias = np.zeros(numHidden)
        self.outputWeights = np.array([[random.uniform(-1, 1) for i in range(numHidden)] for j in range(numOutputs)])
        self.outputBias = np.zeros(numOutputs)

    def activation(self, value):
        return 1.0 / (1.0 + math.exp(-value))

    def activationDerivative(self, value):
        y = self.activation(value)
        return y * (1.0 - y)

    def forwardPropagate(self, inputs):
        self.inputs = inputs
        self.hiddenSums = np.zeros(self.numHidden)
        self.hidden = np.zeros(self.numHidden)
        for j in range(self.numHidden):
            total = self.hiddenBias[j]
            for i in range(self.numInputs):
                total += self.hiddenWeights[j][i] * inputs[i]
            self.hiddenSums[j] = total
            self.hidden[j] = self.activation(total)

        self.outputSums = np.zeros(self.numOutputs)
        self.outputs = np.zeros(self.numOutputs)
        for k in range(self.numOutputs):
            total = self.outputBias[k] + sum(self.outputWeights[k] * self.hidden)
            self.outputSums[k] = total
            self.outputs[k] = self.activation(total)
        return self.outputs

    def computeLoss(self, expected):
        return sum(0.5 * (expected[k] - self.outputs[k]) ** 2 for k in range(self.numOutputs))

    def backPropagate(self, expected):
        """Call after forwardPropagate. Leaves the gradients of the loss in self.*Grad."""
        outputDeltas = np.zeros(self.numOutputs)
        for k in range(self.numOutputs):
            outputDeltas[k] = (self.outputs[k] - expected[k]) * self.activationDerivative(self.outputSums[k])

        hiddenDeltas = np.zeros(self.numHidden)
        for j in range(self.numHidden):
            error = 0.0
            for k in range(self.numOutputs):
                error += outputDeltas[k] * self.outputWeights[k][j]
            hiddenDeltas[j] = error * self.activationDerivative(self.hiddenSums[j])

        self.outputWeightsGrad = np.array([[d * h for h in self.hidden] for d in outputDeltas])
        self.outputBiasGrad = outputDeltas
        self.hiddenWeightsGrad = np.array([[d * x for x in self.inputs] for d in hiddenDeltas])
        self.hiddenBiasGrad = hiddenDeltas

    def gradientStep(self, rate):
        for name in ("outputWeights", "outputBias", "hiddenWeights", "hiddenBias"):
            setattr(self, name, getattr(self, name) - rate * getattr(self, name + "Grad"))
