"""JAX."""

from __future__ import annotations

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="JAX is not installed: pip install unspool[jax]")
jax.config.update("jax_enable_x64", True)

from jax.test_util import check_grads  # noqa: E402
from unspool import jax as uj  # noqa: E402
from unspool import unroll  # noqa: E402


@pytest.mark.parametrize("mode", ["implicit", "full"])
def test_gradients(mode: str) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((30, 3)), rng.standard_normal(30)
    solver = unroll.Solver(unroll.ridge(X, y, "per-feature"), tol=1e-13)
    function = lambda theta: uj.solve(solver, theta, mode)  # noqa: E731
    theta = jax.numpy.array([-2.0, -1.5, -1.0])
    check_grads(function, (theta,), order=1, modes=["rev"], rtol=1e-5)
    value = jax.jit(lambda t: function(t).sum())(theta)
    assert np.isclose(value, solver.solve(theta).x.sum())
