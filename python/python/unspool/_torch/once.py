"""Derivatives of the engine's functions can be taken once: a second one is an error, never silently zero."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch

from .._errors import InputError


class _Once(torch.autograd.Function):
    """The identity, tied to what the value depends on; its derivative is an error."""

    @staticmethod
    def forward(ctx: Any, value: torch.Tensor, *inputs: torch.Tensor) -> torch.Tensor:
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        hint = "take first derivatives alone, or write the solver in PyTorch"
        raise InputError("a function of the engine has no second derivative", hint)


def once(backward: Callable[..., Any]) -> Callable[..., Any]:
    """A ``backward`` whose results cannot be differentiated again."""

    @functools.wraps(backward)
    def wrapped(ctx: Any, *grads: torch.Tensor) -> Any:
        with torch.no_grad():
            results = backward(ctx, *grads)
        if not torch.is_grad_enabled():
            return results
        inputs = [t for t in (*grads, *ctx.saved_tensors) if t is not None and t.requires_grad]
        return tuple(_Once.apply(r, *inputs) if isinstance(r, torch.Tensor) else r for r in results)

    return wrapped
