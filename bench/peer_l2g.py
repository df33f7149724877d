"""Unrolling and L2G in PyTorch, written from the paper's formulas: the other side of `unspool-bench networks`.

    python peer_l2g.py --model unrolling --epochs 3          seconds an epoch of 6,400 graphs, batch 32, float32, 2 threads
    python peer_l2g.py --model l2g --epochs 3
    python peer_l2g.py --model unrolling --forward           seconds of the forward pass of 64 graphs

Data are random squared distances of the right size; timings do not depend on their values.
"""

import argparse
import time

import torch
from torch import nn

LAYERS, NODES, BATCH, GRAPHS = 20, 20, 32, 6400


def degree_operator(m):
    pairs = torch.triu_indices(m, m, 1)
    d = torch.zeros(m, pairs.shape[1])
    d[pairs[0], torch.arange(pairs.shape[1])] = 1
    d[pairs[1], torch.arange(pairs.shape[1])] = 1
    return d


class Unrolling(nn.Module):
    def __init__(self, slope=0.0):
        super().__init__()
        self.g = nn.Parameter(torch.full((LAYERS,), 0.01))
        self.alpha = nn.Parameter(torch.ones(LAYERS))
        self.beta = nn.Parameter(torch.ones(LAYERS))
        self.slope = slope
        self.register_buffer("d", degree_operator(NODES))

    def half_step(self, k, w, v, z):
        g, beta = self.g[k], self.beta[k]
        y1 = w - g * (2 * beta * w + 2 * z + v @ self.d)
        y2 = v + g * (w @ self.d.T)
        p2 = (y2 - torch.sqrt(torch.clamp(y2**2 + 4 * g * self.alpha[k], min=1e-8))) / 2
        return y1, y2, p2

    def finish(self, k, w, v, z, y1, y2, p1, p2):
        g, beta = self.g[k], self.beta[k]
        q1 = p1 - g * (2 * beta * p1 + 2 * z + p2 @ self.d)
        q2 = p2 + g * (p1 @ self.d.T)
        return w - y1 + q1, v - y2 + q2

    def forward(self, z, truth=None):
        w, v = torch.zeros_like(z), torch.zeros(z.shape[0], NODES)
        out = []
        for k in range(LAYERS):
            y1, y2, p2 = self.half_step(k, w, v, z)
            p1 = torch.nn.functional.leaky_relu(y1, self.slope)
            w, v = self.finish(k, w, v, z, y1, y2, p1, p2)
            out.append(w)
        return out, 0.0


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(1, 32), nn.Linear(32, 64)
        self.c, self.e = nn.Linear(64, 32), nn.Linear(32, 16)

    def forward(self, w):
        a = torch.zeros(w.shape[0], NODES, NODES)
        i, j = torch.triu_indices(NODES, NODES, 1)
        a[:, i, j] = (w.detach() >= 1e-4).float()
        a = a + a.transpose(1, 2)
        h = torch.relu(a @ (a.sum(-1, keepdim=True) @ self.a.weight.T) + self.a.bias)
        h = torch.relu(a @ (h @ self.b.weight.T) + self.b.bias)
        return self.e(torch.relu(self.c(h.sum(1))))


class L2G(Unrolling):
    def __init__(self):
        super().__init__(slope=0.01)
        pairs, hidden = NODES * (NODES - 1) // 2, NODES * (NODES - 1) * 2 // 3
        self.encoder, self.mean, self.var = Encoder(), nn.Linear(16, 16), nn.Linear(16, 16)
        self.decoder = nn.Sequential(nn.Linear(pairs + 16, hidden), nn.Tanh(), nn.Linear(hidden, pairs))

    def forward(self, z, truth=None):
        w, v = torch.zeros_like(z), torch.zeros(z.shape[0], NODES)
        out, extra = [], 0.0
        for k in range(LAYERS):
            y1, y2, p2 = self.half_step(k, w, v, z)
            if k + 1 < LAYERS:
                p1 = torch.nn.functional.leaky_relu(y1, self.slope)
            else:
                latent = torch.randn(z.shape[0], 16)
                if truth is not None:
                    delta = self.encoder(truth) - self.encoder(y1)
                    mean, log_var = self.mean(delta), -self.var(delta).abs()
                    latent = mean + torch.exp(log_var / 2) * latent
                    extra = -0.5 * torch.mean(1 + log_var - mean**2 - log_var.exp())
                p1 = self.decoder(torch.cat([y1, latent], -1))
                if truth is not None:
                    extra = extra + ((p1 - truth) ** 2).sum(-1).mean()
            w, v = self.finish(k, w, v, z, y1, y2, p1, p2)
            out.append(w)
        return out, extra


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=["unrolling", "l2g"], required=True)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--forward", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    net = L2G() if args.model == "l2g" else Unrolling()
    pairs = NODES * (NODES - 1) // 2
    z, truth = 2.8 * torch.rand(GRAPHS, pairs), torch.relu(torch.randn(GRAPHS, pairs) - 0.6)
    if args.forward:
        with torch.no_grad():
            net(z[:64])
            start, cpu = time.perf_counter(), time.process_time()
            for _ in range(50):
                net(z[:64])
        print(f"forward of 64: {(time.perf_counter() - start) / 50:.6f} s, {(time.process_time() - cpu) / 50:.6f} CPU s")
        return
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for epoch in range(args.epochs):
        start, cpu = time.perf_counter(), time.process_time()
        for batch in torch.randperm(GRAPHS).split(BATCH):
            target = truth[batch]
            size = (target**2).sum(-1)
            out, extra = net(z[batch], target)
            loss = sum(0.9 ** (LAYERS - t) * (((w - target) ** 2).sum(-1) / size).mean() for t, w in enumerate(out))
            optimizer.zero_grad()
            (loss + extra).backward()
            optimizer.step()
        print(f"epoch {epoch + 1}: {time.perf_counter() - start:.3f} s, {time.process_time() - cpu:.3f} CPU s")


if __name__ == "__main__":
    main()
