"""Solvers as functions of JAX arrays.

>>> import jax, jax.numpy as jnp
>>> jax.config.update("jax_enable_x64", True)
>>> from unspool import unroll
>>> from unspool.jax import solve
>>> solver = unroll.Solver(unroll.quadratic([[2.0]], [-3.0]), "newton", steps=1)
>>> round(float(jax.grad(lambda theta: solve(solver, theta).sum())(jnp.zeros(1))[0]), 9)
-0.333333333
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from ._arrays import Floats
from ._problems import Map
from ._solver import Solver

__all__ = ["map_of", "solve"]


def solve(solver: Solver, theta: jax.Array, mode: str = "implicit") -> jax.Array:
    """The answer of a solver, from its default start, as a function of theta: reverse derivatives, once; also under
    ``jit``. Types are those of the problem: float64 needs ``jax_enable_x64``."""
    problem = solver.problem
    answer = jax.ShapeDtypeStruct((problem.dim,), problem.dtype)
    gradient = jax.ShapeDtypeStruct((problem.params,), problem.dtype)

    def run(at: Any) -> Floats:
        return solver.solve(np.asarray(at)).x

    def pull(at: Any, cotangent: Any) -> Floats:
        return solver.vjp(np.asarray(at), np.asarray(cotangent), mode).theta

    @jax.custom_vjp
    def function(at: jax.Array) -> jax.Array:
        x: jax.Array = jax.pure_callback(run, answer, at, vmap_method="sequential")
        return x

    def forward(at: jax.Array) -> tuple[jax.Array, jax.Array]:
        return function(at), at

    def backward(at: jax.Array, cotangent: jax.Array) -> tuple[jax.Array]:
        return (jax.pure_callback(pull, gradient, at, cotangent, vmap_method="sequential"),)

    function.defvjp(forward, backward)
    x: jax.Array = function(theta)
    return x


def map_of(
    step: Callable[[jax.Array, jax.Array], jax.Array], *, state: int, params: int, output: int | None = None
) -> Map:
    """A map for :class:`unspool.unroll.Solver` from ``step(x, theta)`` on JAX arrays, differentiated by JAX.

    >>> from unspool import unroll
    >>> heron = map_of(lambda x, theta: (x + theta / x) / 2, state=1, params=1)
    >>> round(float(unroll.Solver(heron, steps=8).vjp([4.0], [1.0], start=[1.0]).theta[0]), 6)
    0.25
    """
    fast = jax.jit(step)
    push = jax.jit(lambda x, theta, dx, dtheta: jax.jvp(step, (x, theta), (dx, dtheta))[1])
    pull = jax.jit(lambda x, theta, c: jax.vjp(step, x, theta)[1](c))
    return Map(fast, state=state, params=params, output=output, jvp=push, vjp=pull)
