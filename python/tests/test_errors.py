"""Errors: the same text and hint as on the command line."""

from __future__ import annotations

import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import unspool
from conftest import program
from PIL import Image
from unspool import image, unroll
from unspool.graph import GraphLearner, NetworkLearner


def test_the_same_words(tmp_path: Path) -> None:
    found = program()
    if found is None:
        pytest.skip("no command line of these sources")
    X = np.random.default_rng(0).standard_normal((40, 6))
    same, mosaic = np.ones((5, 3)), np.zeros((8, 8), np.uint8)
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "same.npy", same)
    Image.fromarray(mosaic).save(tmp_path / "m.png")
    known = np.zeros((8, 8), bool)
    tight = GraphLearner(alpha=1.0, beta=1.0, tolerance=1e-300)
    cases: list[tuple[Callable[[], object], str]] = [
        (lambda: GraphLearner().fit(same), "learn-graph same.npy -o g.json"),
        (lambda: tight.fit(X), "learn-graph x.npy --alpha 1 --beta 1 --tolerance 1e-300 -o g.json"),
        (lambda: NetworkLearner(probability=2).fit(X), "learn-graph x.npy --method learned --probability 2 -o g.json"),
        (lambda: image.demosaick(mosaic, "rgbg"), "demosaick m.png --cfa rgbg -o o.png"),
        (lambda: image.demosaick(mosaic, method="best"), "demosaick m.png --cfa rggb --method best -o o.png"),
    ]
    for call, arguments in cases:
        with pytest.raises(unspool.UnspoolError) as caught:
            call()
        done = subprocess.run([found, *arguments.split()], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.stderr == f"error: {caught.value}\nhint: {caught.value.hint}\n"
    # the command line also names the mask's file and its own option
    with pytest.raises(unspool.UnspoolError) as caught:
        image.interpolate(mosaic, known)
    arguments = [found, "interpolate", "m.png", "--mask", "m.png", "-o", "o.png"]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr.startswith(f"error: m.png: {caught.value}\nhint: ")
    # where there is no table to name, the rest is the same
    with pytest.raises(unspool.InputError, match='column "t": the target is "1" in every row') as refused:
        unroll.tune(X, np.ones(40), "ridge", target="t")
    assert refused.value.hint == "there is nothing to learn: choose another target or add rows that differ in it"


def test_they_pickle_and_show_their_hint() -> None:
    error = unspool.InputError("this is wrong", "do that")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.hint, again.__notes__) == ("this is wrong", "do that", ["hint: do that"])
    assert isinstance(again, ValueError) and isinstance(unspool.FileError("a"), OSError)
    assert str(unspool.FileError("a: is missing", "look")) == "a: is missing"
    assert isinstance(unspool.ConvergenceError("a"), ArithmeticError)
