"""Learners of graphs, one a method."""

from __future__ import annotations

import os
from typing import Any, NamedTuple, Self

import numpy as np

from . import _unspool
from ._arrays import Double
from ._errors import InputError
from ._estimator import GraphEstimator, signals


class GraphLearner(GraphEstimator):
    """The log-degree model, to a certified duality gap.

    ``min_w  2 theta z'w - alpha 1'log(D w) + beta |w|^2,  w >= 0``, with ``z`` the squared distances between nodes per
    observation (Kalofolias 2016). Missing values (NaN) are allowed.

    Parameters
    ----------
    degree
        The average number of neighbours wanted; 6 or, for few nodes, less, if neither it nor ``alpha`` and ``beta`` are
        given. Then ``alpha = beta = 1``, and ``theta`` is found.
    alpha, beta, theta
        The weights of the model, instead of ``degree``.
    solver
        ``newton``; or ``fdpg``, ``pds``, ``relaxed``, the first-order methods.
    tolerance
        Relative duality gap to reach.
    dense_up_to
        Up to so many nodes all pairs are held in memory; beyond, few are, with the same optimum.
    standardise
        Bring each node to mean 0 and variance 1 first.
    seed
        Of the search for near neighbours in large graphs.

    Attributes
    ----------
    graph_, weights_, edges_, adjacency_, laplacian_
        The learned graph and its parts.
    alpha_, beta_, theta_
        The weights it was learned with.
    objective_, gap_, n_iter_
        The objective, its certified relative gap, iterations.
    dual_
        The dual variables, one a node: pass them to ``fit`` as ``start`` for a similar graph.
    n_features_in_, feature_names_in_
        Number and names of nodes.

    >>> import numpy as np
    >>> X = np.random.default_rng(0).standard_normal((200, 8)) @ np.diag(np.arange(1.0, 9.0))
    >>> GraphLearner(alpha=1.0, beta=0.5).fit(X).laplacian_.shape
    (8, 8)
    """

    def __init__(
        self,
        *,
        degree: float | None = None,
        alpha: float | None = None,
        beta: float | None = None,
        theta: float = 1.0,
        solver: str = "newton",
        tolerance: float = 1e-6,
        dense_up_to: int = 5000,
        standardise: bool = False,
        seed: int = 0,
    ) -> None:
        self.degree = degree
        self.alpha = alpha
        self.beta = beta
        self.theta = theta
        self.solver = solver
        self.tolerance = tolerance
        self.dense_up_to = dense_up_to
        self.standardise = standardise
        self.seed = seed

    def fit(self, X: Any, y: None = None, *, held_out: Any = None, start: Any = None) -> Self:
        """Learns from observations; with ``held_out`` observations, ``theta`` is chosen by hypergradient on them."""
        values = self._check(X)
        if (self.alpha is None) != (self.beta is None):
            raise InputError("alpha and beta go together", "give both, or degree")
        if self.alpha is not None and self.degree is not None:
            raise InputError("degree and alpha exclude each other", "give degree, or alpha and beta")
        told = _unspool.log_degree(
            values,
            alpha=self.alpha,
            beta=self.beta,
            theta=self.theta,
            degree=self.degree,
            held_out=None if held_out is None else signals(held_out, True),
            solver=self.solver,
            tolerance=self.tolerance,
            dense_up_to=self.dense_up_to,
            seed=self.seed,
            standardise=self.standardise,
            start=None if start is None else np.asarray(start, dtype=np.float64).tolist(),
        )
        self.alpha_, self.beta_, self.theta_ = told["regularisers"]
        self.dual_ = told["lambda"]
        return self._learned(told)


