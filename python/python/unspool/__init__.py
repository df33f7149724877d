"""Iterative solvers as differentiable maps, and tools built on them.

==================  =====================================================================
:mod:`unspool.unroll`  run a solver, differentiate it in any mode, ask the adviser, tune
:mod:`unspool.graph`   learn weighted graphs from signals, with the scikit-learn interface
:mod:`unspool.image`   demosaick and interpolate images
:mod:`unspool.torch`   the same as differentiable functions and modules (needs PyTorch)
:mod:`unspool.jax`     solvers as differentiable functions (needs JAX)
==================  =====================================================================

NumPy arrays go in and come out. Importing this package imports NumPy alone.
"""

from __future__ import annotations

from . import graph, image, unroll
from ._errors import ConvergenceError, ConvergenceWarning, FileError, InputError, UnspoolError

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
