"""The same trainings as scikit-learn's own ``learning_curve``, to the last digit."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import learning_curve
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from audit import AuditSpec
from audit.engine.dispatch import Dispatcher
from audit.engine.store import Store
from audit.learning.anchors import errors_of, schedule
from audit.load import load
from audit.observations import Observations


@pytest.mark.parametrize(
    "estimator",
    [make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)), GaussianNB()],
    ids=["logistic regression", "naive Bayes"],
)
def test_scores_equal_those_of_scikit_learn(estimator):
    table = load_breast_cancer(as_frame=True).frame
    names = [c for c in table.columns if c != "target"]
    table["target"] = table["target"].map({0: "malignant", 1: "benign"})
    test, train = table.iloc[:200], table.iloc[200:]
    estimator.fit(train[names], train["target"])
    spec = AuditSpec.from_objects(estimator, test, train=train, input=names, label="target")
    loaded = load(spec)
    plan = schedule(loaded.examples, loaded.card, 7, anchors=6, seeds=3)
    desk = Dispatcher(loaded.model, loaded.refits, Store())
    requests = plan.requests("test")
    brought = desk.run(desk.plan(requests, loaded.examples))
    seen = Observations(loaded.examples, brought.answers, loaded.card)
    ours = 1 - errors_of(loaded.task, seen, "test", requests).mean(axis=1).reshape(3, -1)

    both = pd.concat([train, test])
    held = np.arange(len(train), len(both))
    _, _, theirs = learning_curve(
        estimator, both[names], both["target"], train_sizes=list(plan.sizes),
        cv=[(order, held) for order in plan.orders], scoring="accuracy",
    )  # fmt: skip
    np.testing.assert_array_equal(ours.T, theirs)
