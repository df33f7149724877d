"""What can go wrong, as exceptions and warnings."""

from __future__ import annotations


class UnspoolError(Exception):
    """Anything that this package refuses or fails to do.

    ``str(error)`` is one line; ``error.hint`` says what to do about it, and is shown under a traceback.

    >>> import numpy as np, unspool
    >>> try:
    ...     unspool.image.demosaick(np.zeros((4, 4)), cfa="rgbg")
    ... except unspool.UnspoolError as error:
    ...     print(error, "--", error.hint)
    there is no colour filter array "rgbg" -- there are rggb, bggr, grbg and gbrg
    """

    #: What is wrong, in one line.
    message: str
    #: What to do about it, where there is something to say.
    hint: str | None

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint
        if hint is not None:
            self.add_note(f"hint: {hint}")

    def __str__(self) -> str:
        return self.message


class InputError(UnspoolError, ValueError):
    """An argument that cannot be used."""


class FileError(UnspoolError, OSError):
    """A file that cannot be read or written."""


class ConvergenceError(UnspoolError, ArithmeticError):
    """A run or a derivative that broke down, or a certificate that was not reached."""


class ConvergenceWarning(UserWarning):
    """A run that stopped before its tolerance was reached; its numbers are finite, but not converged."""
