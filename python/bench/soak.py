"""Mixed work for a long time: memory, threads and open files must stay what they were.

    python soak.py --minutes 60

Solves and derivatives, graphs by every method, files written and read, images: round after round, with a line a minute. It fails
if, in the second half of the time, the resident memory grows by more than 5 %, or a thread or an open file is left.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from unspool import graph, image, unroll


def work(seed: int, folder: Path) -> None:
    """One round."""
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((200, 10)), rng.standard_normal(200)
    problem = unroll.ridge(X, y, groups="per-feature")
    solver = unroll.Solver(problem, "nesterov", tol=1e-8)
    theta = np.full(10, -3.0)
    for mode in ("full", "slots:5", "implicit", "implicit:cholesky", "last:10"):
        solver.vjp(theta, lambda w: w, mode=mode)
    solver.jacobian(theta, mode="full")
    signals = rng.standard_normal((300, 20)) @ rng.standard_normal((20, 20))
    for learner in (graph.GraphLearner(degree=4), graph.LaplacianLearner(), graph.NetworkLearner(), graph.Correlation()):
        learned = learner.fit(signals).graph_
        for suffix in ("json", "graphml", "gexf", "npz", "csv"):
            learned.save(folder / f"g.{suffix}")
            graph.Graph.load(folder / f"g.{suffix}")
    photo = rng.integers(0, 256, (96, 128, 3), dtype=np.uint8)
    mosaic = image.mosaick(photo, cfa="rggb")
    for method in ("learned", "menon", "lmmse"):
        image.demosaick(mosaic, cfa="rggb", method=method)
    image.interpolate(photo[:48, :48], rng.random((48, 48)) < 0.5)


def used() -> tuple[int, int, int]:
    """Resident kilobytes, threads, open files."""
    status = Path("/proc/self/status").read_text()
    field = {line.split(":")[0]: line.split(":")[1].split()[0] for line in status.splitlines() if len(line.split()) > 1}
    return int(field["VmRSS"]), int(field["Threads"]), len(os.listdir("/proc/self/fd"))


def main() -> None:
    """Works, and looks."""
    parser = argparse.ArgumentParser(description="mixed work for a long time")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rest", type=float, default=0.0, help="seconds to wait after each round")
    arguments = parser.parse_args()
    begin, rounds, told, base = time.monotonic(), 0, 0, None
    with tempfile.TemporaryDirectory() as folder:
        while (minutes := (time.monotonic() - begin) / 60) < arguments.minutes:
            work(rounds, Path(folder))
            rounds += 1
            now = used()
            if base is None and minutes > arguments.minutes / 2:
                base = now
            if minutes >= told:
                told += 1
                print(f"minute {minutes:6.1f}  round {rounds:6}  {now[0]} kB, {now[1]} threads, {now[2]} files", flush=True)
            time.sleep(arguments.rest)
    end = used()
    assert base is not None
    if end[0] > 1.05 * base[0] or end[1] > base[1] or end[2] > base[2]:
        sys.exit(f"grew from {base} to {end}")
    print(f"{rounds} rounds: {base} after half of the time, {end} at the end")


if __name__ == "__main__":
    main()
