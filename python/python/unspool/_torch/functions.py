"""Solvers as functions of tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from .._arrays import Floats
from .._errors import InputError
from .._problems import Groups, Map
from .._problems import logistic as logistic_problem
from .._problems import ridge as ridge_problem
from .._solver import Solver
from .once import once


def to_numpy(tensor: torch.Tensor) -> Any:
    """Without a copy where the tensor is on the processor."""
    return tensor.detach().cpu().numpy()


def to_torch(array: Any, like: torch.Tensor) -> torch.Tensor:
    """Of the type and on the device of another tensor."""
    return torch.from_numpy(np.ascontiguousarray(array)).to(device=like.device, dtype=like.dtype)


def _is_implicit(mode: str) -> bool:
    return mode.startswith("implicit")


def _at_solution(solver: Solver) -> Solver:
    """The same problem at a solution that is known: no steps."""
    # the edges do not matter without a step, but would be measured
    return Solver(solver.problem, solver.method, steps=0, edges=solver._arguments[-1] or (0.5, 1.0))


class _Solve(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, theta: torch.Tensor, start: torch.Tensor | None, solver: Solver, mode: str) -> torch.Tensor:
        x = solver.solve(to_numpy(theta), None if start is None else to_numpy(start)).x
        answer = to_torch(x, theta)
        ctx.save_for_backward(theta, start, answer)
        ctx.how = (solver, mode)
        return answer

    @staticmethod
    @once
    def backward(ctx: Any, grad: torch.Tensor) -> Any:
        theta, start, answer = ctx.saved_tensors
        solver, mode = ctx.how
        if _is_implicit(mode):
            solver, start = _at_solution(solver), answer
        begin = None if start is None else to_numpy(start)
        d = solver.vjp(to_numpy(theta), to_numpy(grad), mode, begin)
        wants = ctx.needs_input_grad
        gstart = to_torch(d.start, theta) if wants[1] else None
        return to_torch(d.theta, theta) if wants[0] else None, gstart, None, None


def solve(
    solver: Solver, theta: torch.Tensor, start: torch.Tensor | None = None, mode: str = "implicit"
) -> torch.Tensor:
    """The answer of a solver as a function of theta and, in the modes that differentiate all steps, of the start.

    Backward, the implicit modes start from the answer; the others run the solver again, on the same tape as
    :meth:`unspool.unroll.Solver.vjp`. The problem's data are constants here: see :func:`ridge` and :func:`logistic`.

    >>> from unspool import unroll
    >>> theta = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    >>> solver = unroll.Solver(unroll.quadratic([[2.0]], [-3.0]), "newton", steps=1)
    >>> solve(solver, theta).sum().backward()
    >>> round(theta.grad.item(), 9)  # of 3 / (2 + exp(theta))
    -0.333333333
    """
    answer: torch.Tensor = _Solve.apply(theta, start, solver, mode)
    return answer


class _Regression(torch.autograd.Function):
    """The solution as a function of data and theta, at which everything is differentiated."""

    @staticmethod
    def forward(
        ctx: Any, X: torch.Tensor, y: torch.Tensor, theta: torch.Tensor, name: str, groups: Groups, mode: str, tol: float
    ) -> torch.Tensor:
        data = (to_numpy(X), to_numpy(y))
        problem = ridge_problem(*data, groups) if name == "ridge" else logistic_problem(*data, groups)
        method = "newton" if _is_implicit(mode) else "nesterov"
        solver = Solver(problem, method, tol=tol)
        answer = to_torch(solver.solve(to_numpy(theta)).x, X)
        ctx.save_for_backward(X, y, theta, answer)
        ctx.how = (solver, mode, name)
        return answer

    @staticmethod
    @once
    def backward(ctx: Any, grad: torch.Tensor) -> Any:
        X, y, theta, answer = ctx.saved_tensors
        solver, mode, name = ctx.how
        cotangent, at = to_numpy(grad), to_numpy(theta)
        gX = gy = gtheta = None
        if ctx.needs_input_grad[2]:
            if _is_implicit(mode):
                d = _at_solution(solver).vjp(at, cotangent, mode, to_numpy(answer))
            else:
                d = solver.vjp(at, cotangent, mode)
            gtheta = to_torch(d.theta, theta)
        if ctx.needs_input_grad[0] or ctx.needs_input_grad[1]:
            v = to_torch(np.linalg.solve(solver.problem.hessian(to_numpy(answer), at), cotangent), X)
            gX, gy = _data_gradients(name, X, y, answer, v)
        return gX, gy if ctx.needs_input_grad[1] else None, gtheta, None, None, None, None


def _data_gradients(
    name: str, X: torch.Tensor, y: torch.Tensor, w: torch.Tensor, v: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """With ``v = H^-1 c`` and ``l', l''`` the slope and curvature of the loss in the margins: ``-v'dg`` of the optimality
    condition ``g = X' l' / n + lambda w``."""
    n, margins, along = len(y), X @ w, X @ v
    if name == "ridge":
        slope, curvature = margins - y, torch.ones_like(margins)
    else:
        sign = 2 * y - 1 if bool((y == 0).any()) else y
        p = torch.sigmoid(-sign * margins)
        slope, curvature = -sign * p, p * (1 - p)
    return -(torch.outer(slope, v) + torch.outer(curvature * along, w)) / n, along / n


def ridge(
    X: torch.Tensor,
    y: torch.Tensor,
    theta: torch.Tensor,
    groups: Groups = "shared",
    mode: str = "implicit:cholesky",
    tol: float = 1e-12,
) -> torch.Tensor:
    """The solution of a ridge regression, see :func:`unspool.unroll.ridge`; differentiable in ``theta``, and in the
    implicit modes in ``X`` and ``y``.

    Implicit modes solve by Newton's method, the others by Nesterov's to ``tol``.
    """
    return _regression("ridge", X, y, theta, groups, mode, tol)


def logistic(
    X: torch.Tensor,
    y: torch.Tensor,
    theta: torch.Tensor,
    groups: Groups = "shared",
    mode: str = "implicit:cholesky",
    tol: float = 1e-12,
) -> torch.Tensor:
    """The solution of a logistic regression, see :func:`unspool.unroll.logistic`; differentiable in ``theta``, and in the
    implicit modes in ``X``."""
    if y.requires_grad:
        raise InputError("classes have no gradient", "take y.detach()")
    return _regression("logistic", X, y, theta, groups, mode, tol)


def _regression(
    name: str, X: torch.Tensor, y: torch.Tensor, theta: torch.Tensor, groups: Groups, mode: str, tol: float
) -> torch.Tensor:
    if (X.requires_grad or y.requires_grad) and not _is_implicit(mode):
        hint = "take an implicit mode, or X.detach()"
        raise InputError(f"the mode {mode!r} has no derivative in the data", hint)
    # float32 stops earlier than a tolerance for float64 can be met
    reached = max(tol, 1e-6) if X.dtype == torch.float32 else tol
    answer: torch.Tensor = _Regression.apply(X, y, theta, name, groups, mode, reached)
    return answer


class _Module(torch.nn.Module):
    _name = ""

    def __init__(
        self, params: int = 1, groups: Groups = "shared", mode: str = "implicit:cholesky", tol: float = 1e-12
    ) -> None:
        super().__init__()
        self.theta = torch.nn.Parameter(torch.zeros(params, dtype=torch.get_default_dtype()))
        self.groups, self.mode, self.tol = groups, mode, tol

    def forward(self, X: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """The weights of the regression of ``y`` on ``X``."""
        return _regression(self._name, X, y, self.theta.to(X.dtype), self.groups, self.mode, self.tol)


class Ridge(_Module):
    """:func:`ridge` with log-regularisers ``theta`` to learn: ``params`` of them, as ``groups`` says."""

    _name = "ridge"


class Logistic(_Module):
    """:func:`logistic` with log-regularisers ``theta`` to learn: ``params`` of them, as ``groups`` says."""

    _name = "logistic"


def map_of(
    step: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    *,
    state: int,
    params: int,
    output: int | None = None,
    dtype: torch.dtype = torch.float64,
) -> Map:
    """A map for :class:`unspool.unroll.Solver` from ``step(x, theta)`` on tensors, differentiated by PyTorch.

    >>> from unspool import unroll
    >>> heron = map_of(lambda x, theta: (x + theta / x) / 2, state=1, params=1)
    >>> solver = unroll.Solver(heron, steps=8)
    >>> round(float(solver.jvp([4.0], [1.0], start=[1.0]).dx[0]), 9)
    0.25
    """

    def tensor(array: Floats) -> torch.Tensor:
        return torch.from_numpy(array)

    def forward(x: Floats, theta: Floats) -> Any:
        with torch.no_grad():
            return to_numpy(step(tensor(x), tensor(theta)))

    def jvp(x: Floats, theta: Floats, dx: Floats, dtheta: Floats) -> Any:
        return to_numpy(torch.func.jvp(step, (tensor(x), tensor(theta)), (tensor(dx), tensor(dtheta)))[1])

    def vjp(x: Floats, theta: Floats, cotangent: Floats) -> tuple[Any, Any]:
        gx, gtheta = torch.func.vjp(step, tensor(x), tensor(theta))[1](tensor(cotangent))
        return to_numpy(gx), to_numpy(gtheta)

    single = dtype == torch.float32
    kind = np.float32 if single else np.float64
    return Map(forward, state=state, params=params, output=output, jvp=jvp, vjp=vjp, dtype=kind)


