"""Iterative solvers as differentiable maps, and tools built on them.

==================  =====================================================================
:mod:`unspool.unroll`  run a solver, differentiate it in any mode, ask the adviser, tune
:mod:`unspool.graph`   learn weighted graphs from signals, with the scikit-learn interface
:mod:`unspool.image`   demosaick and interpolate images
:mod:`unspool.torch`   the same as differentiable functions and modules (needs PyTorch)
:mod:`unspool.jax`     solvers as differentiable functions (needs JAX)
==================  =====================================================================

NumPy arrays go in and come out. Importing this package imports NumPy alone, and each module when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ._errors import ConvergenceError, ConvergenceWarning, FileError, InputError, UnspoolError

if TYPE_CHECKING:
    from types import ModuleType

    from . import graph, image, unroll

__version__ = "0.1.0"

__all__ = [
    "ConvergenceError",
    "ConvergenceWarning",
    "FileError",
    "InputError",
    "UnspoolError",
    "graph",
    "image",
    "unroll",
]


def __getattr__(name: str) -> ModuleType:
    """Imports a module of the package when it is first asked for (PEP 562)."""
    if name in ("graph", "image", "unroll"):
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
