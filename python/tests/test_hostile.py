"""Whatever goes in: an answer or an error of this package, never a panic."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import unspool
from numpy.typing import NDArray
from unspool import graph, image, unroll

ARRAYS: list[NDArray[np.float64]] = [
    np.zeros((0, 0)),
    np.zeros((0, 3)),
    np.zeros((3, 0)),
    np.zeros((1, 1)),
    np.ones((1, 5)),
    np.full((2, 2), np.nan),
    np.full((3, 3), np.inf),
    np.full((4, 4), 1e308),
    np.full((4, 4), 5e-324),
    -np.eye(3),
    1e200 * np.random.default_rng(0).standard_normal((5, 4)),
]


def calls(a: NDArray[np.float64]) -> Iterator[Callable[[], object]]:
    some = np.random.default_rng(1).random(a.shape) < 0.5
    for method in ("learned", "menon", "lmmse", "malvar", "bilinear", "uglr"):
        yield lambda: image.demosaick(a, method=method, noise="auto")
    for method in ("learned", "quick", "biharmonic", "linear", "bicubic"):
        yield lambda: image.interpolate(a, some, method)
    yield lambda: image.explain_demosaick(a, pixels=[(0, 0)])
    learners: list[Any] = [
        graph.GraphLearner(),
        graph.GraphLearner(alpha=1e-300, beta=1e300),
        graph.GraphLearner(dense_up_to=2),
        graph.GraphLearner(degree=np.nan),
        graph.LaplacianLearner(),
        graph.NetworkLearner(adapt=1),
        graph.Correlation(standardise=True),
    ]
    for learner in learners:
        yield lambda: learner.fit(a).score(a)
    sign = np.where(np.arange(len(a)) % 2, 1.0, -1.0)
    for make in (unroll.ridge, unroll.logistic, unroll.lasso, unroll.elastic_net):
        for groups in ("shared", "none", [7] * a.shape[1]):
            yield lambda: run(make(a, sign, groups))
    yield lambda: run(unroll.multinomial(a, np.arange(len(a)) % 2))
    yield lambda: unroll.tune(a, sign, "logistic")


def run(problem: unroll.Problem) -> None:
    theta = np.zeros(problem.params)
    solver = unroll.Solver(problem, max_steps=20)
    for mode in ("full", "slots:1", "implicit"):
        solver.vjp(theta, lambda x: x, mode)
    solver.jacobian(theta, "implicit:cholesky")


@pytest.mark.parametrize("number", range(len(ARRAYS)))
def test_arrays(number: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for call in calls(ARRAYS[number]):
            try:
                call()
            except unspool.UnspoolError as error:
                assert "panicked" not in str(error) and "\n" not in str(error)


def test_numbers() -> None:
    two = unroll.quadratic(np.eye(2), np.ones(2))
    refused: list[Callable[[], object]] = [
        lambda: graph.Graph(-1, [], []),
        lambda: unroll.Map(lambda x, t: x, state=-1, params=0),
        lambda: unroll.quadratic(np.eye(2), np.ones(2), bounds=(1.0, 0.0)),
        lambda: unroll.advise(two, [0.0, 1.0]),
        lambda: unroll.advise(two, [0.0], steps=0),
        lambda: unroll.Solver(two, tol=-1.0).solve([0.0]),
        lambda: unroll.Solver(two).vjp([0.0], [1.0, 1.0], "last:0"),
    ]
    for call in refused:
        with pytest.raises(unspool.InputError):
            call()
    assert unroll.Solver(unroll.Map(lambda x, t: x, state=0, params=0), steps=2).solve().x.shape == (0,)
    assert graph.Graph(2, [], []).layout().shape == (2, 2)
