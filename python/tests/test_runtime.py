"""How the package behaves in a process: imports, threads, Ctrl-C, overhead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from unspool import image, unroll
from unspool.graph import GraphLearner


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_pulls_in_numpy_alone() -> None:
    modules = "unspool.graph, unspool.image, unspool.unroll"
    code = f"import sys, numpy; a = set(sys.modules); import {modules}; print(*(set(sys.modules) - a))"
    # dataclasses, inspect and json are Python's own
    foreign = {m.split(".")[0] for m in run(code).split()} - set(sys.stdlib_module_names) - {"unspool"}
    assert foreign <= {"numpy"}, foreign


@pytest.mark.timed
def test_import_is_fast() -> None:
    code = "import time; t = time.perf_counter(); import unspool; print(time.perf_counter() - t)"
    ours = min(float(run(code)) for _ in range(8))
    assert ours < 0.15, f"{ours:.3f} s"


def long_solve(seconds: float) -> Callable[[], object]:
    """A solve on one thread that takes about so long."""
    rng = np.random.default_rng(0)
    A = rng.standard_normal((60, 60))
    problem = unroll.quadratic(A @ A.T / 60 + np.eye(60), np.ones(60))
    edges = problem.edges([0.0])
    begin = time.perf_counter()
    unroll.Solver(problem, "gd-1/L", steps=20_000, edges=edges).solve([0.0])
    each = (time.perf_counter() - begin) / 20_000
    solver = unroll.Solver(problem, "gd-1/L", steps=int(seconds / each), edges=edges)
    return lambda: solver.solve([0.0])


def test_two_threads_overlap() -> None:
    """While one thread solves, another counts: both get on."""
    work = long_solve(1.0)

    begin = time.perf_counter()
    solving = threading.Thread(target=work)
    solving.start()
    ticks = 0
    while solving.is_alive():
        time.sleep(0.01)  # only returns if Python's lock is free
        ticks += 1
    seconds = time.perf_counter() - begin
    assert ticks > 0.3 * seconds / 0.01, f"{ticks} ticks in {seconds:.2f} s"


@pytest.mark.timed
def test_two_solves_take_little_longer_than_one() -> None:
    work = long_solve(0.4)

    def wall(threads: int) -> float:
        begin = time.perf_counter()
        running = [threading.Thread(target=work) for _ in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        return time.perf_counter() - begin

    assert min(wall(2) / wall(1) for _ in range(3)) < 1.6


def interrupted(work: Callable[[], object]) -> float:
    """Seconds from Ctrl-C to KeyboardInterrupt."""
    sent = [0.0]

    def press() -> None:
        sent[0] = time.perf_counter()
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.3, press)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            work()
    finally:
        timer.cancel()
    return time.perf_counter() - sent[0]


def test_ctrl_c() -> None:
    # a shell's background jobs are started with interrupts ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    rng = np.random.default_rng(0)
    A = rng.standard_normal((60, 60))
    problem = unroll.quadratic(A @ A.T / 60 + np.eye(60), np.ones(60))
    solver = unroll.Solver(problem, "gd-1/L", steps=10**9, edges=problem.edges([0.0]))
    slow = unroll.Map(lambda x, theta: x + 0 * theta, state=1, params=1)
    signals = rng.standard_normal((200, 4000))
    mosaic = rng.random((2000, 2000), dtype=np.float32)
    works: dict[str, Callable[[], object]] = {
        "solve": lambda: solver.solve([0.0]),
        "adjoint": lambda: solver.vjp([0.0], np.ones(60), "last:10"),
        "tangents": lambda: solver.jacobian([0.0]),
        "map": lambda: unroll.Solver(slow, steps=10**9).solve([0.0]),
        "graph": lambda: GraphLearner(degree=10).fit(signals),
        "image": lambda: image.demosaick(mosaic),
    }
    for name, work in works.items():
        assert interrupted(work) < 1.0, name


@pytest.mark.timed
def test_overhead_of_a_call() -> None:
    """A call costs next to nothing beside a solve of 10 ms: measured by one of no step."""
    rng = np.random.default_rng(0)
    problem = unroll.quadratic(np.eye(200), np.ones(200))
    nothing = unroll.Solver(problem, "gd-1/L", steps=0, edges=(1.0, 2.0))
    theta, start = np.zeros(1), rng.standard_normal(200)

    def once(f: Callable[[], object]) -> float:
        begin = time.perf_counter()
        f()
        return time.perf_counter() - begin

    call = min(once(lambda: nothing.solve(theta, start)) for _ in range(300))
    assert call < 0.05 * 0.010, f"{1e6 * call:.0f} microseconds"
    # images and graphs run on a thread of their own
    tiny = np.zeros((2, 2), np.float32)
    call = min(once(lambda: image.demosaick(tiny, method="bilinear")) for _ in range(100))
    assert call < 0.05 * 0.010, f"{1e6 * call:.0f} microseconds"
