"""The examples in docstrings run."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

MODULES = ["unspool", "unspool._errors", "unspool._problems", "unspool._solver", "unspool._advice", "unspool._tuning"]
MODULES += ["unspool.unroll", "unspool.image", "unspool.graph", "unspool._graph", "unspool._learners"]
OPTIONAL = {"unspool.torch": "torch", "unspool.jax": "jax"}
OPTIONAL |= {f"unspool._torch.{part}": "torch" for part in ("functions", "graphs", "images")}


@pytest.mark.parametrize("name", [*MODULES, *OPTIONAL])
def test_examples(name: str) -> None:
    if name in OPTIONAL:
        pytest.importorskip(OPTIONAL[name])
    module = importlib.import_module(name)
    results = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert results.failed == 0


def test_every_public_name_is_documented() -> None:
    for name in MODULES:
        module = importlib.import_module(name)
        for public in getattr(module, "__all__", []):
            thing = getattr(module, public)
            assert thing.__doc__, f"{name}.{public}"
            if isinstance(thing, type):
                for member, value in vars(thing).items():
                    if not member.startswith("_") and (callable(value) or isinstance(value, property)):
                        assert value.__doc__, f"{name}.{public}.{member}"


def test_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its examples run, one after the other; those of PyTorch where it is installed."""
    text = (Path(__file__).parents[1] / "README.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {}
    monkeypatch.chdir(tmp_path)
    assert len(blocks) >= 5
    for block in blocks:
        if "torch" in block and importlib.util.find_spec("torch") is None:
            continue
        exec(compile(block, "README.md", "exec"), names)
