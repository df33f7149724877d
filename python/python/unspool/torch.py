"""Solvers, graph learning and image networks for PyTorch.

=========================================  =================================================================
:func:`solve`, :func:`ridge`, :func:`logistic`  the answer of a solver as a function of theta, start and data
:class:`Ridge`, :class:`Logistic`                the same as modules with log-regularisers to learn
:func:`log_degree`, :class:`LogDegree`           a graph as a function of signals and regularisers
:class:`PriorNet`                                the network of graphs, to be trained
:class:`Demosaicker`, :class:`Interpolator`      the networks of images, to be trained
:func:`map_of`                                   a map for :mod:`unspool.unroll` from a step on tensors
=========================================  =================================================================

The engine works on the processor; tensors of other devices are brought there and back. Functions of the engine can be
differentiated once: a second derivative is an error. The networks of images are written in PyTorch itself and have all
derivatives on all devices.

>>> import torch
>>> from unspool.torch import ridge
>>> X, y = torch.randn(50, 3, dtype=torch.float64), torch.randn(50, dtype=torch.float64)
>>> theta = torch.zeros(1, dtype=torch.float64, requires_grad=True)
>>> ridge(X, y, theta).square().sum().backward()
>>> theta.grad.shape
torch.Size([1])
"""

from __future__ import annotations

from ._torch.functions import Logistic, Ridge, logistic, map_of, ridge, solve
from ._torch.graphs import LogDegree, PriorNet, log_degree, squared_distances
from ._torch.images import Demosaicker, Interpolator

__all__ = [
    "Demosaicker",
    "Interpolator",
    "LogDegree",
    "Logistic",
    "PriorNet",
    "Ridge",
    "log_degree",
    "logistic",
    "map_of",
    "ridge",
    "solve",
    "squared_distances",
]
