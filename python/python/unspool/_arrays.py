"""Arrays as the engine takes them: contiguous, of float32 or float64, and not copied where they are already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ._errors import InputError

#: float32 or float64
Floats: TypeAlias = NDArray[np.floating[Any]]
Double: TypeAlias = NDArray[np.float64]


@runtime_checkable
class SparseLike(Protocol):
    """A matrix of ``scipy.sparse``, in whatever format."""

    def tocsr(self) -> Any: ...


def width(*arrays: Any) -> np.dtype[Any]:
    """float32 if all arrays are, else float64."""
    dtypes = [getattr(a, "dtype", None) for a in arrays]
    single = all(d == np.float32 for d in dtypes)
    return np.dtype(np.float32 if single and dtypes else np.float64)


def vector(what: str, values: ArrayLike, dtype: DTypeLike) -> Floats:
    """One axis; a single number becomes one of length one."""
    array = np.ascontiguousarray(values, dtype=dtype)
    if array.ndim != 1:
        raise InputError(f"{what} has {array.ndim} axes, expected 1", "give a vector")
    return array


def matrix(what: str, values: ArrayLike, dtype: DTypeLike) -> Floats:
    """Two axes."""
    array = np.ascontiguousarray(values, dtype=dtype)
    if np.ndim(values) != 2:
        raise InputError(f"{what} has {np.ndim(values)} axes, expected 2", "rows are observations")
    return array


def design(x: Any, dtype: DTypeLike) -> Any:
    """A data matrix: an array, or the parts of compressed rows."""
    if isinstance(x, SparseLike):
        rows = x.tocsr()
        if not rows.has_canonical_format:
            rows = rows.copy()
            rows.sum_duplicates()
        pointers, columns = rows.indptr.astype(np.uintp), rows.indices.astype(np.uint32)
        return (pointers, columns, np.ascontiguousarray(rows.data, dtype=dtype), int(rows.shape[1]))
    return matrix("X", x, dtype)


def pairs(nodes: int) -> Iterator[tuple[int, int]]:
    """Pairs of nodes in the order of half-vectors."""
    return ((i, j) for i in range(nodes) for j in range(i + 1, nodes))
