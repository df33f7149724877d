"""The compiled half: arrays in, arrays and plain values out. Not for direct use."""

from collections.abc import Callable
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "PriorNetwork",
    "Problem",
    "Solver",
    "Tuned",
    "advise",
    "correlation",
    "curse",
    "demosaick",
    "estimate_noise",
    "example_signals",
    "explain_demosaick",
    "explain_interpolate",
    "held_out_loss",
    "image_weights",
    "interpolate",
    "layout_graph",
    "likelihood",
    "log_degree",
    "log_degree_adjoint",
    "log_degree_half",
    "mosaick",
    "network",
    "read_graph",
    "score_graph",
    "sorted_edges",
    "squared_distances",
    "tune",
    "write_graph",
]

_Double: TypeAlias = NDArray[np.float64]
_Single: TypeAlias = NDArray[np.float32]
_Floats: TypeAlias = NDArray[np.floating[Any]]
_Edges: TypeAlias = NDArray[np.int64]
_Status: TypeAlias = tuple[str, str, str | None, int | None, float | None, float | None, int | None]
_Explained: TypeAlias = tuple[list[_Single], _Single, list[_Single], list[_Single], list[_Single]]
_Tensors: TypeAlias = list[tuple[str, list[int], _Single]]
_Tangents: TypeAlias = tuple[_Floats, _Floats, bool, dict[str, int], _Status]

# images

def demosaick(
    mosaic: NDArray[Any], cfa: str, method: str, noise: float | None, weights: str | None
) -> NDArray[Any]: ...
def interpolate(image: NDArray[Any], known: NDArray[np.bool_], method: str, weights: str | None) -> NDArray[Any]: ...
def mosaick(image: NDArray[Any], cfa: str) -> NDArray[Any]: ...
def estimate_noise(image: NDArray[Any], cfa: str | None) -> float: ...
def explain_demosaick(
    mosaic: NDArray[Any],
    cfa: str,
    method: str,
    noise: float | None,
    weights: str | None,
    pixels: list[tuple[int, int]],
) -> _Explained: ...
def explain_interpolate(
    image: NDArray[Any],
    known: NDArray[np.bool_],
    method: str,
    weights: str | None,
    pixels: list[tuple[int, int]],
) -> _Explained: ...

# graphs

def log_degree(
    x: _Double,
    *,
    alpha: float | None,
    beta: float | None,
    theta: float,
    degree: float | None,
    held_out: _Double | None,
    solver: str,
    tolerance: float,
    dense_up_to: int,
    seed: int,
    standardise: bool,
    start: list[float] | None,
) -> dict[str, Any]: ...
def likelihood(
    x: _Double, *, refit: bool, held_out: _Double | None, tolerance: float, standardise: bool
) -> dict[str, Any]: ...
def network(
    x: _Double, *, probability: float, adapt: int, weights: str | None, standardise: bool
) -> dict[str, Any]: ...
def correlation(x: _Double, *, degree: float | None, standardise: bool) -> dict[str, Any]: ...
def squared_distances(x: _Double) -> _Double: ...
def log_degree_half(
    nodes: int, z: _Double, regularisers: tuple[float, float, float], tolerance: float
) -> tuple[_Double, _Double]: ...
def log_degree_adjoint(
    nodes: int, z: _Double, regularisers: tuple[float, float, float], lambda_: _Double, cotangent: _Double, /
) -> tuple[_Double, tuple[float, float, float]]: ...
def held_out_loss(x: _Double, edges: _Edges, weights: _Double) -> float: ...
def sorted_edges(nodes: int, edges: _Edges, weights: _Double) -> tuple[_Edges, _Double]: ...
def read_graph(path: str) -> tuple[int, _Edges, _Double, list[str], _Double, _Double]: ...
def write_graph(
    path: str,
    nodes: int,
    edges: _Edges,
    weights: _Double,
    names: list[str],
    positions: list[list[float]],
    probabilities: list[float],
) -> None: ...
def layout_graph(nodes: int, edges: _Edges, weights: _Double, seed: int) -> _Double: ...
def score_graph(
    nodes: int, edges: _Edges, weights: _Double, true_nodes: int, true_edges: _Edges, true_weights: _Double
) -> list[tuple[str, float]]: ...
def example_signals(name: str) -> tuple[_Double, list[str], _Double]: ...

