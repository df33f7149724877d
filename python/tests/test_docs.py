"""The examples in docstrings run."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import re
import shutil
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


ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "python/README.md", *sorted((ROOT / "book/src").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Examples of README and book run, one after the other; those that need what is not installed are left out."""
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    shutil.copytree(ROOT / "book/files", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks:
        if "torch" in block and "try:" not in block and importlib.util.find_spec("torch") is None:
            continue
        exec(compile(block, page.name, "exec"), names)
