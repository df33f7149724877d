"""The interface of scikit-learn, without scikit-learn."""

from __future__ import annotations

import inspect
from typing import Any, Self

import numpy as np

from . import _unspool
from ._arrays import Double, SparseLike
from ._errors import InputError
from ._graph import Graph


class Estimator:
    """Parameters by name, as ``sklearn.base.BaseEstimator`` keeps them."""

    @classmethod
    def _parameters(cls) -> dict[str, Any]:
        """Names and defaults."""
        signature = inspect.signature(cls.__init__)
        return {name: p.default for name, p in signature.parameters.items() if name != "self"}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name."""
        return {name: getattr(self, name) for name in sorted(self._parameters())}

    def set_params(self, **params: Any) -> Self:
        """Sets parameters by name."""
        known = sorted(self._parameters())
        for name, value in params.items():
            if name not in known:
                message = f"Invalid parameter {name!r} for estimator {self}."
                raise InputError(f"{message} Valid parameters are: {known!r}.", f"there are {', '.join(known)}")
            setattr(self, name, value)
        return self

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        defaults = self._parameters()
        changed = [f"{n}={v!r}" for n, v in self.get_params().items() if repr(v) != repr(defaults[n])]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags

        tags = InputTags(allow_nan=self._allow_nan)
        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=None,
            regressor_tags=None,
            classifier_tags=None,
            input_tags=tags,
        )

    #: Whether missing values are taken.
    _allow_nan = True


def signals(X: Any, allow_nan: bool) -> Double:
    """A matrix of observations; errors speak as those of scikit-learn do."""
    if isinstance(X, SparseLike):
        raise InputError("Sparse data was passed for X, but dense data is required.", "use X.toarray()")
    array = np.asarray(X)
    if array.dtype.kind == "c":
        raise InputError(f"Complex data not supported: X is of {array.dtype}", "take real and imaginary parts as nodes")
    if array.ndim != 2:
        hint = "Reshape your data either using array.reshape(-1, 1) if it has one node or (1, -1) for one observation"
        raise InputError(f"Expected 2D array, got {array.ndim}D array instead. {hint}.", hint)
    rows, nodes = array.shape
    shape = f"(shape=({rows}, {nodes}))"
    if rows < 1:
        raise InputError(f"Found array with {rows} sample(s) {shape} while a minimum of 1 is required.", "give rows")
    if nodes < 2:
        message = f"Found array with {nodes} feature(s) {shape} while a minimum of {min(nodes + 1, 2)} is required."
        raise InputError(message, "a graph needs two nodes or more; rows are observations, columns nodes")
    values = np.ascontiguousarray(array, dtype=np.float64)
    if not allow_nan and np.isnan(values).any():
        raise InputError("Input X contains NaN.", "fill in what is missing, or take GraphLearner")
    if np.isinf(values).any():
        raise InputError("Input X contains infinity or a value too large for dtype('float64').", "correct it")
    return values


class GraphEstimator(Estimator):
    """What the learners share: after ``fit`` there is a graph."""

    #: The graph that was learned.
    graph_: Graph
    #: Number of nodes.
    n_features_in_: int

    def _check(self, X: Any) -> Double:
        """Takes in the observations and the names of nodes."""
        values = signals(X, self._allow_nan)
        for name in [n for n in vars(self) if n.endswith("_") and not n.startswith("_")]:
            delattr(self, name)
        self.n_features_in_ = values.shape[1]
        columns = getattr(X, "columns", None)
        if columns is not None and all(isinstance(c, str) for c in columns):
            self.feature_names_in_ = np.array(list(columns), dtype=object)
        return values

    def _learned(self, told: dict[str, Any]) -> Self:
        names = getattr(self, "feature_names_in_", ())
        self.graph_ = Graph(
            self.n_features_in_, told["edges"], told["weights"], names=names, probabilities=told["probabilities"]
        )
        for attribute, key in (("objective_", "objective"), ("gap_", "gap"), ("n_iter_", "iterations")):
            if told[key] is not None:
                setattr(self, attribute, told[key])
        return self

    @property
    def weights_(self) -> Double:
        """The weight of each edge."""
        return self.graph_.weights

    @property
    def edges_(self) -> Any:
        """Pairs of nodes, the smaller first."""
        return self.graph_.edges

    @property
    def adjacency_(self) -> Double:
        """The matrix of weights."""
        return self.graph_.adjacency()

    @property
    def laplacian_(self) -> Double:
        """``diag(degrees) - adjacency_``."""
        return self.graph_.laplacian()

    def score(self, X: Any, y: None = None) -> float:
        """How likely other signals are under the graph: minus twice the negative log-likelihood of an observation, at
        the best scale, up to a constant; minus infinity for a graph in pieces."""
        shape, expected = np.shape(X), self.n_features_in_
        if len(shape) == 2 and shape[1] != expected:
            message = f"X has {shape[1]} features, but {type(self).__name__} is expecting {expected} features as input."
            raise InputError(message, "give observations of the nodes that the graph was learned on")
        values = signals(X, self._allow_nan)
        return -_unspool.held_out_loss(values, self.graph_.edges, self.graph_.weights)

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draws the graph: see :meth:`Graph.plot`."""
        return self.graph_.plot(ax, **options)
