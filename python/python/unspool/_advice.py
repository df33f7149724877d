"""Which method, how many steps, which mode? And how derivatives fare step by step."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import _unspool
from ._arrays import Double
from ._problems import Problem
from ._solver import Solver


@dataclass(frozen=True)
class Plan:
    """A solver for so many steps, differentiated so."""

    #: The method.
    method: str
    #: Its steps.
    steps: int
    #: The mode of differentiation.
    mode: str
    #: Gradients and Hessian products that it costs.
    products: int
    #: The relative error of the Jacobian that is expected.
    error: float

    def __str__(self) -> str:
        return f"{self.method}, {self.steps} steps, {self.mode}"


@dataclass(frozen=True)
class Advice:
    """A choice, and what it rests on."""

    #: The plan to follow.
    choice: Plan
    #: Why, in two lines.
    why: tuple[str, str]
    #: Edges that turned out wrong, and what was done.
    warnings: list[str]
    #: The plans it was chosen from, best first.
    forecasts: list[Plan]
    #: The spectral edges that the methods are tuned to.
    edges: tuple[float, float]
    #: Products that the measurements took.
    measuring_products: int
    #: What became of the plan, where it was followed: estimated and certified errors, and the estimate over the forecast.
    followed: dict[str, Any] | None
    #: The problem.
    problem: Problem

    def solver(self) -> Solver:
        """The solver of the chosen plan; differentiate it with ``mode=advice.choice.mode``."""
        plan = self.choice
        return Solver(self.problem, plan.method, steps=plan.steps, edges=self.edges)

    def __str__(self) -> str:
        return "\n".join([*self.why, *(f"warning: {warning}" for warning in self.warnings)])


def _plan(forecast: dict[str, Any]) -> Plan:
    plan = forecast["plan"]
    error = forecast["error"]
    return Plan(
        plan["solver"], plan["steps"], plan["mode"], plan["products"], np.inf if error is None else float(error)
    )


def advise(
    problem: Problem,
    theta: ArrayLike,
    start: ArrayLike | None = None,
    *,
    steps: int = 100,
    seconds: float | None = None,
    memory: int | None = None,
    tolerance: float = 1e-6,
    edges: tuple[float, float] | None = None,
    seed: int = 0,
    follow: bool = False,
) -> Advice:
    """Measures a smooth problem and rehearses every plan that fits a budget.

    Parameters
    ----------
    steps
        The budget: as much work as so many differentiated gradient steps.
    seconds, memory
        Limits on time and on the bytes of stored states.
    tolerance
        A relative error of the Jacobian that is good enough.
    edges
        Spectral edges that are believed to hold; they are checked.
    follow
        Whether to run the plan and look back at its forecast.

    >>> import numpy as np
    >>> from unspool import unroll
    >>> A = np.diag(np.linspace(0.01, 1, 50))
    >>> problem = unroll.quadratic(A, np.ones(50))
    >>> advice = unroll.advise(problem, [-5.0], steps=50)
    >>> advice.choice.error < 1e-4
    True
    >>> J = advice.solver().jacobian([-5.0], mode=advice.choice.mode)
    """
    x0 = np.zeros(problem.dim) if start is None else np.asarray(start, dtype=np.float64)
    text = _unspool.advise(
        problem._core,
        np.asarray(theta, dtype=np.float64).tolist(),
        x0.tolist(),
        steps=steps,
        seconds=seconds,
        memory=memory,
        tolerance=tolerance,
        edges=edges,
        seed=seed,
        follow=follow,
    )
    told = json.loads(text)
    spectrum = (told["spectrum"]["ell"], told["spectrum"]["l"])
    return Advice(
        _plan(told["choice"]),
        tuple(told["why"]),
        told["warnings"],
        [_plan(forecast) for forecast in told["forecasts"]],
        spectrum,
        told["measuring_products"],
        told["followed"],
        problem,
    )


@dataclass(frozen=True)
class Curve:
    """How one method did; entry ``t`` of an array belongs to the ``t``-th iterate."""

    #: The method.
    method: str
    #: The error of the Jacobian, relative to the exact one: 1 at the start.
    jacobian_error: Double
    #: The error of the iterate, relative to the solution.
    iterate_error: Double
    #: The objective above its minimum, relative to that of the start.
    function_error: Double
    #: The largest error of the Jacobian, and the first iteration with it.
    peak: tuple[float, int]
    #: The first iterations from which the Jacobian's error stays below 1, 1e-2 and 1e-6.
    below: tuple[int | None, int | None, int | None]


#: The methods of :func:`curse`.
METHODS = ("gd-1/L", "gd-sqrt2/L", "gd-2/(L+mu)", "heavy-ball", "nesterov", "chebyshev", "sobolev", "horizon")


def curse(
    problem: Problem,
    theta: ArrayLike,
    start: ArrayLike | None = None,
    *,
    steps: int = 100,
    methods: Sequence[str] = METHODS,
    edges: tuple[float, float] | None = None,
) -> list[Curve]:
    """The curse of unrolling, measured: the derivative of an unrolled solver gets worse before it gets better.

    >>> import numpy as np
    >>> from unspool import unroll
    >>> problem = unroll.quadratic(np.diag(np.linspace(0.01, 1, 50)), np.ones(50), groups="shared")
    >>> methods = ["gd-1/L", "gd-2/(L+mu)"]
    >>> slow, fast = unroll.curse(problem, [-7.0], 100 * np.ones(50), steps=200, methods=methods)
    >>> fast.peak[0] > slow.peak[0]
    True
    """
    x0 = np.zeros(problem.dim) if start is None else np.asarray(start, dtype=np.float64)
    at = np.asarray(theta, dtype=np.float64).tolist()
    told = json.loads(_unspool.curse(problem._core, at, x0.tolist(), steps, list(methods), edges))
    return [
        Curve(
            c["method"],
            np.array(c["jacobian_error"], dtype=np.float64),
            np.array(c["iterate_error"], dtype=np.float64),
            np.array(c["function_error"], dtype=np.float64),
            (c["peak"]["value"], c["peak"]["iteration"]),
            (c["below_one"], c["below_hundredth"], c["below_millionth"]),
        )
        for c in told["curves"]
    ]
