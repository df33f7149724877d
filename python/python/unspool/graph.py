"""Learn weighted graphs from signals on their nodes, with the interface of scikit-learn.

Rows of ``X`` are observations, columns are nodes.

======================  ==========================================================================
:class:`GraphLearner`      the log-degree model, to a certified optimum
:class:`LaplacianLearner`  maximum likelihood, refitted: for many observations of few nodes
:class:`NetworkLearner`    a trained network, with a probability for each edge
:class:`Correlation`       the pairs of largest absolute correlation: a baseline
:class:`Graph`             what they learn; to and from networkx, SciPy, PyGSP and files
======================  ==========================================================================

>>> from unspool import graph
>>> weather = graph.load_molene()
>>> learner = graph.GraphLearner(degree=4).fit(weather.X)
>>> learner.graph_
<graph of 37 nodes, 74 edges>
>>> bool(learner.gap_ < 1e-6)
True
"""

from __future__ import annotations

from ._graph import Graph
from ._learners import (
    Correlation,
    GraphLearner,
    LaplacianLearner,
    NetworkLearner,
    Signals,
    load_molene,
    squared_distances,
)

__all__ = [
    "Correlation",
    "Graph",
    "GraphLearner",
    "LaplacianLearner",
    "NetworkLearner",
    "Signals",
    "load_molene",
    "squared_distances",
]
