"""PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install unspool[torch]")

import unspool  # noqa: E402
from torch.autograd import gradcheck, gradgradcheck  # noqa: E402
from unspool import graph, image, unroll  # noqa: E402
from unspool import torch as ut  # noqa: E402


def data(rows: int = 20, columns: int = 4) -> tuple[Any, Any]:
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(rows, columns, generator=generator, dtype=torch.float64)
    y = X @ torch.randn(columns, generator=generator, dtype=torch.float64)
    return X, y + 0.1 * torch.randn(rows, generator=generator, dtype=torch.float64)


def theta(n: int) -> Any:
    return torch.linspace(-2, -1, n, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("mode", ["implicit", "implicit:cholesky", "full", "slots:8"])
def test_gradcheck_of_solvers(mode: str) -> None:
    X, y = data()
    for problem in (unroll.ridge(X.numpy(), y.numpy(), "per-feature"), unroll.logistic(X.numpy(), y.sign().numpy())):
        solver = unroll.Solver(problem, tol=1e-13)
        assert gradcheck(lambda t: ut.solve(solver, t, mode=mode), (theta(problem.params),))
        if mode == "full":
            start = torch.randn(4, dtype=torch.float64, requires_grad=True)
            early = unroll.Solver(problem, steps=5, edges=problem.edges(np.full(problem.params, -1.5)))
            assert gradcheck(lambda t, s: ut.solve(early, t, s, mode="full"), (theta(problem.params), start))


@pytest.mark.parametrize("groups", ["shared", "per-feature"])
def test_gradcheck_in_data(groups: str) -> None:
    X, y = data()
    X.requires_grad_()
    n = 1 if groups == "shared" else 4
    assert gradcheck(lambda X, t: ut.logistic(X, y.sign(), t, groups), (X, theta(n)))
    y.requires_grad_()
    assert gradcheck(lambda X, y, t: ut.ridge(X, y, t, groups), (X, y, theta(n)))


def test_gradcheck_of_graphs() -> None:
    X, _ = data(12, 5)
    X = X.cumsum(dim=1).requires_grad_()
    weights = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (0.8, 1.1, 0.6)]

    def learn(X: Any, *weights: Any) -> Any:
        return ut.log_degree(ut.squared_distances(X), *weights, tolerance=1e-14)

    assert gradcheck(learn, (X, *weights), atol=1e-6)
    ours = ut.log_degree(ut.squared_distances(X), 1.0, 0.5).detach().numpy()
    theirs = graph.GraphLearner(alpha=1.0, beta=0.5, tolerance=1e-10).fit(X.detach().numpy()).graph_._half()
    assert np.allclose(ours, theirs, atol=1e-6)


def test_gradcheck_of_the_prior() -> None:
    X, _ = data(30, 5)
    net = ut.PriorNet(torch.float64)
    w, p = net(X.cumsum(dim=1))
    assert w.requires_grad and not p.requires_grad
    network = w.grad_fn.network
    direction = torch.randn(len(net.theta), dtype=torch.float64)
    origin = net.theta.detach().clone()
    from unspool._torch.graphs import _Prior

    def along(s: Any) -> Any:
        return _Prior.apply(origin + s * direction, network)[0]

    assert gradcheck(along, (torch.zeros((), dtype=torch.float64, requires_grad=True),), atol=1e-6)


def test_gradcheck_of_image_networks() -> None:
    generator = torch.Generator().manual_seed(0)
    demosaicker = ut.Demosaicker(maps=3, blocks=1, dtype=torch.float64)
    interpolator = ut.Interpolator(maps=3, blocks=1, dtype=torch.float64)
    for net in (demosaicker, interpolator):
        for parameter in net.parameters():
            torch.nn.init.normal_(parameter, std=0.3, generator=generator)
    mosaic = torch.rand(1, 1, 4, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    start = torch.rand(1, 3, 4, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    sigma = torch.tensor(0.05, dtype=torch.float64, requires_grad=True)
    known = torch.rand(1, 1, 4, 4, generator=generator) < 0.5
    surface = torch.rand(1, 1, 4, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    for check in (gradcheck, gradgradcheck):
        assert check(lambda m, s, x: demosaicker(m, s, x), (mosaic, sigma, start))
        assert check(lambda m, x: interpolator(m, known, x), (mosaic, surface))
    parameters = dict(demosaicker.named_parameters())

    def of_weights(weight: Any) -> Any:
        changed = {**parameters, "blocks.0.a.weight": weight}
        return torch.func.functional_call(demosaicker, changed, (mosaic.detach(), 0.05, start.detach()))

    weight = parameters["blocks.0.a.weight"].detach().clone().requires_grad_()
    assert gradcheck(of_weights, (weight,))


def test_second_order_is_a_clear_error() -> None:
    X, y = data()
    X.requires_grad_()
    solver = unroll.Solver(unroll.ridge(X.detach().numpy(), y.numpy()), tol=1e-12)
    t = theta(1)
    functions: list[Callable[[], Any]] = [
        lambda: ut.solve(solver, t).sum(),
        lambda: ut.ridge(X, y, t).sum(),
        lambda: ut.logistic(X, y.sign(), t).sum(),
        lambda: ut.log_degree(ut.squared_distances(X), t.exp()[0]).sum(),
    ]
    for function in functions:
        (first,) = torch.autograd.grad(function(), t, create_graph=True)
        with pytest.raises(unspool.InputError, match="no second derivative"):
            torch.autograd.grad(first.sum(), t)
    # nor is it lost among other terms
    loss = ut.solve(solver, t).sum() + t.square().sum()
    (first,) = torch.autograd.grad(loss, t, create_graph=True)
    with pytest.raises(unspool.InputError, match="no second derivative"):
        first.sum().backward()


def test_image_networks_are_those_of_the_engine() -> None:
    rng = np.random.default_rng(0)
    scene = rng.random((2, 32, 48), dtype=np.float32)
    mosaics = np.stack([image.mosaick(np.repeat(s[:, :, None], 3, axis=2)) for s in scene])
    got = ut.Demosaicker()(torch.from_numpy(mosaics)[:, None], sigma=torch.tensor([0.0, 0.02])).detach().numpy()
    for k, noise in enumerate((0, 0.02 * 255)):
        assert np.abs(got[k].transpose(1, 2, 0) - image.demosaick(mosaics[k], noise=noise)).max() < 1e-5
    known = rng.random((2, 32, 48)) < 0.4
    got = ut.Interpolator()(torch.from_numpy(scene)[:, None], torch.from_numpy(known)[:, None]).detach().numpy()
    for k in range(2):
        assert np.abs(got[k, 0] - image.interpolate(scene[k], known[k], "quick")).max() < 1e-5


def test_weights_move_both_ways(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    net = ut.Demosaicker()
    with torch.no_grad():
        net.last.bias += 0.01
    net.save(tmp_path / "ours.safetensors")
    again = ut.Demosaicker().load(tmp_path / "ours.safetensors")
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters()))
    mosaic = rng.random((16, 16), dtype=np.float32)
    by_engine = image.demosaick(mosaic, weights=tmp_path / "ours.safetensors")
    by_torch = net(torch.from_numpy(mosaic)[None, None]).detach().numpy()[0].transpose(1, 2, 0)
    assert np.abs(by_engine - by_torch).max() < 1e-5

    X = rng.standard_normal((80, 7)).cumsum(axis=1)
    prior = ut.PriorNet()
    w, _ = prior(torch.from_numpy(X))
    engine = graph.NetworkLearner(probability=0.0).fit(X).graph_._half()
    assert np.array_equal(w.detach().double().numpy(), engine)
    with torch.no_grad():
        prior.theta *= 1.01
    prior.save(tmp_path / "prior.safetensors")
    changed = graph.NetworkLearner(probability=0.0, weights=tmp_path / "prior.safetensors").fit(X).graph_._half()
    assert not np.array_equal(changed, engine)
    assert np.array_equal(prior(torch.from_numpy(X))[0].detach().double().numpy(), changed)
    loaded = ut.PriorNet().load(tmp_path / "prior.safetensors")
    assert torch.equal(loaded.theta, prior.theta)
    with pytest.raises(unspool.InputError):
        ut.Interpolator().load(tmp_path / "ours.safetensors")


def test_modules_learn() -> None:
    X, y = data(60, 4)
    layer = ut.Ridge(4, "per-feature").double()
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = (X[40:] @ layer(X[:40], y[:40]) - y[40:]).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    graph_layer = ut.LogDegree().double()
    adjacency = graph_layer(X.cumsum(dim=1))
    adjacency.sum().backward()
    assert adjacency.shape == (4, 4) and torch.isfinite(graph_layer.logs.grad).all()
    assert ut.Logistic()(X.float(), y.sign().float()).dtype == torch.float32


def test_maps_from_tensors() -> None:
    X, y = data()

    def step(w: Any, t: Any) -> Any:
        return w - 0.1 * (X.T @ (X @ w - y) / 20 + t.exp() * w)

    solver = unroll.Solver(ut.map_of(step, state=4, params=1), steps=200)
    hand = unroll.Solver(unroll.ridge(X.numpy(), y.numpy()), "gradient-descent", steps=200, step_size=0.1)
    for mode in ("full", "last:20", "implicit:neumann"):
        ours, theirs = (s.vjp([-1.0], np.ones(4), mode) for s in (solver, hand))
        assert np.allclose(ours.theta, theirs.theta, rtol=1e-8)
    assert np.allclose(solver.jacobian([-1.0]), hand.jacobian([-1.0]))


def test_refusals() -> None:
    X, y = data()
    X.requires_grad_()
    with pytest.raises(unspool.InputError, match="no derivative in the data"):
        ut.ridge(X, y, theta(1), mode="full")
    with pytest.raises(unspool.InputError, match="classes have no gradient"):
        ut.logistic(X, y.requires_grad_(), theta(1))
    with pytest.raises(unspool.InputError, match="no derivative in its signals"):
        ut.PriorNet()(X)
    with pytest.raises(unspool.InputError, match="of even size"):
        ut.Demosaicker()(torch.zeros(1, 1, 3, 4))