class LaplacianLearner(GraphEstimator):
    """The Laplacian of maximum likelihood: for many observations of few nodes.

    Parameters
    ----------
    refit
        Fit again on the support that the Bayesian information criterion (or ``held_out`` observations, see :meth:`fit`)
        finds best; else all pairs.
    tolerance
        Relative duality gap to reach.
    standardise
        Bring each node to mean 0 and variance 1 first.

    >>> import numpy as np
    >>> X = np.random.default_rng(0).standard_normal((500, 6)).cumsum(axis=1)
    >>> LaplacianLearner().fit(X).edges_.tolist()
    [[0, 1], [1, 2], [2, 3], [3, 4], [4, 5]]
    """

    def __init__(self, *, refit: bool = True, tolerance: float = 1e-6, standardise: bool = False) -> None:
        self.refit = refit
        self.tolerance = tolerance
        self.standardise = standardise

    def fit(self, X: Any, y: None = None, *, held_out: Any = None) -> Self:
        """Learns from observations; ``held_out`` ones choose the support."""
        values = self._check(X)
        told = _unspool.likelihood(
            values,
            refit=self.refit,
            held_out=None if held_out is None else signals(held_out, True),
            tolerance=self.tolerance,
            standardise=self.standardise,
        )
        #: Number of edges and criterion of each support that was fitted.
        self.path_ = told["path"]
        return self._learned(told)


class NetworkLearner(GraphEstimator):
    """A trained network: an unrolled refinement of the likelihood by a prior on sparse graphs.

    Parameters
    ----------
    probability
        Pairs are edges from this probability on.
    adapt
        Steps of adaptation to the observations, without knowing their graph; 0 for none.
    weights
        A safetensors file in place of the weights that come with the package.
    standardise
        Bring each node to mean 0 and variance 1 first.

    >>> weather = load_molene()
    >>> graph = NetworkLearner().fit(weather.X).graph_
    >>> bool(graph.probabilities.min() >= 0.5)
    True
    """

    def __init__(
        self,
        *,
        probability: float = 0.5,
        adapt: int = 0,
        weights: str | os.PathLike[str] | None = None,
        standardise: bool = False,
    ) -> None:
        self.probability = probability
        self.adapt = adapt
        self.weights = weights
        self.standardise = standardise

    def fit(self, X: Any, y: None = None) -> Self:
        """Learns from observations."""
        values = self._check(X)
        path = None if self.weights is None else os.fspath(self.weights)
        told = _unspool.network(
            values, probability=self.probability, adapt=self.adapt, weights=path, standardise=self.standardise
        )
        return self._learned(told)


class Correlation(GraphEstimator):
    """The baseline: the pairs of largest absolute correlation, as many as ``degree`` neighbours a node make.

    >>> weather = load_molene()
    >>> len(Correlation(degree=4).fit(weather.X).weights_)
    74
    """

    def __init__(self, *, degree: float | None = None, standardise: bool = False) -> None:
        self.degree = degree
        self.standardise = standardise

    def fit(self, X: Any, y: None = None) -> Self:
        """Learns from observations."""
        values = self._check(X)
        if len(values) < 2:
            raise InputError("n_samples = 1: a correlation needs two observations", "give two rows or more")
        return self._learned(_unspool.correlation(values, degree=self.degree, standardise=self.standardise))


class Signals(NamedTuple):
    """Observations of nodes that have names and places."""

    #: A row an observation, a column a node.
    X: Double
    #: Names of the nodes.
    names: list[str]
    #: Positions of the nodes, nodes x 2.
    positions: Double


def load_molene() -> Signals:
    """Hourly temperatures (kelvin) of January 2014 at 37 weather stations in Brittany (Météo-France, Licence Ouverte).

    >>> load_molene().X.shape
    (744, 37)
    """
    return Signals(*_unspool.example_signals("molene"))


def squared_distances(X: Any) -> Double:
    """The mean squared difference of each pair of columns, as a vector over pairs (0, 1), (0, 2), ..., (1, 2), ...

    >>> squared_distances([[0.0, 1.0, 3.0]])
    array([1., 9., 4.])
    """
    return _unspool.squared_distances(signals(X, True))
