"""Regularisers learned by hypergradient, and the models that come of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _unspool
from ._arrays import Double, design
from ._errors import InputError


class Tuned:
    """A model with learned regularisers, as :func:`tune` gives it and ``unspool tune`` writes it."""

    def __init__(self, core: _unspool.Tuned, outcome: dict[str, Any] | None, classes: Any = None) -> None:
        self._core = core
        self._model: dict[str, Any] = json.loads(core.to_json())
        self._outcome = outcome
        #: The classes, for a classifier.
        self.classes_: NDArray[Any] | None = classes
        if classes is None and self._model["labels"]:
            self.classes_ = np.array(self._model["labels"])

    def __getstate__(self) -> dict[str, Any]:
        return {"model": self._core.to_json(), "outcome": self._outcome, "classes": self.classes_}

    def __setstate__(self, state: dict[str, Any]) -> None:
        core = _unspool.Tuned.from_json(state["model"])
        self.__init__(core, state["outcome"], state["classes"])  # type: ignore[misc]

    def __repr__(self) -> str:
        return f"<{self._model['model']} of {self._model['features']} features>"

    @property
    def weights_(self) -> Double:
        """Weights of the standardised features: a row for each output."""
        return np.array(self._model["weights"], dtype=np.float64)

    @property
    def intercepts_(self) -> Double:
        """The intercept of each output."""
        return np.array(self._model["intercepts"], dtype=np.float64)

    @property
    def log_regularisers_(self) -> Double:
        """The logarithm of the regulariser of each feature."""
        return np.array(self._model["log_regularisers"], dtype=np.float64)

    @property
    def comparison(self) -> dict[str, Any]:
        """Against a grid search, on test rows that neither has seen."""
        comparison: dict[str, Any] = self._model["comparison"]
        return comparison

    def _told(self, key: str) -> Any:
        if self._outcome is None:
            raise InputError("a model that was read from a file does not know this", "tune again")
        return self._outcome[key]

    @property
    def history(self) -> list[dict[str, Any]]:
        """Every evaluation of the outer loss."""
        history: list[dict[str, Any]] = self._told("history")
        return history

    @property
    def notes(self) -> list[str]:
        """What should be known: constant columns, a simple method that wins."""
        notes: list[str] = self._told("notes")
        return notes

    @property
    def advice(self) -> list[str] | None:
        """How the fits were computed and differentiated, and why, where the adviser was asked."""
        advice: list[str] | None = self._told("advice")
        return advice

    @property
    def converged(self) -> bool:
        """Whether every fit reached its tolerance."""
        return bool(self._told("converged"))

    def predict(self, X: Any) -> NDArray[Any]:
        """Values, or classes."""
        values, _ = self._core.predict(design(X, np.float64))
        return values if self.classes_ is None else self.classes_[values.astype(int)]

    def predict_proba(self, X: Any) -> Double:
        """The probability of each class, a row an observation."""
        _, probabilities = self._core.predict(design(X, np.float64))
        if probabilities is None:
            raise InputError("a regression has no probabilities", "call predict")
        return probabilities

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a model file, which ``unspool predict`` reads, too."""
        self._core.write(os.fspath(path))

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Tuned:
        """Reads a model file."""
        return Tuned(_unspool.Tuned.read(os.fspath(path)), None)


def _names(X: Any, width: int, columns: Sequence[str] | None) -> list[str]:
    found = columns if columns is not None else getattr(X, "columns", None)
    return [str(c) for c in found] if found is not None else [f"x{j}" for j in range(width)]


def tune(
    X: Any,
    y: ArrayLike,
    model: Literal["ridge", "logistic", "lasso"] = "ridge",
    *,
    regularisers: Literal["auto", "one", "per-feature"] | Sequence[int] = "auto",
    test_fraction: float = 0.2,
    folds: int = 5,
    seed: int = 0,
    steps: int | None = None,
    mode: str = "full",
    max_evaluations: int = 12,
    grid_points: int = 25,
    columns: Sequence[str] | None = None,
    target: str = "target",
    progress: Callable[[dict[str, Any]], object] | None = None,
) -> Tuned:
    """Learns the regularisers of a linear model by hypergradient, and compares it with a grid search on test rows.

    Parameters
    ----------
    X, y
        Features (an array, a data frame, a ``scipy.sparse`` matrix) and what is to be predicted: numbers, or classes of
        any type.
    regularisers
        ``one`` for all features, one ``per-feature``, ``auto`` to decide, or a group number for each feature.
    steps, mode
        Where ``steps`` is given, fits are so many steps from zero, differentiated in this mode; else as the adviser
        finds best.
    progress
        Called with each evaluation.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((300, 5))
    >>> y = X[:, 0] - X[:, 1] + 0.1 * rng.standard_normal(300)
    >>> tuned = tune(X, y, "ridge")
    >>> tuned.comparison["learned"]["quality"] > 0.95
    True
    >>> tuned.predict(X).shape
    (300,)
    """
    features = design(X, np.float64)
    width = features[3] if isinstance(features, tuple) else features.shape[1]
    targets, labels, classes = np.asarray(y), None, None
    if targets.ndim != 1:
        raise InputError(f"y has {targets.ndim} axes, expected 1", "give one target a row")
    if targets.dtype.kind in "OUSb":
        texts = targets.astype(str)
        labels, values = np.unique(texts, return_inverse=True)
        classes = np.unique(targets) if targets.dtype.kind == "b" else labels
        targets = values
    elif model == "logistic":
        classes = np.unique(targets)
    if model != "logistic" and targets.size and bool((targets == targets[0]).all()):
        hint = "there is nothing to learn: choose another target or add rows that differ in it"
        raise InputError(f'column "{target}": the target is "{targets[0]:g}" in every row', hint)
    by_name = isinstance(regularisers, str)
    core, text = _unspool.tune(
        features,
        np.ascontiguousarray(targets, dtype=np.float64),
        model=model,
        columns=_names(X, width, columns),
        target=target,
        labels=None if labels is None else labels.tolist(),
        regularisers=regularisers if isinstance(regularisers, str) else "groups",
        groups=None if by_name else [int(g) for g in regularisers],
        test_fraction=test_fraction,
        folds=folds,
        seed=seed,
        steps=steps,
        mode=mode,
        max_evaluations=max_evaluations,
        grid_points=grid_points,
        progress=None if progress is None else lambda text: progress(json.loads(text)),
    )
    return Tuned(core, json.loads(text), classes if model == "logistic" else None)
