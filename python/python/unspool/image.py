"""Make photos of what a sensor measured, and fill in missing pixels.

Images are arrays of rows, columns and, for colour, channels. ``uint8`` and ``uint16`` samples mean 0 to 255 and 0 to
65535; floats mean 0 to 1. Results have the type of the input: whole numbers are clipped and rounded as in an image
file, floats are neither. Computations are in float32, and the same bits come out as from the command line.

>>> import numpy as np
>>> from unspool import image
>>> scene = np.full((16, 16, 3), [60, 120, 200], dtype=np.uint8)
>>> mosaic = image.mosaick(scene, cfa="rggb")
>>> mosaic.shape, mosaic.dtype
((16, 16), dtype('uint8'))
>>> bool(np.abs(image.demosaick(mosaic, method="menon").astype(int) - scene).max() <= 1)
True
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _unspool
from ._errors import InputError

__all__ = [
    "Explanation",
    "demosaick",
    "estimate_noise",
    "explain_demosaick",
    "explain_interpolate",
    "interpolate",
    "mosaick",
]

#: An image: uint8, uint16, float32 or float64.
Image: TypeAlias = NDArray[Any]
#: A Bayer pattern.
Pattern: TypeAlias = Literal["rggb", "bggr", "grbg", "gbrg"] | str
Path: TypeAlias = str | os.PathLike[str]

_TYPES = (np.uint8, np.uint16, np.float32, np.float64)


def _image(image: ArrayLike, channels: int | None) -> Image:
    """With three axes, rows, columns and channels, of a type that is known."""
    array = np.asarray(image)
    if array.ndim == 2:
        array = array[:, :, np.newaxis]
    if array.ndim != 3 or (channels is not None and array.shape[2] != channels):
        want = {1: "rows x columns", 3: "rows x columns x 3"}.get(channels or 0, "rows x columns, or with channels")
        shape = " x ".join(str(n) for n in np.shape(image))
        raise InputError(f"the image is {shape}, {want} is needed", "give sizes that fit")
    if array.dtype.type not in _TYPES:
        if not np.issubdtype(array.dtype, np.floating):
            hint = "convert to uint8 or uint16, or to floats from 0 to 1"
            raise InputError(f"images of {array.dtype} are not known", hint)
        array = array.astype(np.float64)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _back(result: Image, like: ArrayLike) -> Image:
    """Without an axis of channels where the input had none; of its type."""
    shape = result[:, :, 0] if np.ndim(like) == 2 and result.shape[2] == 1 else result
    dtype = np.asarray(like).dtype
    return shape if shape.dtype == dtype else shape.astype(dtype)


def _path(weights: Path | None) -> str | None:
    return None if weights is None else os.fspath(weights)


def _noise(noise: float | Literal["auto"]) -> float | None:
    """None: to be estimated."""
    if isinstance(noise, str):
        if noise == "auto":
            return None
    elif np.isfinite(noise) and noise >= 0:
        return float(noise)
    raise InputError(f"the noise is {noise!r}", "give its standard deviation (0 to 255), or auto")


def mosaick(image: ArrayLike, cfa: Pattern = "rggb") -> Image:
    """What a sensor with this colour filter array measures of a colour image: one colour a pixel.

    >>> mosaick(np.arange(12, dtype=np.uint8).reshape(2, 2, 3), cfa="rggb")
    array([[ 0,  4],
           [ 7, 11]], dtype=uint8)
    """
    result: Image = _unspool.mosaick(_image(image, 3), cfa)[:, :, 0]
    return result.astype(np.asarray(image).dtype, copy=False)


def demosaick(
    mosaic: ArrayLike,
    cfa: Pattern = "rggb",
    method: str = "learned",
    noise: float | Literal["auto"] = 0,
    *,
    weights: Path | None = None,
) -> Image:
    """The colour image of a mosaic.

    Parameters
    ----------
    mosaic
        Rows x columns, one measured colour a pixel.
    cfa
        The colour filter array: ``rggb``, ``bggr``, ``grbg`` or ``gbrg``.
    method
        ``learned`` (a small network), ``menon``, ``lmmse``, ``malvar``, ``bilinear``; ``uglr`` and ``ugtv``, the
        networks with graphs.
    noise
        Standard deviation of the sensor's noise on the scale of 0 to 255, whatever the type of the samples, or
        ``"auto"`` to estimate it. The learned method alone uses it.
    weights
        A safetensors file, as ``unspool train image`` writes it, in place of the weights that come with the package.

    Returns
    -------
    ndarray
        Rows x columns x 3, of the mosaic's type.

    >>> mosaic = np.full((8, 8), 0.5, dtype=np.float32)
    >>> photo = demosaick(mosaic, noise="auto")
    >>> photo.shape, photo.dtype
    ((8, 8, 3), dtype('float32'))
    """
    return _back(
        _unspool.demosaick(_image(mosaic, 1), cfa, method, _noise(noise), _path(weights)),
        np.empty((0, 0, 0), np.asarray(mosaic).dtype),
    )


def interpolate(
    image: ArrayLike, mask: ArrayLike, method: str = "learned", *, weights: Path | None = None
) -> Image:
    """The image with values for its missing pixels; known pixels stay as they are.

    Parameters
    ----------
    image
        Rows x columns, or with channels. What it holds where the mask is false does not matter.
    mask
        True where a sample is known: rows x columns, or of the image's shape.
    method
        ``learned`` (a small network, which sees each channel eight times, transposed and mirrored), ``quick`` (once),
        ``biharmonic``, ``linear``; ``bicubic`` for masks that are a regular grid.
    weights
        As for :func:`demosaick`.

    >>> ramp = np.linspace(0, 1, 9).reshape(1, 9)
    >>> known = np.arange(9).reshape(1, 9) % 2 == 0
    >>> filled = interpolate(np.where(known, ramp, 0), known, method="bicubic")
    >>> round(float(filled[0, 3]), 6)
    0.375
    """
    array = _image(image, None)
    known = _mask(mask, array)
    return _back(_unspool.interpolate(_known(array, known), known, method, _path(weights)), image)


def _known(image: Image, known: NDArray[np.bool_]) -> Image:
    """Without what may be no number where nothing is known."""
    return np.where(known, image, 0) if image.dtype.kind == "f" else image


def _mask(mask: ArrayLike, image: Image) -> NDArray[np.bool_]:
    known = np.asarray(mask)
    if known.dtype != np.bool_:
        raise InputError(f"the mask is of {known.dtype}, not bool", "give true where a sample is known")
    if known.ndim == 2:
        known = known[:, :, np.newaxis]
    if known.ndim == 3 and known.shape[:2] == image.shape[:2] and known.shape[2] == 1:
        known = np.broadcast_to(known, image.shape)
    if known.shape != image.shape:
        got, want = (" x ".join(map(str, s)) for s in (np.shape(mask), image.shape))
        raise InputError(f"the mask is {got}, {want} is needed", "give sizes that fit")
    return np.ascontiguousarray(known)


def estimate_noise(image: ArrayLike, cfa: Pattern | None = None) -> float:
    """The standard deviation of an image's noise on the scale of 0 to 255; with ``cfa``, of a mosaic's.

    >>> noisy = 0.5 + 0.02 * np.random.default_rng(0).standard_normal((64, 64))
    >>> bool(4 < estimate_noise(noisy) < 6)
    True
    """
    return float(_unspool.estimate_noise(_image(image, 1 if cfa else None), cfa))


@dataclass(frozen=True)
class Explanation:
    """What a network saw of an image. All arrays are float32."""

    #: The start, then the estimate after each block (one block for ``learned`` and ``quick``): rows x columns x channels each.
    estimates: list[NDArray[np.float32]]
    #: How unsure each pixel is: the standard deviation over the image upright and mirrored (``learned``; gaps:
    #: transposed, too), or over the graphs of the last block (``uglr``, ``ugtv``). Rows x columns.
    spread: NDArray[np.float32]
    #: The pixels that were asked about.
    pixels: list[tuple[int, int]]
    #: ``learned``: for each pixel, channels x 9 x 9, how much each channel of the result there moves with each sample
    #: around it; of images with gaps 1 x 9 x 9, the first channel, as the network sees the image as it is.
    influence: list[NDArray[np.float32]] = field(default_factory=list)
    #: ``uglr``, ``ugtv``: for each pixel, blocks x heads x 5 x 5, the weights of its edges, which sum to one.
    windows: list[NDArray[np.float32]] = field(default_factory=list)
    #: ``uglr``, ``ugtv``: for each block, heads x rows x columns, how tightly each pixel is tied to its window.
    ties: list[NDArray[np.float32]] = field(default_factory=list)

    @property
    def result(self) -> NDArray[np.float32]:
        """The last estimate."""
        return self.estimates[-1]

    @property
    def confidence(self) -> NDArray[np.float32]:
        """From 0, where the spread is largest (its 99th percentile), to 1, where there is none."""
        ranked = np.sort(self.spread, axis=None)
        worst = max(float(ranked[min(ranked.size * 99 // 100, ranked.size - 1)]), 1e-6)
        sure: NDArray[np.float32] = np.clip(1 - self.spread / np.float32(worst), 0, 1)
        return sure


def _explained(told: Any, pixels: Sequence[tuple[int, int]]) -> Explanation:
    estimates, spread, ties, influence, windows = told
    return Explanation(estimates, spread[:, :, 0], [(int(y), int(x)) for y, x in pixels], influence, windows, ties)


def explain_demosaick(
    mosaic: ArrayLike,
    cfa: Pattern = "rggb",
    method: str = "learned",
    noise: float | Literal["auto"] = 0,
    *,
    pixels: Sequence[tuple[int, int]] = (),
    weights: Path | None = None,
) -> Explanation:
    """What the network saw of a mosaic; arguments as for :func:`demosaick`.

    ``pixels`` are rows and columns to tell about: each takes about a hundred restorations of its surroundings.

    >>> mosaic = np.full((8, 8), 0.5, dtype=np.float32)
    >>> told = explain_demosaick(mosaic, pixels=[(4, 4)])
    >>> told.result.shape, told.spread.shape, told.influence[0].shape
    ((8, 8, 3), (8, 8), (3, 9, 9))
    """
    places = [(int(y), int(x)) for y, x in pixels]
    told = _unspool.explain_demosaick(_image(mosaic, 1), cfa, method, _noise(noise), _path(weights), places)
    return _explained(told, places)


def explain_interpolate(
    image: ArrayLike,
    mask: ArrayLike,
    method: str = "learned",
    *,
    pixels: Sequence[tuple[int, int]] = (),
    weights: Path | None = None,
) -> Explanation:
    """What the network saw of an image with gaps; arguments as for :func:`interpolate`."""
    array, places = _image(image, None), [(int(y), int(x)) for y, x in pixels]
    known = _mask(mask, array)
    told = _unspool.explain_interpolate(_known(array, known), known, method, _path(weights), places)
    return _explained(told, places)
