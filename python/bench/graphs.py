"""The log-degree problems of `unspool-bench graph`, solved through the Python package.

    python peer_graph_learning.py --sizes 100 500 1000 --dump DIR     # or any folder as unspool-bench describes it
    RAYON_NUM_THREADS=1 python graphs.py DIR
    unspool-bench graph --data DIR --only newton-1e-4

As there, a repetition starts from `z` in memory and ends at a relative duality gap of 1e-4. What is called is what
`unspool.torch.LogDegree` calls; it also fills in the half-vector of weights.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from unspool import _unspool


def main() -> None:
    """Prints a row for each size."""
    parser = argparse.ArgumentParser(description="the graph problems of unspool-bench through Python")
    parser.add_argument("data", type=Path)
    parser.add_argument("--reps", type=int, default=25)
    arguments = parser.parse_args()
    for path in sorted(arguments.data.glob("m*.npz"), key=lambda path: int(path.stem[1:])):
        problem = np.load(path)
        nodes, z = int(path.stem[1:]), np.ascontiguousarray(problem["z"], dtype=np.float64)
        weights = (float(problem["alpha"]), float(problem["beta"]), 1.0)
        seconds = []
        for _ in range(arguments.reps + 1):
            begin = time.process_time()
            w, _ = _unspool.log_degree_half(nodes, z, weights, 1e-4)
            seconds.append(time.process_time() - begin)
        print(f"m{nodes}  cpu {1e3 * float(np.median(seconds[1:])):9.3f} ms  edges {int(np.count_nonzero(w))}")


if __name__ == "__main__":
    main()
