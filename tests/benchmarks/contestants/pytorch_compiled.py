"""PyTorch with forward, cost and backward compiled by torch.compile; the update runs line by line."""

import torch

from . import pytorch


class Training(pytorch.Training):
    def __init__(self, network):
        super().__init__(network)
        self.cost = torch.compile(self.cost)
