"""Images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import unspool
from numpy.typing import NDArray
from PIL import Image
from unspool import image

TYPES = [np.uint8, np.uint16, np.float32, np.float64]
CLASSICS = ["bilinear", "malvar", "menon", "lmmse"]


def scene(height: int = 40, width: int = 52) -> NDArray[np.float64]:
    y, x = np.mgrid[:height, :width]
    waves = [0.5 + 0.4 * np.sin(x / 3 + k) * np.cos(y / 4 - k) for k in range(3)]
    return np.stack(waves, axis=2)


def of_type(values: NDArray[np.float64], dtype: type) -> NDArray[np.generic]:
    if np.issubdtype(dtype, np.floating):
        return values.astype(dtype)
    return np.round(values * np.iinfo(dtype).max).astype(dtype)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("method", ["learned", "uglr", *CLASSICS])
def test_types_and_shapes_are_kept(dtype: type, method: str) -> None:
    mosaic = image.mosaick(of_type(scene(), dtype), "grbg")
    assert mosaic.dtype == dtype and mosaic.shape == (40, 52)
    photo = image.demosaick(mosaic, "grbg", method)
    assert photo.dtype == dtype and photo.shape == (40, 52, 3)
    most = 1.0 if np.issubdtype(dtype, np.floating) else np.iinfo(dtype).max
    # uglr is trained on photos, which this is none of
    assert np.abs(photo / most - scene()).mean() < (0.1 if method == "uglr" else 0.03)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("method", ["learned", "quick", "biharmonic", "linear", "bicubic"])
def test_known_pixels_stay(dtype: type, method: str) -> None:
    truth = of_type(scene(), dtype)
    known = np.zeros((40, 52), dtype=bool)
    known[::2, ::2] = True
    for picture in (truth, truth[:, :, 0]):
        filled = image.interpolate(picture, known, method)
        assert filled.dtype == dtype and filled.shape == picture.shape
        if dtype != np.float64:  # computed in float32
            assert np.array_equal(filled[known], picture[known])


def test_what_is_missing_may_be_nan() -> None:
    truth = scene()[:, :, 0]
    known = np.random.default_rng(0).random(truth.shape) < 0.5
    filled = image.interpolate(np.where(known, truth, np.nan), known)
    assert np.isfinite(filled).all() and np.abs(filled - truth).mean() < 0.02


def test_views_and_byte_orders() -> None:
    mosaic = image.mosaick(of_type(scene(), np.uint16))
    same = image.demosaick(mosaic)
    assert np.array_equal(image.demosaick(np.asfortranarray(mosaic)), same)
    assert np.array_equal(image.demosaick(mosaic.astype(">u2")), same)
    wide = np.zeros((80, 52), np.uint16)
    wide[::2] = mosaic
    assert np.array_equal(image.demosaick(wide[::2]), same)
    assert np.array_equal(image.demosaick(mosaic[:, :, np.newaxis]), same)


def test_noise() -> None:
    rng = np.random.default_rng(0)
    noisy = image.mosaick(scene(200, 200) + 10 / 255 * rng.standard_normal((200, 200, 3)))
    assert 8 < image.estimate_noise(noisy, "rggb") < 12
    plain, told, guessed = (image.demosaick(noisy, noise=n) for n in (0, 10, "auto"))
    errors = [np.square(p - scene(200, 200)).mean() for p in (plain, told, guessed)]
    assert errors[1] < 0.7 * errors[0] and errors[2] < 0.7 * errors[0]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(("method", "noise"), [("learned", 0), ("learned", "auto"), ("uglr", 0), ("lmmse", 0)])
def test_mosaics_as_on_the_command_line(
    dtype: type, method: str, noise: float | str, cli: Callable[..., str], tmp_path: Path
) -> None:
    mosaic = image.mosaick(of_type(scene(65, 90), dtype), "bggr")
    Image.fromarray(mosaic).save(tmp_path / "raw.png")
    arguments = ["--cfa", "bggr", "--method", method, "--noise", noise, "--quiet"]
    suffix = "png" if dtype == np.uint8 else "tiff"
    cli("demosaick", tmp_path / "raw.png", "-o", tmp_path / f"photo.{suffix}", *arguments)
    ours = image.demosaick(mosaic, "bggr", method, noise)  # type: ignore[arg-type]
    if dtype == np.uint8:
        assert np.array_equal(ours, np.asarray(Image.open(tmp_path / "photo.png")))
    else:
        assert np.array_equal(ours, read_tiff(tmp_path / "photo.tiff", 65, 90))


def read_tiff(path: Path, height: int, width: int) -> NDArray[np.uint16]:
    """Sixteen bits of colour, which Pillow does not read: the strips of an uncompressed little-endian file."""
    data = path.read_bytes()
    assert data[:4] == b"II*\0"
    at = int.from_bytes(data[4:8], "little")
    entries = {}
    for k in range(int.from_bytes(data[at : at + 2], "little")):
        entry = data[at + 2 + 12 * k : at + 14 + 12 * k]
        kind, count = int.from_bytes(entry[2:4], "little"), int.from_bytes(entry[4:8], "little")
        size = {3: 2, 4: 4}.get(kind, 1)
        raw = entry[8 : 8 + size * count]
        if size * count > 4:
            place = int.from_bytes(entry[8:12], "little")
            raw = data[place : place + size * count]
        entries[int.from_bytes(entry[:2], "little")] = np.frombuffer(raw, f"<u{size}")
    assert entries[259][0] == 1, "compressed"
    strips = [data[o : o + n] for o, n in zip(entries[273].tolist(), entries[279].tolist())]
    return np.frombuffer(b"".join(strips), "<u2").reshape(height, width, 3)


@pytest.mark.parametrize("method", ["learned", "quick", "biharmonic"])
def test_gaps_as_on_the_command_line(method: str, cli: Callable[..., str], tmp_path: Path) -> None:
    truth = of_type(scene(65, 91), np.uint8)
    known = np.random.default_rng(1).random((65, 91)) < 0.4
    Image.fromarray(truth).save(tmp_path / "photo.png")
    Image.fromarray(known.astype(np.uint8) * 255).save(tmp_path / "mask.png")
    out = tmp_path / "filled.png"
    cli("interpolate", tmp_path / "photo.png", "--mask", tmp_path / "mask.png", "-o", out, "--method", method, "--quiet")
    assert np.array_equal(image.interpolate(truth, known, method), np.asarray(Image.open(out)))


def test_explanations() -> None:
    mosaic = image.mosaick(scene().astype(np.float32))
    told = image.explain_demosaick(mosaic, pixels=[(20, 20), (0, 51)])
    assert np.array_equal(told.result, image.demosaick(mosaic))
    assert np.array_equal(told.estimates[0], image.demosaick(mosaic, method="menon"))
    assert told.spread.shape == told.confidence.shape == (40, 52)
    assert [i.shape for i in told.influence] == [(3, 9, 9)] * 2
    # the red of a red pixel is mostly what was measured there
    assert told.influence[0][0, 4, 4] > 0.5

    told = image.explain_demosaick(mosaic, method="ugtv", pixels=[(20, 20)])
    assert np.array_equal(told.result, image.demosaick(mosaic, method="ugtv"))
    blocks = len(told.ties)
    assert len(told.estimates) == blocks + 1 and told.ties[0].shape[1:] == (40, 52)
    assert told.windows[0].shape[0] == blocks and np.allclose(told.windows[0].sum(axis=(2, 3)), 1, atol=1e-5)

    picture, known = scene()[:, :, 0].astype(np.float32), np.random.default_rng(2).random((40, 52)) < 0.5
    told = image.explain_interpolate(picture, known, pixels=[(20, 20)])
    assert np.array_equal(told.result[:, :, 0], image.interpolate(picture, known))
    assert told.influence[0].shape == (1, 9, 9)


def test_refusals() -> None:
    mosaic = np.zeros((8, 8))
    cases: list[tuple[Callable[[], object], str]] = [
        (lambda: image.demosaick(mosaic, "rgbg"), "no colour filter array"),
        (lambda: image.demosaick(mosaic, method="best"), "there is no method"),
        (lambda: image.demosaick(mosaic, noise=-1), "the noise is -1"),
        (lambda: image.demosaick(mosaic, noise="some"), "the noise is 'some'"),  # type: ignore[arg-type]
        (lambda: image.demosaick(np.zeros((8, 8, 3))), "rows x columns is needed"),
        (lambda: image.demosaick(np.zeros((8, 8), int)), "images of int64"),
        (lambda: image.demosaick(np.full((8, 8), np.nan)), "NaN is no number"),
        (lambda: image.demosaick(np.zeros((0, 8))), "at least 1"),
        (lambda: image.explain_demosaick(mosaic, method="menon"), "nothing to explain"),
        (lambda: image.explain_demosaick(mosaic, pixels=[(8, 0)]), "no pixel at row 8"),
        (lambda: image.interpolate(mosaic, np.zeros((8, 8))), "not bool"),
        (lambda: image.interpolate(mosaic, np.zeros((8, 7), bool)), "8 x 8 x 1 is needed"),
        (lambda: image.interpolate(mosaic, np.zeros((8, 8), bool)), "knows no pixel"),
    ]
    for call, text in cases:
        with pytest.raises(unspool.InputError, match=text) as caught:
            call()
        assert caught.value.hint and f"hint: {caught.value.hint}" in caught.value.__notes__
        assert isinstance(caught.value, ValueError)
    with pytest.raises(unspool.FileError, match="nowhere.safetensors"):
        image.demosaick(mosaic, weights="nowhere.safetensors")
