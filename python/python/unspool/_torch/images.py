"""The networks of images, in PyTorch: the same numbers up to rounding, with all derivatives."""

from __future__ import annotations

import os
from typing import Any, Self

import numpy as np
import torch
from torch import nn

from .. import _safetensors, _unspool
from .. import image as images
from .._errors import InputError
from .functions import to_numpy, to_torch

#: The noise level that a network sees as 1.
_UNIT = 0.1


class _Block(nn.Module):
    def __init__(self, maps: int) -> None:
        super().__init__()
        self.a = nn.Conv2d(maps, maps, 3, padding=1)
        self.b = nn.Conv2d(maps, maps, 3, padding=1)

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = h + self.b(torch.relu(self.a(h)))
        return out


class _Residual(nn.Module):
    """On cells of 2 x 2 pixels; its state has the names of the engine's weights."""

    #: Name of the weights that come with the package.
    _shipped = ""

    def __init__(self, inputs: int, outputs: int, maps: int, blocks: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, maps, 3, padding=1)
        self.blocks = nn.ModuleList(_Block(maps) for _ in range(blocks))
        self.last = nn.Conv2d(maps, outputs, 3, padding=1)
        self.to(dtype)
        if (maps, blocks) == (48, 7):
            self._take({name: v.reshape(shape) for name, shape, v in _unspool.image_weights(self._shipped)})
        else:
            for parameter in self.last.parameters():
                nn.init.zeros_(parameter)

    def _correction(self, planes: torch.Tensor) -> torch.Tensor:
        """What is added, from planes of pixels and perhaps ones of cells behind them."""
        h = self.first(planes)
        for block in self.blocks:
            h = block(h)
        out: torch.Tensor = nn.functional.pixel_shuffle(self.last(h), 2)
        return out

    def _take(self, arrays: Any) -> None:
        self.load_state_dict({name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()})

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a safetensors file, which the command line reads with ``--weights``."""
        _safetensors.write(path, {name: to_numpy(value) for name, value in self.state_dict().items()})

    def load(self, path: str | os.PathLike[str]) -> Self:
        """Reads what :meth:`save` and ``unspool train image`` write."""
        try:
            self._take(_safetensors.read(path))
        except RuntimeError as error:
            raise InputError(f"{os.fspath(path)}: {error}".splitlines()[0], "take weights of this network") from error
        return self


def _even(image: torch.Tensor) -> None:
    if image.dim() != 4 or image.shape[2] % 2 or image.shape[3] % 2:
        shape = " x ".join(map(str, image.shape))
        raise InputError(f"the images are {shape}", "give images x channels x rows x columns of even size")


class Demosaicker(_Residual):
    """The network of :func:`unspool.image.demosaick`: Menon's estimate, corrected.

    The weights are those that come with the package, unless ``maps`` or ``blocks`` are others: then the network is
    untrained, and changes nothing.

    >>> net = Demosaicker()
    >>> net(torch.rand(1, 1, 16, 16)).shape
    torch.Size([1, 3, 16, 16])
    """

    _shipped = "demosaick"

    def __init__(self, maps: int = 48, blocks: int = 7, dtype: torch.dtype = torch.float32) -> None:
        super().__init__(17, 12, maps, blocks, dtype)

    def forward(
        self, mosaic: torch.Tensor, sigma: torch.Tensor | float = 0.0, start: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Colour images of mosaics.

        ``mosaic``: images x 1 x rows x columns, RGGB, from 0 to 1, of even size. ``sigma``: the noise's standard
        deviation on the same scale, a number or one an image. ``start``: images x 3 x rows x columns; Menon's estimate,
        which is a constant to the derivatives, if not given.
        """
        _even(mosaic)
        if start is None:
            start = self.start(mosaic)
        cells = nn.functional.pixel_unshuffle(torch.cat([start, mosaic], dim=1), 2)
        level = torch.as_tensor(sigma, dtype=mosaic.dtype, device=mosaic.device) / _UNIT
        plane = level.reshape(-1, 1, 1, 1).expand(len(mosaic), 1, *cells.shape[2:])
        return start + self._correction(torch.cat([cells, plane], dim=1))

    @staticmethod
    def start(mosaic: torch.Tensor) -> torch.Tensor:
        """Menon's estimate of each mosaic, without derivatives."""
        each = [images.demosaick(array[0], method="menon") for array in to_numpy(mosaic)]
        return to_torch(np.stack(each).transpose(0, 3, 1, 2), mosaic)


class Interpolator(_Residual):
    """The network of :func:`unspool.image.interpolate`: the biharmonic surface, corrected where pixels are missing.

    It sees an image as it is, as the method ``quick`` does; the mean over the image transposed and mirrored is better.

    >>> net = Interpolator()
    >>> known = torch.rand(1, 1, 16, 16) < 0.5
    >>> net(torch.rand(1, 1, 16, 16), known).shape
    torch.Size([1, 1, 16, 16])
    """

    _shipped = "interpolate"

    def __init__(self, maps: int = 48, blocks: int = 7, dtype: torch.dtype = torch.float32) -> None:
        super().__init__(8, 4, maps, blocks, dtype)

    def forward(
        self, image: torch.Tensor, known: torch.Tensor, start: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Images with values for their missing pixels.

        ``image``: images x channels x rows x columns of even size, from 0 to 1; ``known``: true where a sample is known,
        of the same shape. ``start``: the biharmonic surface, which is a constant to the derivatives, if not given.
        """
        _even(image)
        if start is None:
            start = self.start(image, known)
        shape = image.shape
        planes = [part.reshape(-1, 1, *shape[2:]) for part in (start, known.to(image.dtype))]
        correction = self._correction(nn.functional.pixel_unshuffle(torch.cat(planes, dim=1), 2)).reshape(shape)
        return torch.where(known, image, start + correction)

    @staticmethod
    def start(image: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
        """The biharmonic surface through the known samples of each image, without derivatives."""
        pairs = zip(to_numpy(image), to_numpy(known), strict=True)
        each = [images.interpolate(i.transpose(1, 2, 0), k.transpose(1, 2, 0), method="biharmonic") for i, k in pairs]
        return to_torch(np.stack(each).transpose(0, 3, 1, 2), image)
