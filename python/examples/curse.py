# %% [markdown]
# # The curse of unrolling
#
# The derivative of an unrolled solver gets worse before it gets better, and the faster the solver, the worse
# (Scieur, Gidel, Bertrand, Pedregosa 2022). Here on a ridge regression from a far start.

# %%
from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from unspool import unroll

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else "pictures")
OUT.mkdir(exist_ok=True)

rng = np.random.default_rng(0)
X = rng.standard_normal((300, 40)) * np.logspace(0, -1, 40)
y = X @ rng.standard_normal(40) + 0.1 * rng.standard_normal(300)
problem = unroll.ridge(X, y)
theta, start = np.array([-6.0]), 10 * rng.standard_normal(40)

# %%
curves = unroll.curse(problem, theta, start, steps=400)
for curve in curves:
    error, step = curve.peak
    print(f"{curve.method:14} worst Jacobian error {error:10.1f} at step {step:3}, below 1e-2 from {curve.below[1]}")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
for curve in curves:
    left.semilogy(curve.iterate_error, label=curve.method)
    right.semilogy(curve.jacobian_error, label=curve.method)
left.set(title="Iterates", xlabel="step", ylabel="relative error")
right.set(title="Derivatives", xlabel="step", ylim=(1e-10, None))
right.axhline(1, color="grey", linewidth=0.8)
right.legend(frameon=False, fontsize=8)
figure.savefig(OUT / "curse.png", dpi=150)

# %% [markdown]
# ## What to do about it
#
# Ask the adviser; or ask how far a derivative is from that of the solution.

# %%
advice = unroll.advise(problem, theta, start, steps=50, follow=True)
print(advice)
tangents, trust = unroll.Solver(problem, "gd-2/(L+mu)", steps=50).trust(theta, start=start)
print(f"50 steps of gradient descent: estimated relative error {trust.relative:.1e}, burning in: {trust.burn_in}")