# networks

def image_weights(name: str) -> _Tensors: ...

@final
class PriorNetwork:
    def __new__(cls, nodes: int, signals: int, z: list[float]) -> PriorNetwork: ...
    @staticmethod
    def shipped() -> _Tensors: ...
    def predict(self, theta: _Floats) -> tuple[_Double, _Double]: ...
    def vjp(self, theta: _Floats, cotangent: _Floats) -> _Floats: ...

# solvers

@final
class Problem:
    @staticmethod
    def regression(
        model: str, x: Any, y: _Floats, groups: str | list[int], gram: bool, classes: int, bounds: Any
    ) -> Problem: ...
    @staticmethod
    def quadratic(a: _Floats, b: _Floats, groups: str | list[int], bounds: Any) -> Problem: ...
    @staticmethod
    def map(
        step: Callable[..., Any],
        jvp: Callable[..., Any] | None,
        vjp: Callable[..., Any] | None,
        state: int,
        output: int,
        params: int,
        single: bool,
    ) -> Problem: ...
    @property
    def dim(self) -> int: ...
    @property
    def params(self) -> int: ...
    @property
    def dtype(self) -> str: ...
    def value(self, x: _Floats, theta: _Floats) -> float: ...
    def gradient(self, x: _Floats, theta: _Floats) -> _Floats: ...
    def hessian(self, x: _Floats, theta: _Floats) -> _Floats: ...
    def edges(self, x: _Floats, theta: _Floats) -> tuple[float, float]: ...

@final
class Solver:
    def __new__(
        cls,
        problem: Problem,
        method: str,
        step_size: float | None,
        momentum: float | None,
        damping: float | None,
        edges: tuple[float, float] | None,
        steps: int | None,
        tol: float,
        max_steps: int,
    ) -> Solver: ...
    def solve(self, theta: _Floats, start: _Floats) -> tuple[_Floats, int, float, _Status]: ...
    def vjp(
        self, theta: _Floats, start: _Floats, mode: str, cotangent: Any
    ) -> tuple[_Floats, _Floats, _Floats, dict[str, int], _Status]: ...
    def jvps(self, theta: _Floats, start: _Floats, mode: str, directions: _Floats) -> _Tangents: ...
    def trust(
        self,
        theta: _Floats,
        start: _Floats,
        mode: str,
        directions: _Floats,
        *,
        ell: float | None,
        tol: float,
        max_products: int,
        seed: int,
    ) -> tuple[_Tangents, dict[str, Any]]: ...

def advise(
    problem: Problem,
    theta: list[float],
    start: list[float],
    *,
    steps: int,
    seconds: float | None,
    memory: int | None,
    tolerance: float,
    edges: tuple[float, float] | None,
    seed: int,
    follow: bool,
) -> str: ...
def curse(
    problem: Problem,
    theta: list[float],
    start: list[float],
    steps: int,
    methods: list[str],
    edges: tuple[float, float] | None,
) -> str: ...

@final
class Tuned:
    @staticmethod
    def read(path: str) -> Tuned: ...
    def write(self, path: str) -> None: ...
    @staticmethod
    def from_json(text: str) -> Tuned: ...
    def to_json(self) -> str: ...
    def predict(self, x: Any) -> tuple[_Double, _Double | None]: ...

def tune(
    x: Any,
    y: _Double,
    *,
    model: str,
    columns: list[str],
    target: str,
    labels: list[str] | None,
    regularisers: str,
    groups: list[int] | None,
    test_fraction: float,
    folds: int,
    seed: int,
    steps: int | None,
    mode: str,
    max_evaluations: int,
    grid_points: int,
    progress: Callable[[str], object] | None,
) -> tuple[Tuned, str]: ...
