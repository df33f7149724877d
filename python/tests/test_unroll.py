"""Solvers and their derivatives."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import unspool
from numpy.typing import NDArray
from unspool import unroll

MODES = ["full", "slots:12", "budget:200000", "late:auto", "full+polish:5", "implicit", "implicit:cholesky"]


def regression(rows: int = 60, columns: int = 6) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((rows, columns))
    return X, X @ rng.standard_normal(columns) + 0.1 * rng.standard_normal(rows)


def problems() -> list[unroll.Problem]:
    X, y = regression()
    sign, classes = np.sign(y), np.arange(60) % 3
    spread = np.cov(X.T)
    return [
        unroll.ridge(X, y),
        unroll.ridge(X, y, groups="per-feature", gram=False),
        unroll.ridge(X, y, groups=[0, 0, 1, 1, 1, -1]),
        unroll.ridge(scipy.sparse.csr_array(X), y),
        unroll.logistic(X, sign, groups="per-feature"),
        unroll.multinomial(X, classes),
        unroll.quadratic(spread, np.ones(6), groups="per-feature"),
        unroll.quadratic(spread, np.ones(6), bounds=(-0.5, 1.0)),
        unroll.lasso(X, y),
        unroll.elastic_net(X, y),
    ]


def loss(x: NDArray[Any]) -> float:
    return float(np.sin(np.arange(1, len(x) + 1)) @ x)


@pytest.mark.parametrize("problem", problems(), ids=repr)
def test_derivatives_of_every_problem(problem: unroll.Problem) -> None:
    solver = unroll.Solver(problem, tol=1e-13)
    theta = np.linspace(-2.5, -1.5, problem.params)
    slope = np.sin(np.arange(1, problem.dim + 1))
    h = 1e-5

    def at(shift: NDArray[np.float64]) -> float:
        return loss(solver.solve(theta + shift).x)

    differences = [(at(h * e) - at(-h * e)) / (2 * h) for e in np.eye(problem.params)]
    for mode in ("full", "implicit", "implicit:cholesky"):
        d = solver.vjp(theta, slope, mode)
        assert d.status.ok and np.allclose(d.theta, differences, atol=1e-7), mode
        assert np.allclose(slope @ solver.jacobian(theta, mode), d.theta, atol=1e-9)
    tangents = solver.jvp(theta, np.ones(problem.params))
    assert np.allclose(slope @ tangents.dx, d.theta.sum(), atol=1e-6)
    two = solver.jvp(theta, np.ones((problem.params, 2)))
    assert two.dx.shape == (problem.dim, 2) and np.allclose(two.dx[:, 0], tangents.dx, rtol=1e-12)


@pytest.mark.parametrize(
    "method",
    ["gradient-descent", "gd-1/L", "gd-sqrt2/L", "gd-2/(L+mu)", "heavy-ball", "nesterov", "chebyshev", "sobolev",
     "horizon", "newton", "conjugate-gradient"],
)
def test_methods(method: str) -> None:
    X, y = regression()
    problem = unroll.ridge(X, y)
    exact = np.linalg.solve(X.T @ X / 60 + np.exp(-2) * np.eye(6), X.T @ y / 60)
    steps = {"horizon": 60, "newton": 2, "conjugate-gradient": 6}.get(method, 400)
    solver = unroll.Solver(problem, method, steps=steps)
    assert np.allclose(solver.solve([-2.0]).x, exact, atol=1e-8)
    assert np.allclose(solver.jacobian([-2.0]), solver.jacobian([-2.0], "implicit"), atol=1e-6)


def test_modes_agree() -> None:
    X, y = regression()
    solver = unroll.Solver(unroll.logistic(X, np.sign(y)), tol=1e-12)
    gradients = [solver.vjp([-2.0], lambda w: w, mode).theta[0] for mode in MODES]
    assert np.allclose(gradients, gradients[0], rtol=1e-6)
    assert gradients[0] == gradients[1] == gradients[2]  # checkpoints: the same bits
    costs = [solver.vjp([-2.0], lambda w: w, mode).cost for mode in ("full", "slots:12")]
    assert costs[1].peak_states <= 12 < costs[0].peak_states and costs[1].recomputed > 0


def test_float32_stays() -> None:
    X, y = (a.astype(np.float32) for a in regression())
    problem = unroll.ridge(X, y)
    assert problem.dtype == np.float32
    solver = unroll.Solver(problem, tol=1e-6)
    results = [solver.solve([-2.0]).x, solver.vjp([-2.0], lambda w: w).theta, solver.jacobian([-2.0])]
    assert all(r.dtype == np.float32 for r in results)
    wide = unroll.Solver(unroll.ridge(*regression()), tol=1e-12).jacobian([-2.0])
    assert np.allclose(results[2], wide, atol=1e-4)


def test_arrays_are_not_copied() -> None:
    raw = np.zeros(64 * 1024 * 1024 // 8 + 4096)
    X = raw[: 64 * 1024 * 128 + 1024].reshape(-1, 1024)  # too large to be brought to a better place
    X[:] = np.random.default_rng(0).standard_normal(X.shape)
    y = np.ones(len(X))
    problem = unroll.ridge(X, y, gram=False)
    before = problem.value(np.ones(1024), [0.0])
    X *= 2  # not to be done, but it shows
    assert problem.value(np.ones(1024), [0.0]) != before


def test_edges_and_values() -> None:
    X, y = regression()
    problem = unroll.ridge(X, y)
    spectrum = np.linalg.eigvalsh(X.T @ X / 60) + np.exp(-2)
    assert np.allclose(problem.edges([-2.0]), spectrum[[0, -1]], rtol=0.02)
    w = np.ones(6)
    assert np.isclose(problem.value(w, [-2.0]), 0.5 * np.mean((X @ w - y) ** 2) + 0.5 * np.exp(-2) * 6)
    assert np.allclose(problem.gradient(w, [-2.0]), X.T @ (X @ w - y) / 60 + np.exp(-2) * w)
    assert np.allclose(problem.hessian(w, [-2.0]), X.T @ X / 60 + np.exp(-2) * np.eye(6))


def heron(jvp: bool = True, vjp: bool = True) -> unroll.Map:
    return unroll.Map(
        lambda x, theta: (x + theta / x) / 2,
        state=2,
        params=2,
        jvp=(lambda x, t, dx, dt: dx * (1 - t / x**2) / 2 + dt / (2 * x)) if jvp else None,
        vjp=(lambda x, t, c: (c * (1 - t / x**2) / 2, c / (2 * x))) if vjp else None,
    )


@pytest.mark.parametrize("mode", ["full", "slots:4", "last:3", "one-step", "implicit:neumann", "implicit:cholesky"])
def test_a_map_of_ones_own(mode: str) -> None:
    solver = unroll.Solver(heron(), tol=1e-12)
    theta, start = [2.0, 9.0], [1.0, 1.0]
    assert np.allclose(solver.solve(theta, start).x, np.sqrt(theta))
    d = solver.vjp(theta, [1.0, 2.0], mode, start)
    assert np.allclose(d.theta, np.array([1, 2]) / (2 * np.sqrt(theta)), atol=1e-8)
    assert np.allclose(solver.jacobian(theta, mode, start), np.diag(1 / (2 * np.sqrt(theta))), atol=1e-8)


def test_maps_see_the_time_and_may_fail() -> None:
    times = []

    def step(x: Any, theta: Any, t: int) -> Any:
        times.append(t)
        return x + theta

    assert unroll.Solver(unroll.Map(step, state=1, params=1), steps=3).solve([2.0]).x == [6.0]
    assert times == [0, 1, 2]

    def broken(x: Any, theta: Any) -> Any:
        raise KeyError("lost")

    with pytest.raises(KeyError, match="lost"):
        unroll.Solver(unroll.Map(broken, state=1, params=1)).solve([1.0])
    with pytest.raises(unspool.InputError, match="returned 3 numbers, 1 are needed"):
        unroll.Solver(unroll.Map(lambda x, t: np.ones(3), state=1, params=1)).solve([1.0])
    with pytest.raises(unspool.InputError, match="has no jvp"):
        unroll.Solver(heron(jvp=False), steps=3).jacobian([1.0, 2.0], start=[1.0, 1.0])
    with pytest.raises(unspool.InputError, match="has no vjp"):
        unroll.Solver(heron(vjp=False), steps=3).vjp([1.0, 2.0], [1.0, 1.0], start=[1.0, 1.0])
    with pytest.raises(ZeroDivisionError):
        unroll.Solver(heron()).vjp([1.0, 2.0], lambda x: 1 / 0, start=[1.0, 1.0])


def test_outcomes() -> None:
    X, y = regression()
    problem = unroll.ridge(X, y)
    with pytest.warns(unspool.ConvergenceWarning, match="did not converge"):
        d = unroll.Solver(problem, max_steps=3).vjp([-2.0], lambda w: w)
    assert d.status.name == "not-converged" and not d.status.ok and d.status.iteration == 3
    with pytest.raises(unspool.ConvergenceError, match="not finite"):
        unroll.Solver(problem, "gradient-descent", step_size=1e3).solve([-2.0])
    cases: list[tuple[Callable[[], object], str]] = [
        (lambda: unroll.Solver(problem).solve([-2.0, 1.0]), "theta has length 2, expected 1"),
        (lambda: unroll.Solver(problem).solve([np.nan]), "theta holds a value that is not finite"),
        (lambda: unroll.Solver(problem).solve([-2.0], np.zeros(3)), "start has length 3"),
        (lambda: unroll.Solver(problem).vjp([-2.0], np.ones(3)), "the cotangent has length 3"),
        (lambda: unroll.Solver(problem).vjp([-2.0], np.ones(6), "half"), "`half` is not a mode"),
        (lambda: unroll.Solver(problem, "magic").solve([-2.0]), "there is no method"),
        (lambda: unroll.Solver(problem, "fista").solve([-2.0]), "does not run on this problem"),
        (lambda: unroll.Solver(unroll.lasso(X, y), "nesterov").solve([-2.0]), "does not run on this problem"),
        (lambda: unroll.Solver(problem, steps=-1), "is negative"),
        (lambda: unroll.ridge(X, y[:-1]), "the targets has length 59"),
        (lambda: unroll.ridge(X, y, groups="some"), "there are no groups"),
        (lambda: unroll.ridge(np.full((3, 2), np.inf), np.ones(3)), "not finite"),
        (lambda: unroll.ridge(X[:, 0], y), "X has 1 axes"),
        (lambda: unroll.quadratic(np.eye(3), np.ones(2)), "A is 3 x 3"),
        (lambda: unroll.quadratic([[1.0, 2.0], [0.0, 1.0]], [1.0, 1.0]), "not symmetric"),
        (lambda: unroll.lasso(X, y).gradient(np.ones(6), [0.0]), "needs a smooth problem"),
    ]
    for call, text in cases:
        with pytest.raises(unspool.InputError, match=text):
            call()


def test_pickles() -> None:
    for problem in problems():
        solver = unroll.Solver(problem, tol=1e-10)
        again = pickle.loads(pickle.dumps(solver))
        theta = np.full(problem.params, -2.0)
        assert np.array_equal(again.solve(theta).x, solver.solve(theta).x) and repr(again) == repr(solver)


def test_trust() -> None:
    X, y = regression()
    solver = unroll.Solver(unroll.ridge(X, y), "gd-1/L", steps=20)
    tangents, trust = solver.trust([-2.0])
    exact = unroll.Solver(unroll.ridge(X, y), "newton", steps=2).jacobian([-2.0], "implicit:cholesky")
    error = np.linalg.norm(tangents.dx - exact)
    assert abs(trust.sharp / error - 1) < 0.01 and trust.certified is not None and trust.certified >= error


def test_advice() -> None:
    X, y = regression(200, 20)
    problem = unroll.ridge(X, y)
    advice = unroll.advise(problem, [-6.0], steps=20, follow=True)
    J = advice.solver().jacobian([-6.0], advice.choice.mode)
    exact = unroll.Solver(problem, "newton", steps=2).jacobian([-6.0], "implicit:cholesky")
    assert np.linalg.norm(J - exact) <= 1e-4 * np.linalg.norm(exact)
    assert advice.followed is not None and str(advice).count("\n") >= 1 and advice.forecasts
    curves = unroll.curse(problem, [-6.0], steps=30)
    assert [c.method for c in curves][0] == "gd-1/L" and all(len(c.jacobian_error) == 31 for c in curves)


def test_tuning_as_on_the_command_line(cli: Callable[..., str], tmp_path: Path) -> None:
    X, y = regression(150, 5)
    header = ",".join([*(f"x{j}" for j in range(5)), "target"])
    rows = ["," .join(repr(float(v)) for v in row) for row in np.c_[X, y]]
    (tmp_path / "table.csv").write_text("\n".join([header, *rows]) + "\n")
    cli("tune", tmp_path / "table.csv", "--target", "target", "--model", "ridge", "--out", tmp_path / "out", "--quiet")
    theirs = json.loads((tmp_path / "out/model.json").read_text())
    tuned = unroll.tune(X, y, "ridge")
    tuned.save(tmp_path / "ours.json")
    ours = json.loads((tmp_path / "ours.json").read_text())
    for key in ("weights", "intercepts", "log_regularisers", "standardizer", "target_mean", "columns"):
        assert ours[key] == theirs[key], key
    assert np.array_equal(unroll.Tuned.load(tmp_path / "out/model.json").predict(X), tuned.predict(X))


def test_tuning() -> None:
    X, y = regression(150, 5)
    seen: list[dict[str, Any]] = []
    labels = np.where(y > 0, "up", "down")
    tuned = unroll.tune(X, labels, "logistic", progress=seen.append, regularisers=[0, 0, 1, 1, 1])
    assert tuned.classes_ is not None and tuned.classes_.tolist() == ["down", "up"]
    assert (tuned.predict(X) == labels).mean() > 0.9 and np.allclose(tuned.predict_proba(X).sum(axis=1), 1)
    assert len(seen) == len(tuned.history) and isinstance(tuned.notes, list)
    again = pickle.loads(pickle.dumps(tuned))
    assert np.array_equal(again.predict(X), tuned.predict(X)) and again.history == tuned.history
    sparse = unroll.tune(scipy.sparse.csr_matrix(X), y, "lasso")
    assert np.corrcoef(sparse.predict(scipy.sparse.csr_matrix(X)), y)[0, 1] > 0.9
    whole = unroll.tune(X, (y > 0).astype(int), "logistic")
    assert whole.predict(X).dtype.kind == "i"
    with pytest.raises(unspool.InputError, match="is not a model"):
        unroll.tune(X, y, "magic")  # type: ignore[arg-type]
    with pytest.raises(unspool.InputError, match="3 features, the model has 5"):
        tuned.predict(X[:, :3])

    def stop(_: dict[str, Any]) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        unroll.tune(X, y, "ridge", progress=stop)
