"""A problem with how it is solved: runs and derivatives."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from . import _unspool
from ._arrays import Floats, matrix
from ._errors import ConvergenceError, ConvergenceWarning, InputError
from ._problems import Map, Problem


@dataclass(frozen=True, repr=False)
class Status:
    """How a run or a derivative ended.

    ``done`` (all the steps asked for), ``converged``, or ``not-converged``: those others that the engine knows are
    raised as :class:`~unspool.ConvergenceError`.
    """

    #: ``done``, ``converged`` or ``not-converged``.
    name: str
    #: In words.
    message: str
    #: Of which sequence: ``iterate``, ``tangent`` or ``adjoint``.
    stream: str | None = None
    #: Iterations taken.
    iteration: int | None = None
    #: The last value of what is tested.
    residual: float | None = None
    #: What it should have reached.
    tolerance: float | None = None
    #: Row of the first pivot that is not positive.
    pivot: int | None = None

    @property
    def ok(self) -> bool:
        """Whether it is ``done`` or ``converged``."""
        return self.name in ("done", "converged")

    def __repr__(self) -> str:
        return f"Status({self.name!r})"


@dataclass(frozen=True)
class Cost:
    """What a derivative cost."""

    #: Steps of the solver.
    steps: int
    #: Steps taken again because their states were not stored.
    recomputed: int
    #: Forward derivatives of one step, counted once per direction.
    jvps: int
    #: Reverse derivatives of one step.
    vjps: int
    #: Products with the optimality condition's matrix.
    products: int
    #: Most states stored at one time.
    peak_states: int
    #: Most bytes held at one time.
    peak_bytes: int


@dataclass(frozen=True)
class Solution:
    """The result of a run."""

    #: The answer.
    x: Floats
    #: Steps taken.
    steps: int
    #: Length of the last step.
    residual: float
    #: How it ended.
    status: Status


@dataclass(frozen=True)
class Adjoint:
    """Reverse derivatives of a run."""

    #: The answer.
    x: Floats
    #: The gradient in theta.
    theta: Floats
    #: The gradient in the start, where all steps are differentiated; else zero.
    start: Floats
    #: What it cost.
    cost: Cost
    #: How it ended.
    status: Status


@dataclass(frozen=True)
class Tangents:
    """Forward derivatives of a run."""

    #: The answer.
    x: Floats
    #: The derivative of the answer, a column a direction.
    dx: Floats
    #: Whether the derivative was still getting worse while the iterates settled.
    burn_in: bool
    #: What it cost.
    cost: Cost
    #: How it ended.
    status: Status


@dataclass(frozen=True)
class Trust:
    """How far a derivative is from that of the exact solution."""

    #: The optimality condition at the answer, its length.
    residual: float
    #: The equation of the derivative, its length.
    derivative_residual: float | None
    #: Size of the derivative.
    size: float
    #: Estimated distance from the derivative of the exact solution.
    sharp: float
    #: The same, relative to the size.
    relative: float
    #: A bound of that distance, where one is known.
    certified: float | None
    #: Do not use the derivative: it is still burning in.
    burn_in: bool
    #: Products that this took.
    products: int
    #: Whether the linear solves reached their tolerance.
    solved: bool


#: A cotangent of the answer: a vector, or a function of the answer.
Cotangent: TypeAlias = ArrayLike | Callable[[Floats], ArrayLike]


def _status(told: tuple[Any, ...], depth: int = 3) -> Status:
    """Raises what has no result to look at; warns of what has one that did not converge."""
    status = Status(*told)
    if status.name == "not-converged":
        warnings.warn(status.message, ConvergenceWarning, stacklevel=depth)
    elif not status.ok:
        raise ConvergenceError(status.message)
    return status


class Solver:
    """A problem, a method, a stopping rule.

    Parameters
    ----------
    problem
        A :class:`Problem`, or a :class:`Map`, which needs no method.
    method
        Smooth problems: ``nesterov`` (taken if none is named), ``gradient-descent``, ``gd-1/L``, ``gd-sqrt2/L``,
        ``gd-2/(L+mu)``, ``heavy-ball``, ``chebyshev``, ``sobolev``, ``horizon``, ``newton``, ``conjugate-gradient``.
        Problems with a kink or bounds: ``fista`` (taken if none is named), ``proximal-gradient``.
    steps
        Exactly so many steps, instead of a tolerance.
    tol, max_steps
        Stop when a step is below ``tol (1 + |x|)``, or after so many.
    step_size, momentum, damping
        Coefficients of the methods that have them (``momentum`` of ``nesterov`` and ``heavy-ball``, together with
        the step size; ``damping`` of ``newton``).
    edges
        The spectral edges that other coefficients are made of. If not given, they are measured at the start of each run
        (:meth:`Problem.edges`), at the price of some products: pass them where many runs follow.

    >>> import numpy as np
    >>> from unspool import unroll
    >>> solver = unroll.Solver(unroll.quadratic([[2.0]], [-3.0]), tol=1e-12)
    >>> solver.solve([0.0]).x
    array([1.])
    """

    def __init__(
        self,
        problem: Problem,
        method: str | None = None,
        *,
        steps: int | None = None,
        tol: float = 1e-8,
        max_steps: int = 100_000,
        step_size: float | None = None,
        momentum: float | None = None,
        damping: float | None = None,
        edges: tuple[float, float] | None = None,
    ) -> None:
        self.problem = problem
        self.method = method or self._default(problem)
        if (steps is not None and steps < 0) or max_steps < 0:
            raise InputError("the number of steps is negative", "give zero or more")
        self._arguments = (steps, tol, max_steps, step_size, momentum, damping, edges)
        self._core = _unspool.Solver(
            problem._core, self.method, step_size, momentum, damping, edges, steps, tol, max_steps
        )

    @staticmethod
    def _default(problem: Problem) -> str:
        if isinstance(problem, Map):
            return "map"
        name, arguments = problem._recipe[0].__name__, problem._recipe[1]
        bounded = name in ("ridge", "logistic", "quadratic") and arguments[-1] is not None
        return "fista" if bounded or name in ("lasso", "elastic_net") else "nesterov"

    def __reduce__(self) -> tuple[Callable[..., Solver], tuple[Any, ...]]:
        return _solver, (self.problem, self.method, self._arguments)

    def __repr__(self) -> str:
        steps, tol = self._arguments[:2]
        stop = f"tol={tol:g}" if steps is None else f"steps={steps}"
        return f"Solver({self.problem!r}, {self.method!r}, {stop})"

    def _inputs(self, theta: ArrayLike, start: ArrayLike | None) -> tuple[Floats, Floats]:
        x0 = np.zeros(self.problem.dim, self.problem.dtype) if start is None else start
        return self.problem._vector("theta", theta), self.problem._vector("start", x0)

    def solve(self, theta: ArrayLike = (), start: ArrayLike | None = None) -> Solution:
        """Runs without derivatives, from ``start`` (zero, if not given)."""
        x, steps, residual, told = self._core.solve(*self._inputs(theta, start))
        return Solution(x, steps, residual, _status(told))

    def vjp(
        self, theta: ArrayLike, cotangent: Cotangent, mode: str = "full", start: ArrayLike | None = None
    ) -> Adjoint:
        """Reverse derivative: pulls a cotangent of the answer back to theta and to the start.

        With ``cotangent`` the gradient of an outer loss at the answer, ``theta`` of the result is that of the loss.
        """
        dtype = self.problem.dtype
        if callable(cotangent):
            outer = cotangent
            given: Any = lambda x: np.ascontiguousarray(outer(x), dtype=dtype)  # noqa: E731
        else:
            given = self.problem._vector("the cotangent", cotangent)
        x, gtheta, gstart, cost, told = self._core.vjp(*self._inputs(theta, start), mode, given)
        return Adjoint(x, gtheta, gstart, Cost(**cost), _status(told))

    def jvp(
        self, theta: ArrayLike, dtheta: ArrayLike, mode: str = "full", start: ArrayLike | None = None
    ) -> Tangents:
        """Forward derivative in one direction, or, where ``dtheta`` is a matrix, in that of each column."""
        one = np.ndim(dtheta) == 1
        columns = np.reshape(dtheta, (-1, 1)) if one else np.asarray(dtheta)
        told = self._core.jvps(*self._inputs(theta, start), mode, self._rows(columns))
        return self._tangents(told, one)

    def jacobian(self, theta: ArrayLike, mode: str = "full", start: ArrayLike | None = None) -> Floats:
        """The derivative of the answer in theta, by forward mode: ``dim x params``."""
        told = self._core.jvps(*self._inputs(theta, start), mode, self._rows(np.eye(self.problem.params)))
        return self._tangents(told, False).dx

    def trust(
        self,
        theta: ArrayLike,
        mode: str = "full",
        start: ArrayLike | None = None,
        *,
        dtheta: ArrayLike | None = None,
        ell: float | None = None,
        tol: float = 1e-6,
        max_products: int = 10_000,
        seed: int = 0,
    ) -> tuple[Tangents, Trust]:
        """The Jacobian (or derivatives in the columns of ``dtheta``) with an estimate of its error; ``ell`` bounds the
        Hessian's eigenvalues from below, for a certified bound."""
        columns = np.eye(self.problem.params) if dtheta is None else np.asarray(dtheta)
        told, trust = self._core.trust(
            *self._inputs(theta, start), mode, self._rows(columns), ell=ell, tol=tol, max_products=max_products, seed=seed
        )
        return self._tangents(told, False), Trust(**trust)

    def _rows(self, columns: Any) -> Floats:
        """Directions as the engine takes them."""
        rows = matrix("dtheta", np.asarray(columns).T, self.problem.dtype)
        if rows.shape[1] != self.problem.params:
            raise InputError(f"dtheta has length {rows.shape[1]}, expected {self.problem.params}", "give sizes that fit")
        return rows

    @staticmethod
    def _tangents(told: tuple[Any, ...], one: bool) -> Tangents:
        x, rows, burn_in, cost, status = told
        return Tangents(x, rows[0] if one else rows.T, burn_in, Cost(**cost), _status(status, 4))


def _solver(problem: Problem, method: str, arguments: tuple[Any, ...]) -> Solver:
    names = ("steps", "tol", "max_steps", "step_size", "momentum", "damping", "edges")
    return Solver(problem, method, **dict(zip(names, arguments, strict=True)))
