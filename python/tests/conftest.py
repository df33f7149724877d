"""What the tests share: the command line, if it was built."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

os.environ.setdefault("MPLBACKEND", "agg")

ROOT = Path(__file__).resolve().parents[2]


def program() -> Path | None:
    """The newest command line, unless sources are newer still."""
    if named := os.environ.get("UNSPOOL_CLI"):
        return Path(named)
    built = [ROOT / "target" / profile / "unspool" for profile in ("release", "debug")]
    built = [path for path in built if path.is_file()]
    sources = (path for pattern in ("*/src/**/*.rs", "*/weights/*") for path in (ROOT / "crates").glob(pattern))
    newest = max(built, key=lambda path: path.stat().st_mtime, default=None)
    last = max((path.stat().st_mtime for path in sources), default=0.0)
    if newest is not None and newest.stat().st_mtime >= last:
        return newest
    return None


@pytest.fixture(scope="session")
def cli() -> Callable[..., str]:
    """Runs ``unspool`` and returns what it prints."""
    found = program()
    if found is None:
        pytest.skip("no command line of these sources: run `cargo build --release -p unspool-cli`, or set UNSPOOL_CLI")

    def run(*arguments: object) -> str:
        done = subprocess.run([found, *map(str, arguments)], capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        return done.stdout

    return run
