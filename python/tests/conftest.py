"""What the tests share: the command line, if it was built."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import matplotlib
import pytest

matplotlib.use("Agg")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def cli() -> Callable[..., str]:
    """Runs ``unspool`` and returns what it prints."""
    known = [os.environ.get("UNSPOOL_CLI"), ROOT / "target/release/unspool", shutil.which("unspool")]
    program = next((str(p) for p in known if p and Path(p).is_file()), None)
    if program is None:
        pytest.skip("no command line: build it with `cargo build --release -p unspool-cli`, or set UNSPOOL_CLI")

    def run(*arguments: object) -> str:
        done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        return done.stdout

    return run
