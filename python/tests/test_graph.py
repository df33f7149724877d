"""Graphs."""

from __future__ import annotations

import json
import pickle
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import unspool
from numpy.typing import NDArray
from unspool import graph
from unspool.graph import Correlation, Graph, GraphLearner, LaplacianLearner, NetworkLearner

LEARNERS = [GraphLearner(), GraphLearner(solver="fdpg"), LaplacianLearner(), NetworkLearner(), Correlation()]


def walks(rows: int = 300, nodes: int = 12) -> NDArray[np.float64]:
    return np.random.default_rng(0).standard_normal((rows, nodes)).cumsum(axis=1)


@pytest.mark.parametrize("learner", LEARNERS)
def test_learners(learner: Any) -> None:
    X = walks()
    assert learner.fit(X) is learner
    assert learner.n_features_in_ == 12 and learner.adjacency_.shape == (12, 12)
    assert np.array_equal(learner.adjacency_, learner.adjacency_.T) and (learner.weights_ > 0).all()
    assert np.allclose(learner.laplacian_.sum(axis=1), 0)
    assert len(learner.edges_) == len(learner.weights_)
    again = pickle.loads(pickle.dumps(learner))
    assert again.graph_ == learner.graph_ and repr(again) == repr(learner)
    first = {name: value for name, value in vars(learner).items() if name.endswith("_")}
    learner.fit(X[:, :5])
    assert learner.n_features_in_ == 5 and first.keys() == {n for n in vars(learner) if n.endswith("_")}


def test_the_optimum() -> None:
    X = walks()
    newton = GraphLearner(alpha=1.0, beta=0.5, tolerance=1e-10).fit(X)
    assert newton.gap_ <= 1e-10 and (newton.alpha_, newton.beta_, newton.theta_) == (1.0, 0.5, 1.0)
    for solver in ("fdpg", "pds", "relaxed"):
        other = GraphLearner(alpha=1.0, beta=0.5, tolerance=1e-10, solver=solver).fit(X)
        assert np.allclose(other.adjacency_, newton.adjacency_, atol=1e-4)
    warm = GraphLearner(alpha=1.0, beta=0.5, tolerance=1e-10).fit(X, start=newton.dual_)
    assert warm.n_iter_ <= newton.n_iter_
    degree = GraphLearner(degree=4).fit(X)
    assert abs(2 * len(degree.weights_) / 12 - 4) < 0.7
    chosen = GraphLearner().fit(X[::2], held_out=X[1::2])
    assert chosen.score(X[1::2]) > Correlation().fit(X[::2]).score(X[1::2])


def test_a_chain_is_found() -> None:
    refitted = LaplacianLearner().fit(walks(1000))
    assert refitted.edges_.tolist() == [[i, i + 1] for i in range(11)]
    assert len(refitted.path_) > 1
    assert len(LaplacianLearner(refit=False).fit(walks(1000)).weights_) > 11


def test_missing_values_and_frames() -> None:
    import pandas as pd

    X = walks()
    X[np.random.default_rng(1).random(X.shape) < 0.1] = np.nan
    frame = pd.DataFrame(X, columns=[f"s{j}" for j in range(12)])
    learner = GraphLearner().fit(frame)
    assert learner.feature_names_in_.tolist() == learner.graph_.names == list(frame.columns)


def test_weather_as_on_the_command_line(cli: Callable[..., str], tmp_path: Path) -> None:
    weather = graph.load_molene()
    np.savetxt(tmp_path / "x.csv", weather.X, delimiter=",", fmt="%.17g")
    cases: list[tuple[Any, list[object]]] = [
        (GraphLearner(degree=4), ["--degree", 4]),
        (GraphLearner(alpha=1.0, beta=0.02), ["--alpha", 1, "--beta", 0.02]),
        (GraphLearner(degree=4, solver="fdpg", standardise=True), ["--method", "fdpg", "--degree", 4, "--standardise"]),
        (LaplacianLearner(), ["--method", "refitted"]),
        (LaplacianLearner(refit=False), ["--method", "laplacian"]),
        (NetworkLearner(), ["--method", "learned"]),
        (Correlation(degree=4), ["--method", "correlation", "--degree", 4]),
    ]
    for number, (learner, arguments) in enumerate(cases):
        files = ["-o", tmp_path / f"{number}.json", "--no-picture", "--json", "--quiet"]
        told = json.loads(cli("learn-graph", tmp_path / "x.csv", *arguments, *files))
        ours = learner.fit(weather.X)
        theirs = [(i, j, w) for i, j, w in told["edges"]]
        assert [(*e, w) for e, w in zip(ours.edges_.tolist(), ours.weights_.tolist())] == theirs, learner
        assert Graph.load(tmp_path / f"{number}.json") == Graph(37, ours.edges_, ours.weights_)
        if told["probabilities"]:
            assert ours.graph_.probabilities.tolist() == told["probabilities"]


