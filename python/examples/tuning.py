# %% [markdown]
# # Regularisers by hypergradient, beside scikit-learn's search
#
# A logistic regression of 30 features, with one regulariser for all of them or one for each: up to 30 numbers to choose.
# A grid of so many is hopeless, so scikit-learn searches over one. The derivative of the held-out loss in each
# regulariser, through the solver, costs about as much as one more fit.

# %%
from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from unspool import unroll

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else "pictures")
OUT.mkdir(exist_ok=True)
warnings.filterwarnings("ignore", category=FutureWarning)  # scikit-learn announces new defaults

# %% [markdown]
# ## One hypergradient
#
# The weights are a function of the regularisers; the solver's adjoint pulls the gradient of the held-out loss back.

# %%
X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0, stratify=y)
scaler = StandardScaler().fit(X_train)
fit, held = train_test_split(np.arange(len(y_train)), test_size=0.3, random_state=0)
A, s = scaler.transform(X_train), 2.0 * y_train - 1

problem = unroll.logistic(A[fit], s[fit], groups="per-feature")
solver = unroll.Solver(problem, "newton", tol=1e-10)
theta = np.full(problem.params, -4.0)


def held_out_gradient(w: np.ndarray) -> np.ndarray:
    margins = s[held] * (A[held] @ w)
    slopes = -s[held] / (1 + np.exp(margins))
    gradient: np.ndarray = A[held].T @ slopes / len(held)
    return gradient


d = solver.vjp(theta, held_out_gradient, mode="implicit:cholesky")
print(f"gradient in {problem.params} regularisers: {d.cost.steps} steps of Newton's method and one linear system")

# %% [markdown]
# ## The whole search
#
# `unroll.tune` does it with cross-validation, and keeps several regularisers only where the folds agree on them and they
# beat one on rows kept aside. Here they do not, and its one is as good as the grid's, for a fraction of the fits.

# %%
begin = time.perf_counter()
tuned = unroll.tune(X_train, y_train, "logistic", test_fraction=0.02)
ours = time.perf_counter() - begin
begin = time.perf_counter()
search = make_pipeline(StandardScaler(), LogisticRegressionCV(Cs=25, cv=5, scoring="neg_log_loss", max_iter=2000))
search.fit(X_train, y_train)
theirs = time.perf_counter() - begin
plain = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(X_train, y_train)

rows = [
    ("no search (scikit-learn's C = 1)", log_loss(y_test, plain.predict_proba(X_test)), float("nan")),
    ("grid of 25 (LogisticRegressionCV)", log_loss(y_test, search.predict_proba(X_test)), theirs),
    ("hypergradients (unspool)", log_loss(y_test, tuned.predict_proba(X_test)), ours),
]
for name, loss, seconds in rows:
    print(f"{name:36} test log loss {loss:.4f}   {seconds:6.2f} s")
print(*(f"note: {note}" for note in tuned.notes), sep="\n")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
shared = [e for e in tuned.history if e["phase"] == "shared"]
several = [e for e in tuned.history if e["phase"] == "several"]
left.plot([e["loss"] for e in shared], "o-", label="one regulariser")
if several:
    left.plot(range(len(shared), len(shared) + len(several)), [e["loss"] for e in several], "s-", label="several")
left.set(xlabel="evaluation", ylabel="cross-validation loss", title="The way there")
left.legend(frameon=False)
for phase, style, label in (("grid", ".-", "grid of 25"), ("shared", "o", "by hypergradients")):
    found = [(np.exp(e["log_regularisers"][0]), e["loss"]) for e in tuned.history if e["phase"] == phase]
    right.semilogx(*zip(*sorted(found)), style, label=label)
right.set(xlabel="regulariser", ylabel="cross-validation loss", title="Where they looked")
right.legend(frameon=False)
figure.savefig(OUT / "tuning.png", dpi=150)
