"""The problems of `unspool-bench unroll`, solved through the Python package.

    python peer_unroll.py --dump-data DIR                  # or any folder as unspool-bench describes it
    RAYON_NUM_THREADS=1 python unroll.py DIR > python.json
    unspool-bench unroll --data DIR --json > ours.json
    unspool-bench compare --peer python.json --ours ours.json

As there, a repetition starts from the arrays in memory and ends with the gradient; the problem is built inside.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from unspool import unroll


def load(folder: Path, problem: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Sizes and arrays."""
    sizes = json.loads((folder / f"{problem}.json").read_text())
    names = ("X", "y", "Xv", "yv", "t0", "exact", "exact_T")
    arrays = {name: np.fromfile(folder / f"{problem}.{name}.f64", "<f8") for name in names}
    arrays["X"] = arrays["X"].reshape(sizes["n"], sizes["d"])
    arrays["Xv"] = arrays["Xv"].reshape(sizes["nv"], sizes["d"])
    return sizes, arrays


def cases(problem: str, sizes: dict[str, Any], a: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    """What is timed, by name."""
    steps = sizes["T"]

    def solver() -> unroll.Solver:
        if problem == "ridge":
            inner = unroll.ridge(a["X"], a["y"], "per-feature", gram=False)
        else:
            inner = unroll.logistic(a["X"], a["y"], "per-feature")
        return unroll.Solver(inner, "gradient-descent", steps=steps, step_size=sizes["step"])

    def outer(w: Any) -> Any:
        if problem == "ridge":
            return a["Xv"].T @ (a["Xv"] @ w - a["yv"]) / sizes["nv"]
        return -a["Xv"].T @ (a["yv"] / (1 + np.exp(a["yv"] * (a["Xv"] @ w)))) / sizes["nv"]

    def reverse(mode: str) -> Callable[[], Any]:
        return lambda: solver().vjp(a["t0"], outer, mode).theta

    def forward(mode: str) -> Callable[[], Any]:
        def run() -> Any:
            tangents = solver().jvp(a["t0"], np.eye(sizes["d"]), mode)
            return outer(tangents.x) @ tangents.dx

        return run

    return {
        "forward": lambda: solver().solve(a["t0"]).x,
        "unroll": reverse("full"),
        "unroll-ckpt": reverse(f"slots:{math.isqrt(steps - 1) + 1}"),
        "unroll-last20": reverse("last:20"),
        "one-step": reverse("one-step"),
        "jacobian": forward("full"),
        "implicit": reverse("implicit"),
        "implicit-neumann": reverse("implicit:neumann"),
        "implicit-jac": forward("implicit:cholesky"),
    }


def main() -> None:
    """Prints the records as JSON."""
    parser = argparse.ArgumentParser(description="the problems of unspool-bench through Python")
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--reps", type=int, default=25)
    parser.add_argument("--budget", type=float, default=8.0, help="seconds of repetitions a case")
    arguments = parser.parse_args()
    records = []
    for problem in ("ridge", "logistic"):
        sizes, arrays = load(arguments.data, problem)
        for method, run in cases(problem, sizes, arrays).items():
            if arguments.only and not {problem, method, f"{problem}/{method}"} & set(arguments.only):
                continue
            result, wall, cpu = run(), [], []
            end = time.perf_counter() + arguments.budget
            while len(wall) < 3 or (len(wall) < arguments.reps and time.perf_counter() < end):
                begin, used = time.perf_counter(), time.process_time()
                run()
                wall.append(time.perf_counter() - begin)
                cpu.append(time.process_time() - used)
            record = {
                "peer": "python",
                "problem": problem,
                "method": method,
                "cpu_median": float(np.median(cpu)),
                "wall_median": float(np.median(wall)),
                "reps": len(wall),
            }
            if method != "forward":
                record["err"] = float(np.linalg.norm(result - arrays["exact"]) / np.linalg.norm(arrays["exact"]))
            records.append(record)
            print(f"{problem}/{method:16} cpu {1e3 * record['cpu_median']:9.2f} ms", file=sys.stderr)
    print(json.dumps(records, indent=1))


if __name__ == "__main__":
    main()
