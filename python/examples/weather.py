# %% [markdown]
# # A graph from weather data
#
# 37 stations in Brittany measured the temperature each hour of January 2014. Which stations have like weather? The graph
# is learned from temperatures alone; positions are only used to draw it.

# %%
from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from sklearn.model_selection import GridSearchCV, KFold
from unspool.graph import Correlation, Graph, GraphLearner, LaplacianLearner, NetworkLearner, load_molene

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else "pictures")
OUT.mkdir(exist_ok=True)

weather = load_molene()
train, test = weather.X[:600], weather.X[600:]

# %% [markdown]
# ## Four methods, judged by hours that they have not seen
#
# A graph in pieces makes no such hours likely: minus infinity.

# %%
learners: list[Any] = [Correlation(degree=4), GraphLearner(degree=4), LaplacianLearner(), NetworkLearner()]
for learner in learners:
    learner.fit(train)
    print(f"{learner!r:28} {len(learner.weights_):4} edges, log-likelihood of new hours {learner.score(test):8.2f}")

# %% [markdown]
# ## How dense? scikit-learn searches

# %%
search = GridSearchCV(GraphLearner(), {"degree": [6, 8, 12, 16, 24]}, cv=KFold(5)).fit(train)
print(f"neighbours by cross-validation: {search.best_params_['degree']}")

# %%
figure, axes = plt.subplots(1, 4, figsize=(16, 4), layout="constrained")
for ax, learner in zip(axes, learners, strict=True):
    graph = learner.graph_
    placed = Graph(graph.nodes, graph.edges, graph.weights, names=weather.names, positions=weather.positions)
    placed.plot(ax, values=weather.X[12] - 273.15)
    ax.set_title(type(learner).__name__)
figure.savefig(OUT / "weather.png", dpi=150)

# %% [markdown]
# ## Out to other libraries

# %%
network = placed.to_networkx()
busiest = max(network.nodes, key=lambda node: network.degree(node, weight="weight"))
print(f"most like its neighbours: {busiest}")
placed.save(OUT / "weather.graphml")
