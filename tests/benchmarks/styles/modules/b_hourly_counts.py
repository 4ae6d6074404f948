# style: regression net, single records, error terms accumulated in delta_weights_i_h / _h_o and applied per batch
# judged: CountNetwork.backpropagation, CountNetwork.train
import numpy as np


class CountNetwork(object):
    '''Predicts counts (riders per hour, say) from a record of features.'''

    def __init__(self, input_nodes, hidden_nodes, output_nodes, learning_rate):
        self.lr = learning_rate
        self.weights_i_h = np.random.normal(scale=1 / np.sqrt(input_nodes), size=(input_nodes, hidden_nodes))
        self.weights_h_o = np.random.normal(scale=1 / np.sqrt(hidden_nodes), size=(hidden_nodes, output_nodes))
        self.activation_function = lambda z: 1. / (1. + np.exp(-z))
        self.activation_slope = lambda s: s * (1. - s)

    def train(self, features, targets):
        delta_weights_i_h = np.zeros_like(self.weights_i_h)
        delta_weights_h_o = np.zeros_like(self.weights_h_o)

        for i in range(len(features)):
            X, y = features[i], targets[i]
            final_outputs, hidden_outputs = self.forward_pass_train(X)
            delta_weights_i_h, delta_weights_h_o = self.backpropagation(
                final_outputs, hidden_outputs, X, y, delta_weights_i_h, delta_weights_h_o)

        # average step over the batch
        self.weights_i_h += self.lr * delta_weights_i_h / len(features)
        self.weights_h_o += self.lr * delta_weights_h_o / len(features)

    def forward_pass_train(self, X):
        hidden_outputs = self.activation_function(X @ self.weights_i_h)
        final_outputs = hidden_outputs @ self.weights_h_o      # identity at the output
        return final_outputs, hidden_outputs

    def backpropagation(self, final_outputs, hidden_outputs, X, y, delta_weights_i_h, delta_weights_h_o):
        '''Adds the steps (minus the gradients of half the squared error) for one record.'''
        error = y - final_outputs
        output_error_term = error       # slope of the identity is 1

        hidden_error = self.weights_h_o @ output_error_term
        hidden_error_term = hidden_error * self.activation_slope(hidden_outputs)

        delta_weights_i_h += np.outer(X, hidden_error_term)
        delta_weights_h_o += np.outer(hidden_outputs, output_error_term)
        return delta_weights_i_h, delta_weights_h_o

    def run(self, features):
        return np.array([self.forward_pass_train(X)[0] for X in features])
