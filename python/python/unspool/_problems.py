"""What is minimised or iterated."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from . import _unspool
from ._arrays import Floats, design, matrix, vector, width
from ._errors import InputError

#: Which coordinates share a regulariser: ``"shared"``, ``"per-feature"``, ``"none"``, or a number for each coordinate,
#: counted from 0, -1 for one without (an intercept).
Groups: TypeAlias = str | Sequence[int]
#: Lower and upper bounds, each a number or a vector; infinite where there is none.
Bounds: TypeAlias = tuple[ArrayLike, ArrayLike]


class Problem:
    """An objective ``f(x, theta)``; made by :func:`ridge` and its like.

    Arrays that are contiguous and of the problem's type are not copied: leave them unchanged while the problem is used.
    """

    def __init__(self, core: _unspool.Problem, recipe: tuple[Callable[..., Problem], tuple[Any, ...]]) -> None:
        self._core = core
        self._recipe = recipe

    def __reduce__(self) -> tuple[Callable[..., Problem], tuple[Any, ...]]:
        return self._recipe

    def __repr__(self) -> str:
        return f"<{self._recipe[0].__name__} of {self.dim} variables, {self.params} parameters, {self.dtype}>"

    @property
    def dim(self) -> int:
        """Length of the solution."""
        return self._core.dim

    @property
    def params(self) -> int:
        """Length of theta."""
        return self._core.params

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 where ``X`` (or ``A`` and ``b``) is, else float64: that of all results."""
        return np.dtype(self._core.dtype)

    def _vector(self, what: str, values: ArrayLike) -> Floats:
        return vector(what, values, self.dtype)

    def value(self, x: ArrayLike, theta: ArrayLike = ()) -> float:
        """The objective."""
        return self._core.value(self._vector("x", x), self._vector("theta", theta))

    def gradient(self, x: ArrayLike, theta: ArrayLike = ()) -> Floats:
        """The gradient in ``x``, of a smooth problem."""
        return self._core.gradient(self._vector("x", x), self._vector("theta", theta))

    def hessian(self, x: ArrayLike, theta: ArrayLike = ()) -> Floats:
        """The Hessian in ``x``, of a smooth problem."""
        return self._core.hessian(self._vector("x", x), self._vector("theta", theta))

    def edges(self, theta: ArrayLike = (), x: ArrayLike | None = None) -> tuple[float, float]:
        """The smallest and the largest eigenvalue of the smooth part's Hessian at ``x`` (zero, if not given), with a
        margin: what step sizes and momenta are made of.

        >>> quadratic([[3.0, 0.0], [0.0, 0.5]], [0.0, 0.0], groups="none").edges()
        (0.5, 3.0)
        """
        at = np.zeros(self.dim) if x is None else x
        return self._core.edges(self._vector("x", at), self._vector("theta", theta))


