"""A weighted undirected graph, and its ways in and out."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _unspool
from ._arrays import Double
from ._errors import InputError


class Graph:
    """A weighted undirected graph without self-loops.

    Parameters
    ----------
    nodes
        Number of nodes.
    edges
        Pairs of node numbers, in any order.
    weights
        A weight for each edge.
    names, positions, probabilities
        Of the nodes, of the nodes (two columns), of the edges (in the order of ``edges``); empty if not known.

    >>> g = Graph(3, [(1, 2), (1, 0)], [0.5, 2.0], names=["a", "b", "c"])
    >>> g.edges.tolist(), g.weights.tolist()
    ([[0, 1], [1, 2]], [2.0, 0.5])
    >>> g.laplacian().tolist()
    [[2.0, -2.0, 0.0], [-2.0, 2.5, -0.5], [0.0, -0.5, 0.5]]
    >>> Graph.from_networkx(g.to_networkx()) == g  # doctest: +SKIP
    True
    """

    #: Number of nodes.
    nodes: int
    #: Pairs of node numbers, the smaller first, in order: k x 2.
    edges: NDArray[np.int64]
    #: The weight of each edge.
    weights: Double
    #: Names of the nodes; empty if they have none.
    names: list[str]
    #: Positions of the nodes, nodes x 2; no rows if not known.
    positions: Double
    #: How probable each edge is; empty if not known.
    probabilities: Double

    def __init__(
        self,
        nodes: int,
        edges: ArrayLike,
        weights: ArrayLike,
        *,
        names: Iterable[Any] = (),
        positions: ArrayLike | None = None,
        probabilities: ArrayLike | None = None,
    ) -> None:
        if nodes < 0:
            raise InputError(f"the number of nodes is {nodes}", "give zero or more")
        ends = np.ascontiguousarray(np.asarray(edges, dtype=np.int64).reshape(-1, 2))
        values = np.ascontiguousarray(weights, dtype=np.float64)
        self.nodes = int(nodes)
        self.edges, self.weights = _unspool.sorted_edges(self.nodes, ends, values)
        self.names = [str(name) for name in names]
        self.positions = np.zeros((0, 2)) if positions is None else np.asarray(positions, dtype=np.float64)
        given = np.zeros(0) if probabilities is None else np.asarray(probabilities, dtype=np.float64)
        for what, got in (("names", len(self.names)), ("positions", len(self.positions))):
            if got not in (0, self.nodes):
                raise InputError(f"the {what} of the nodes has length {got}, expected {self.nodes}", "give one a node")
        if len(given) not in (0, len(ends)):
            raise InputError(f"there are {len(given)} probabilities of {len(ends)} edges", "give one an edge")
        if len(given):
            given = given[np.lexsort((ends.max(axis=1), ends.min(axis=1)))]
        self.probabilities = given

    def __repr__(self) -> str:
        return f"<graph of {self.nodes} nodes, {len(self.weights)} edges>"

    def __eq__(self, other: object) -> bool:
        """Whether all is the same, to the last bit."""
        if not isinstance(other, Graph):
            return NotImplemented
        ours, theirs = self._parts(), other._parts()
        return ours[0] == theirs[0] and ours[3] == theirs[3] and all(
            np.array_equal(ours[k], theirs[k]) for k in (1, 2, 4, 5)
        )

    __hash__ = None  # type: ignore[assignment]

    def _parts(self) -> tuple[Any, ...]:
        return self.nodes, self.edges, self.weights, self.names, self.positions, self.probabilities

    def _half(self) -> Double:
        """The half-vector of weights."""
        i, j = self.edges.T
        half = np.zeros(self.nodes * (self.nodes - 1) // 2)
        half[i * (2 * self.nodes - i - 1) // 2 + j - i - 1] = self.weights
        return half

    # --- matrices ---

    def adjacency(self) -> Double:
        """The matrix of weights, nodes x nodes."""
        a = np.zeros((self.nodes, self.nodes))
        i, j = self.edges.T
        a[i, j] = a[j, i] = self.weights
        return a

    def degrees(self) -> Double:
        """The sum of weights at each node."""
        d = np.zeros(self.nodes)
        np.add.at(d, self.edges[:, 0], self.weights)
        np.add.at(d, self.edges[:, 1], self.weights)
        return d

    def laplacian(self) -> Double:
        """``diag(degrees) - adjacency``."""
        a = self.adjacency()
        return np.diag(a.sum(axis=1)) - a

    # --- other libraries ---

    def to_scipy(self) -> Any:
        """The adjacency as a ``scipy.sparse.csr_array``."""
        from scipy.sparse import coo_array

        i, j = self.edges.T
        entries = (np.r_[self.weights, self.weights], (np.r_[i, j], np.r_[j, i]))
        return coo_array(entries, shape=(self.nodes, self.nodes)).tocsr()

    @staticmethod
    def from_scipy(matrix: Any, *, names: Iterable[Any] = (), positions: ArrayLike | None = None) -> Graph:
        """From a symmetric matrix of weights, sparse or dense; zeros are no edges."""
        if hasattr(matrix, "tocoo"):
            entries = matrix.tocoo()
            i, j, w = np.asarray(entries.row), np.asarray(entries.col), np.asarray(entries.data, dtype=np.float64)
            shape = entries.shape
        else:
            dense = np.asarray(matrix, dtype=np.float64)
            shape = dense.shape
            if len(shape) == 2:
                i, j = np.nonzero(dense)
                w = dense[i, j]
        if len(shape) != 2 or shape[0] != shape[1]:
            raise InputError(f"the matrix of weights is {' x '.join(map(str, shape))}", "give a square one")
        i, j, w = (part[w != 0] for part in (i, j, w))
        upper, lower = i <= j, i > j
        there = dict(zip(zip(i[upper].tolist(), j[upper].tolist()), w[upper].tolist()))
        back = dict(zip(zip(j[lower].tolist(), i[lower].tolist()), w[lower].tolist()))
        for pair in there.keys() | back.keys():
            if pair[0] != pair[1] and there.get(pair, 0.0) != back.get(pair, 0.0):
                weights = f"{there.get(pair, 0.0)} and {back.get(pair, 0.0)}"
                raise InputError(f"the weights of {pair} and {pair[::-1]} are {weights}", "give a symmetric matrix")
        ends = np.stack([i[upper], j[upper]], axis=1)
        return Graph(shape[0], ends, w[upper], names=names, positions=positions)

    def to_networkx(self) -> Any:
        """A ``networkx.Graph`` with the edge attributes ``weight`` and ``probability`` and the node attribute ``pos``.

        Nodes are called by their names, if they have any, else by their numbers.
        """
        import networkx as nx

        graph = nx.Graph()
        label: Sequence[Hashable] = self.names or range(self.nodes)
        graph.add_nodes_from(label)
        for node, (x, y) in zip(label, self.positions.tolist()):
            graph.nodes[node]["pos"] = (x, y)
        for k, ((i, j), w) in enumerate(zip(self.edges.tolist(), self.weights.tolist())):
            graph.add_edge(label[i], label[j], weight=w)
            if len(self.probabilities):
                graph.edges[label[i], label[j]]["probability"] = float(self.probabilities[k])
        return graph

    @staticmethod
    def from_networkx(graph: Any) -> Graph:
        """From a ``networkx.Graph``; edges without ``weight`` have weight 1."""
        if graph.is_directed():
            raise InputError("the graph is directed", "take graph.to_undirected()")
        if graph.is_multigraph():
            raise InputError("the graph has several edges between two nodes", "take networkx.Graph(graph)")
        label = list(graph.nodes)
        number = {node: k for k, node in enumerate(label)}
        edges = [(number[a], number[b]) for a, b in graph.edges]
        weights = [float(w) for _, _, w in graph.edges(data="weight", default=1.0)]
        places = [graph.nodes[node].get("pos") for node in label]
        chances = [p for _, _, p in graph.edges(data="probability")]
        return Graph(
            len(label),
            edges,
            weights,
            names=[] if label == list(range(len(label))) else label,
            positions=None if None in places or not places else places,
            probabilities=None if None in chances or not chances else chances,
        )

    def to_pygsp(self) -> Any:
        """A ``pygsp.graphs.Graph`` with positions as its coordinates."""
        from pygsp import graphs

        coordinates = {"coords": self.positions} if len(self.positions) else {}
        return graphs.Graph(self.to_scipy(), **coordinates)

    @staticmethod
    def from_pygsp(graph: Any) -> Graph:
        """From a graph of PyGSP, or anything with a matrix of weights ``W`` and perhaps ``coords``."""
        coords = getattr(graph, "coords", None)
        flat = coords is not None and np.ndim(coords) == 2 and np.shape(coords)[1] == 2
        return Graph.from_scipy(graph.W, positions=coords if flat else None)

    # --- files ---

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes .csv, .graphml, .gexf, .mtx, .npz or .json: every bit of the weights. Probabilities are written to
        all but .mtx and .npz, and are not read back."""
        parts = (self.names, self.positions.tolist(), self.probabilities.tolist())
        _unspool.write_graph(os.fspath(path), self.nodes, self.edges, self.weights, *parts)

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Graph:
        """Reads what :meth:`save` and ``unspool learn-graph`` write."""
        nodes, edges, weights, names, positions, probabilities = _unspool.read_graph(os.fspath(path))
        return Graph(nodes, edges, weights, names=names, positions=positions, probabilities=probabilities)

    # --- what it is like ---

    def layout(self, seed: int = 0) -> Double:
        """A position for each node: its own, or one that brings neighbours together."""
        if len(self.positions):
            return self.positions
        return _unspool.layout_graph(self.nodes, self.edges, self.weights, seed)

    def scores(self, truth: Graph) -> dict[str, float]:
        """How near it is to a true graph: F1, average precision and others.

        >>> g = Graph(3, [(0, 1)], [1.0])
        >>> g.scores(g)["f1"]
        1.0
        """
        ours, theirs = ((g.nodes, g.edges, g.weights) for g in (self, truth))
        return dict(_unspool.score_graph(*ours, *theirs))

    def plot(self, ax: Any = None, *, values: ArrayLike | None = None, seed: int = 0, names: bool = False) -> Any:
        """Draws it with matplotlib: nodes (coloured by ``values``, if given), edges as wide as they are heavy.

        Returns the axes.
        """
        import matplotlib.pyplot as plt
        from matplotlib.collections import LineCollection

        if ax is None:
            _, ax = plt.subplots()
        at = self.layout(seed)
        share = self.weights / self.weights.max(initial=1e-300)
        lines = LineCollection(
            list(at[self.edges]), linewidths=0.3 + 2.2 * share, colors=[(0.3, 0.3, 0.3, 0.25 + 0.7 * s) for s in share]
        )
        ax.add_collection(lines)
        colours = np.zeros(self.nodes) if values is None else np.asarray(values)
        ax.scatter(at[:, 0], at[:, 1], c=colours, s=30, zorder=2, edgecolors="white", linewidths=0.6)
        if names:
            for node, (x, y) in enumerate(at):
                ax.annotate(self.names[node] if self.names else str(node), (x, y), fontsize=7)
        ax.set_aspect("equal", adjustable="datalim")
        ax.set_xticks([])
        ax.set_yticks([])
        return ax
