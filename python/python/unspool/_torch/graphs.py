"""Graphs as functions of tensors."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch

from .. import _safetensors, _unspool
from .._errors import InputError
from .functions import to_numpy, to_torch
from .once import once


def _nodes(pairs: int) -> int:
    """The number of nodes of a half-vector."""
    nodes = int((1 + (1 + 8 * pairs) ** 0.5) / 2)
    if nodes * (nodes - 1) // 2 != pairs or nodes < 2:
        raise InputError(f"{pairs} numbers are no half-vector", "give one for each pair of nodes")
    return nodes


def squared_distances(X: torch.Tensor) -> torch.Tensor:
    """The mean squared difference of each pair of columns, as a vector over pairs; all derivatives.

    >>> squared_distances(torch.tensor([[0.0, 1.0, 3.0]]))
    tensor([1., 9., 4.])
    """
    i, j = torch.triu_indices(X.shape[1], X.shape[1], offset=1, device=X.device)
    return (X[:, i] - X[:, j]).square().mean(dim=0)


class _LogDegree(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, z: torch.Tensor, alpha: torch.Tensor, beta: torch.Tensor, theta: torch.Tensor, tolerance: float
    ) -> torch.Tensor:
        half = np.ascontiguousarray(to_numpy(z), dtype=np.float64)
        weights = (float(alpha), float(beta), float(theta))
        w, dual = _unspool.log_degree_half(_nodes(len(half)), half, weights, tolerance)
        ctx.save_for_backward(z, alpha, beta, theta)
        ctx.solved = (half, weights, dual)
        return to_torch(w, z)

    @staticmethod
    @once
    def backward(ctx: Any, grad: torch.Tensor) -> Any:
        z = ctx.saved_tensors[0]
        half, weights, dual = ctx.solved
        cotangent = np.ascontiguousarray(to_numpy(grad), dtype=np.float64)
        gz, (alpha, beta, theta) = _unspool.log_degree_adjoint(_nodes(len(half)), half, weights, dual, cotangent)
        return to_torch(gz, z), z.new_tensor(alpha), z.new_tensor(beta), z.new_tensor(theta), None


def log_degree(
    z: torch.Tensor,
    alpha: torch.Tensor | float = 1.0,
    beta: torch.Tensor | float = 1.0,
    theta: torch.Tensor | float = 1.0,
    tolerance: float = 1e-10,
) -> torch.Tensor:
    """The edge weights of the log-degree model, see :class:`unspool.graph.GraphLearner`, as a vector over pairs.

    ``z``: squared distances of pairs, see :func:`squared_distances`. Differentiable in ``z`` and the three regularisers,
    at the certified optimum, by the implicit function theorem; computed in float64.

    >>> z = torch.tensor([0.2, 1.0, 0.6, 0.5, 1.2, 0.4], dtype=torch.float64, requires_grad=True)
    >>> log_degree(z)[0].backward()
    >>> bool(z.grad[0] < 0)
    True
    """
    if z.dim() != 1:
        raise InputError(f"z has {z.dim()} axes, expected 1", "give a half-vector")
    scalars = [torch.as_tensor(v, dtype=z.dtype, device=z.device) for v in (alpha, beta, theta)]
    w: torch.Tensor = _LogDegree.apply(z, *scalars, tolerance)
    return w


class LogDegree(torch.nn.Module):
    """:func:`log_degree` of signals, with regularisers to learn: their logarithms are parameters."""

    def __init__(self, alpha: float = 1.0, beta: float = 1.0, theta: float = 1.0, tolerance: float = 1e-10) -> None:
        super().__init__()
        self.logs = torch.nn.Parameter(torch.tensor([alpha, beta, theta], dtype=torch.get_default_dtype()).log())
        self.tolerance = tolerance

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """The adjacency of the graph of these signals: rows are observations, columns nodes."""
        alpha, beta, theta = self.logs.to(X.dtype).exp().unbind()
        w = log_degree(squared_distances(X), alpha, beta, theta, self.tolerance)
        nodes = X.shape[1]
        i, j = torch.triu_indices(nodes, nodes, offset=1, device=X.device)
        upper = torch.zeros(nodes, nodes, dtype=X.dtype, device=X.device).index_put((i, j), w)
        return upper + upper.T


class _Prior(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, theta: torch.Tensor, network: _unspool.PriorNetwork) -> Any:
        w, p = network.predict(to_numpy(theta))
        ctx.save_for_backward(theta)
        ctx.network = network
        chances = to_torch(p, theta)
        ctx.mark_non_differentiable(chances)
        return to_torch(w, theta), chances

    @staticmethod
    @once
    def backward(ctx: Any, grad: torch.Tensor, _: torch.Tensor) -> Any:
        (theta,) = ctx.saved_tensors
        cotangent = np.ascontiguousarray(to_numpy(grad), dtype=to_numpy(theta).dtype)
        return to_torch(ctx.network.vjp(to_numpy(theta), cotangent), theta), None


class PriorNet(torch.nn.Module):
    """The network of :class:`unspool.graph.NetworkLearner`, with the weights that come with the package.

    Its parameters are one vector, ``theta``; the graph it gives is differentiable in them.

    >>> net = PriorNet()
    >>> w, p = net(torch.randn(100, 6, dtype=torch.float64))
    >>> w.shape, p.shape
    (torch.Size([15]), torch.Size([15]))
    """

    def __init__(self, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        shipped = _unspool.PriorNetwork.shipped()
        self._tensors = [(name, tuple(shape)) for name, shape, _ in shipped]
        values = np.concatenate([values for _, _, values in shipped])
        self.theta = torch.nn.Parameter(torch.from_numpy(values).to(dtype))

    def forward(self, X: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Weights and probabilities of pairs, from signals: rows are observations, columns nodes."""
        if X.requires_grad:
            raise InputError("the network has no derivative in its signals", "take X.detach()")
        z = to_numpy(squared_distances(X.double())).tolist()
        network = _unspool.PriorNetwork(X.shape[1], X.shape[0], z)
        w, p = _Prior.apply(self.theta, network)
        return w, p

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a safetensors file, which ``unspool learn-graph --method learned --weights`` reads."""
        values, arrays, at = to_numpy(self.theta), {}, 0
        for name, shape in self._tensors:
            size = int(np.prod(shape))
            arrays[name] = values[at : at + size].reshape(shape)
            at += size
        _safetensors.write(path, arrays)

    def load(self, path: str | os.PathLike[str]) -> PriorNet:
        """Reads what :meth:`save` and ``unspool train graph`` write."""
        arrays = _safetensors.read(path)
        parts = []
        for name, shape in self._tensors:
            if name not in arrays or arrays[name].size != int(np.prod(shape)):
                raise InputError(f"{os.fspath(path)}: has no tensor {name} of the right size", "take another file")
            parts.append(arrays[name].ravel())
        with torch.no_grad():
            self.theta.copy_(torch.from_numpy(np.concatenate(parts)))
        return self