class Map(Problem):
    """An iteration ``x -> T(x, theta)`` of your own, from callables; the engine's modes run and differentiate it.

    Parameters
    ----------
    step
        ``step(x, theta)`` or ``step(x, theta, t)``: the next state, any array-like.
    state, params
        Lengths of the state and of theta.
    output
        Length of the answer, which is the front of the state; all of it, if not given. The rest starts at zero.
    jvp
        ``jvp(x, theta, dx, dtheta)``, perhaps with ``t`` at the end: the directional derivative of the step.
    vjp
        ``vjp(x, theta, cotangent)``, perhaps with ``t``: the pair of gradients in ``x`` and theta.
    dtype
        float64 or float32.

    Callables hold Python's lock; what they raise ends the run and is raised.
    :func:`unspool.torch.map_of` and :func:`unspool.jax.map_of` write the derivatives.

    >>> heron = Map(
    ...     lambda x, theta: (x + theta / x) / 2,
    ...     state=1, params=1,
    ...     vjp=lambda x, theta, c: (c * (1 - theta / x**2) / 2, c / (2 * x)),
    ... )
    >>> from unspool.unroll import Solver
    >>> d = Solver(heron, steps=8).vjp([4.0], [1.0], start=[1.0])
    >>> float(d.x[0]), round(float(d.theta[0]), 12)
    (2.0, 0.25)
    """

    def __init__(
        self,
        step: Callable[..., ArrayLike],
        *,
        state: int,
        params: int,
        output: int | None = None,
        jvp: Callable[..., ArrayLike] | None = None,
        vjp: Callable[..., tuple[ArrayLike, ArrayLike]] | None = None,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self._arguments = dict(step=step, state=state, params=params, output=output, jvp=jvp, vjp=vjp, dtype=dtype)
        wrapped = (_with_time(step, 2), jvp and _with_time(jvp, 4), vjp and _with_time(vjp, 3))
        front = state if output is None else output
        if min(state, params, front) < 0:
            raise InputError("a length is negative", "give zero or more")
        core = _unspool.Problem.map(*wrapped, state, front, params, np.dtype(dtype) == np.float32)
        super().__init__(core, (_map, (self._arguments,)))

    def __repr__(self) -> str:
        return f"<map of {self.dim} variables, {self.params} parameters, {self.dtype}>"


def _map(arguments: dict[str, Any]) -> Map:
    return Map(**arguments)


def _with_time(f: Callable[..., Any], arguments: int) -> Callable[..., Any]:
    """As the engine calls: the time first."""
    try:
        inspect.signature(f).bind(*range(arguments + 1))
    except TypeError:
        return lambda t, *rest: f(*rest)
    except ValueError:  # no signature
        return lambda t, *rest: f(*rest)
    return lambda t, *rest: f(*rest, t)


def _bounds(bounds: Bounds | None, dim: int, dtype: DTypeLike) -> tuple[Floats, Floats] | None:
    if bounds is None:
        return None
    lower, upper = (np.ascontiguousarray(np.broadcast_to(np.asarray(b, dtype=dtype), dim)) for b in bounds)
    return lower, upper


def _groups(groups: Groups) -> str | list[int]:
    return groups if isinstance(groups, str) else [int(g) for g in groups]


def _regression(
    make: Callable[..., Problem],
    model: str,
    X: Any,
    y: ArrayLike,
    groups: Groups,
    gram: bool = True,
    classes: int = 2,
    bounds: Bounds | None = None,
    keep: tuple[Any, ...] = (),
) -> Problem:
    dtype = width(X)
    x, targets = design(X, dtype), vector("y", y, dtype)
    dim = x[3] if isinstance(x, tuple) else x.shape[1]
    limits = _bounds(bounds, dim, dtype)
    core = _unspool.Problem.regression(model, x, targets, _groups(groups), gram, classes, limits)
    return Problem(core, (make, (X, y, groups, *keep)))


def ridge(
    X: Any, y: ArrayLike, groups: Groups = "shared", gram: bool = True, bounds: Bounds | None = None
) -> Problem:
    """``1/(2n) |X w - y|^2 + 1/2 sum_j exp(theta_g(j)) w_j^2``, perhaps with bounds on ``w``.

    ``X``: an array or a ``scipy.sparse`` matrix, n x d. Through ``X'X`` where that pays, unless ``gram`` is false.

    >>> problem = ridge([[1.0], [1.0]], [1.0, 3.0])
    >>> problem
    <ridge of 1 variables, 1 parameters, float64>
    >>> problem.value([2.0], [0.0])
    2.5
    """
    return _regression(ridge, "ridge", X, y, groups, gram, bounds=bounds, keep=(gram, bounds))


def logistic(X: Any, y: ArrayLike, groups: Groups = "shared", bounds: Bounds | None = None) -> Problem:
    """``1/n sum_i log(1 + exp(-y_i x_i'w)) + 1/2 sum_j exp(theta_g(j)) w_j^2``.

    ``y``: -1 and 1, or 0 and 1, or booleans.
    """
    targets = np.asarray(y)
    if targets.dtype == np.bool_ or bool(np.isin(targets, (0, 1)).all() and (targets == 0).any()):
        targets = 2 * targets.astype(np.float64) - 1
    return _regression(logistic, "logistic", X, targets, groups, bounds=bounds, keep=(bounds,))


def multinomial(X: Any, y: ArrayLike, classes: int | None = None, groups: Groups = "shared") -> Problem:
    """Multinomial logistic regression; ``y``: class numbers from 0. The solution is one block of d a class."""
    targets = np.asarray(y)
    count = int(targets.max(initial=1)) + 1 if classes is None else classes
    problem = _regression(multinomial, "multinomial", X, targets, groups, classes=count)
    problem._recipe = (multinomial, (X, y, count, groups))
    return problem


def lasso(X: Any, y: ArrayLike, groups: Groups = "shared") -> Problem:
    """``1/(2n) |X w - y|^2 + sum_j exp(theta_g(j)) |w_j|``; by ``fista`` or ``proximal-gradient``."""
    return _regression(lasso, "lasso", X, y, groups)


def elastic_net(X: Any, y: ArrayLike, groups: Groups = "shared") -> Problem:
    """The lasso plus ``1/2 sum_j exp(theta'_g(j)) w_j^2``; theta is followed by theta'."""
    return _regression(elastic_net, "elastic-net", X, y, groups)


def quadratic(
    A: ArrayLike, b: ArrayLike, groups: Groups = "shared", bounds: Bounds | None = None
) -> Problem:
    """``1/2 x'A x + b'x + 1/2 sum_j exp(theta_g(j)) x_j^2`` with a symmetric ``A``, perhaps with bounds on ``x``."""
    dtype = width(A, b) if isinstance(A, np.ndarray) else np.dtype(np.float64)
    a, linear = matrix("A", A, dtype), vector("b", b, dtype)
    if a.shape != (len(linear), len(linear)):
        raise InputError(f"A is {a.shape[0]} x {a.shape[1]}, but b has length {len(linear)}", "give sizes that fit")
    core = _unspool.Problem.quadratic(a, linear, _groups(groups), _bounds(bounds, len(linear), dtype))
    return Problem(core, (quadratic, (A, b, groups, bounds)))
