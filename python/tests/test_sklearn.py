"""The interface of scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from unspool.graph import Correlation, GraphLearner, LaplacianLearner, NetworkLearner

sklearn = pytest.importorskip("sklearn")

from sklearn.base import clone  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import check_estimator  # noqa: E402


# the learners know scikit-learn's interface, but do not import it
@pytest.mark.filterwarnings("ignore:Estimator .* does not inherit from")
@pytest.mark.parametrize(
    "learner",
    [GraphLearner(), GraphLearner(alpha=1.0, beta=1.0), LaplacianLearner(), Correlation(), NetworkLearner()],
)
def test_check_estimator(learner: Any) -> None:
    """All checks."""
    results = check_estimator(learner, on_fail=None, on_skip=None)
    failed = {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}
    assert failed.keys() == EXPECTED.get(type(learner), set()), failed
    skipped = {r["check_name"] for r in results if r["status"] == "skipped"}
    assert skipped <= SKIPPED, skipped
    assert sum(r["status"] == "passed" for r in results) >= 30


#: Checks that scikit-learn itself leaves out: that of array libraries, which must be asked for in the environment.
SKIPPED = {"check_array_api_input"}

#: Checks that cannot pass, for one reason: they fit two nodes, and the network knows graphs of three or more.
EXPECTED = {
    NetworkLearner: {
        "check_estimators_fit_returns_self",
        "check_estimators_overwrite_params",
        "check_fit_check_is_fitted",
        "check_fit_idempotent",
        "check_n_features_in",
        "check_readonly_memmap_input",
    }
}


def test_clone_pipeline_search() -> None:
    X = np.random.default_rng(0).standard_normal((120, 8)).cumsum(axis=1)
    learner = GraphLearner(degree=3)
    assert clone(learner).get_params() == learner.get_params()
    pipeline = make_pipeline(StandardScaler(), learner).fit(X)
    alone = GraphLearner(degree=3).fit((X - X.mean(axis=0)) / X.std(axis=0))
    assert np.allclose(pipeline[-1].adjacency_, alone.adjacency_)
    search = GridSearchCV(GraphLearner(), {"degree": [2.5, 4]}, cv=3).fit(X)
    assert search.best_params_["degree"] in (2.5, 4) and np.isfinite(search.best_score_)