def test_conversions_keep_every_bit(tmp_path: Path) -> None:
    weather = graph.load_molene()
    learned = NetworkLearner().fit(weather.X).graph_
    g = Graph(
        learned.nodes,
        learned.edges,
        learned.weights,
        names=weather.names,
        positions=weather.positions,
        probabilities=learned.probabilities,
    )
    assert Graph.from_networkx(g.to_networkx()) == g
    bare = Graph(g.nodes, g.edges, g.weights)
    assert Graph.from_networkx(bare.to_networkx()) == bare
    assert Graph.from_scipy(g.to_scipy()) == bare
    assert Graph.from_scipy(g.adjacency()) == bare
    assert np.array_equal(g.to_scipy().toarray(), g.adjacency())
    placed = Graph(g.nodes, g.edges, g.weights, positions=g.positions)
    assert Graph.from_pygsp(types.SimpleNamespace(W=g.to_scipy(), coords=g.positions)) == placed
    for suffix in ("json", "graphml", "gexf", "npz"):
        g.save(tmp_path / f"g.{suffix}")
        assert Graph.load(tmp_path / f"g.{suffix}").weights.tolist() == g.weights.tolist()
    sure = Graph(g.nodes, g.edges, g.weights, names=g.names, positions=g.positions)
    sure.save(tmp_path / "g.json")
    assert Graph.load(tmp_path / "g.json") == sure
    assert g.scores(g)["f1"] == 1.0


def test_pictures() -> None:
    weather = graph.load_molene()
    learner = GraphLearner(degree=4).fit(weather.X)
    axes = learner.plot(names=True, values=weather.X[0])
    assert len(axes.collections) == 2 and len(axes.texts) == 37
    assert np.isfinite(learner.graph_.layout()).all()


def test_refusals() -> None:
    X = walks()
    cases: list[tuple[Callable[[], object], str]] = [
        (lambda: GraphLearner(alpha=1.0).fit(X), "alpha and beta go together"),
        (lambda: GraphLearner(alpha=1.0, beta=1.0, degree=3).fit(X), "exclude each other"),
        (lambda: GraphLearner(solver="magic").fit(X), "there is no solver"),
        (lambda: GraphLearner(degree=40).fit(X), "the average degree is 40"),
        (lambda: GraphLearner(alpha=-1.0, beta=1.0).fit(X), "alpha is -1"),
        (lambda: GraphLearner().fit(X[:, 0]), "Expected 2D array"),
        (lambda: GraphLearner().fit(np.ones((5, 3))), "all distances are zero"),
        (lambda: NetworkLearner(probability=2).fit(X), "the least probability"),
        (lambda: GraphLearner().set_params(gamma=1), "Invalid parameter 'gamma'"),
        (lambda: Graph(3, [(0, 3)], [1.0]), "leaves the 3 nodes"),
        (lambda: Graph(3, [(0, 0)], [1.0]), "edge to itself"),
        (lambda: Graph(3, [(0, 1), (1, 0)], [1.0, 2.0]), "comes twice"),
        (lambda: Graph(3, [(0, 1)], [1.0, 2.0]), "2 weights for 1 edges"),
        (lambda: Graph(3, [(0, 1)], [1.0], names=["a"]), "the names of the nodes"),
        (lambda: Graph.from_scipy([[0.0, 1.0], [2.0, 0.0]]), "give|weights of"),
        (lambda: Graph.load("graph.what"), "unknown kind of graph file"),
    ]
    for call, text in cases:
        with pytest.raises(unspool.UnspoolError, match=text):
            call()
    with pytest.raises(unspool.FileError):
        Graph.load("nowhere.json")
    with pytest.raises(unspool.ConvergenceError):
        GraphLearner(alpha=1.0, beta=1.0, tolerance=1e-300).fit(X)


def test_pygsp() -> None:
    """The real package takes our graphs, and gives them back."""
    pytest.importorskip("pygsp")
    from pygsp import filters

    weather = graph.load_molene()
    g = GraphLearner(degree=4).fit(weather.X).graph_
    there = g.to_pygsp()
    there.estimate_lmax()
    assert filters.Heat(there).filter(weather.X[0]).shape == (37,)
    assert Graph.from_pygsp(there).weights.tolist() == g.weights.tolist()
