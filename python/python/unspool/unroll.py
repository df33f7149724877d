"""Run a solver, and differentiate it.

Three independent choices: *what* is iterated (a problem and a method, or a map of your own), *how it is run* (steps or
a tolerance), *how it is differentiated* (one argument, ``mode``).

>>> import numpy as np
>>> from unspool import unroll
>>> rng = np.random.default_rng(0)
>>> X = rng.standard_normal((200, 10))
>>> y = X @ rng.standard_normal(10)
>>> problem = unroll.ridge(X, y, groups="per-feature")  # one log-regulariser a feature
>>> solver = unroll.Solver(problem, "nesterov", tol=1e-10)
>>> theta = np.full(problem.params, -3.0)
>>> for mode in ["full", "budget:20000", "last:40", "one-step", "implicit", "implicit:cholesky"]:
...     d = solver.vjp(theta, lambda w: w, mode=mode)  # the gradient of |w|^2 / 2 in theta
>>> d.status
Status('converged')
>>> solver.jacobian(theta, mode="implicit").shape
(10, 10)

==========================================================  ==================================
the solver converges, the Hessian is positive definite      ``implicit``, ``implicit:cholesky``
early-stopped training, a few hundred steps                 ``full``
the same, but the states do not fit in memory               ``budget:BYTES``, ``slots:N``
Newton's method, or any that converges superlinearly        ``one-step``, ``last:K``
a map of your own that contracts                            ``full``, ``implicit:neumann``
a far start, many steps                                     ``late:auto``, ``late:K``
==========================================================  ==================================
"""

from __future__ import annotations

from ._problems import Map, Problem, elastic_net, lasso, logistic, multinomial, quadratic, ridge
from ._solver import Adjoint, Cost, Solution, Solver, Status, Tangents, Trust
from ._advice import Advice, Curve, Plan, advise, curse
from ._tuning import Tuned, tune

__all__ = [
    "Adjoint",
    "Advice",
    "Cost",
    "Curve",
    "Map",
    "Plan",
    "Problem",
    "Solution",
    "Solver",
    "Status",
    "Tangents",
    "Trust",
    "Tuned",
    "advise",
    "curse",
    "elastic_net",
    "lasso",
    "logistic",
    "multinomial",
    "quadratic",
    "ridge",
    "tune",
]
