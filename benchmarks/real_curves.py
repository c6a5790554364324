"""Learning curves of scikit-learn's learners on the data sets that its package carries.

None of them was used to learn an interval. The truth at a larger size is the mean over further
trainings, tested on all rows that are left.
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from audit.stats.curves import MeasuredCurve

SEEDS, TRUTHS = 5, 12


def learners():
    """Return learners by name."""
    return {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)),
        "naive Bayes": GaussianNB(),
        "nearest neighbours": make_pipeline(StandardScaler(), KNeighborsClassifier(3)),
        "tree": DecisionTreeClassifier(random_state=0),
        "support vectors": make_pipeline(StandardScaler(), SVC()),
        "discriminant": LinearDiscriminantAnalysis(),
    }


def tables():
    """Return data sets by name: features, labels, the size that is extrapolated from."""
    digits, cancer, wine = load_digits(), load_breast_cancer(), load_wine()
    return {
        "digits": (digits.data, digits.target, 181),
        "digits, odd or even": (digits.data, digits.target % 2, 128),
        "digits, five and more": (digits.data, (digits.target >= 5).astype(int), 128),
        "breast cancer": (cancer.data, cancer.target, 45),
        "wine": (wine.data, (wine.target == 1).astype(int), 22),
    }


def sizes_up_to(largest, classes):
    """Return 8 sizes a factor of sqrt(2) apart, fewer where a size could lack a class."""
    found = [round(largest * 2 ** (-k / 2)) for k in range(15)]
    return sorted(s for s in found if s >= max(8, 3 * classes))


def complete(order, y, size):
    return len(np.unique(y[order[:size]])) == len(np.unique(y))


def measured(learner, X, y, largest, rng):
    """Measure one audit: a pool to train on, a test set, nested subsets under `SEEDS` seeds."""
    order = rng.permutation(len(y))
    test, pool = order[: len(y) // 3], order[len(y) // 3 :][:largest]
    sizes = sizes_up_to(largest, len(np.unique(y)))
    orders = []
    while len(orders) < SEEDS:
        drawn = rng.permutation(pool)
        if complete(drawn, y, sizes[0]):
            orders.append(drawn)
    scores = np.array(
        [
            [learner.fit(X[o[:n]], y[o[:n]]).predict(X[test]) != y[test] for n in sizes]
            for o in orders
        ]
    )
    return MeasuredCurve.of(sizes, scores.astype(float))


def truth(learner, X, y, size, rng):
    """Return the error at a size, over `TRUTHS` trainings tested on all that is left."""
    errors = []
    for _ in range(TRUTHS):
        order = rng.permutation(len(y))
        learner.fit(X[order[:size]], y[order[:size]])
        errors.append(float((learner.predict(X[order[size:]]) != y[order[size:]]).mean()))
    return float(np.mean(errors))


def audits(repeats=12, seed=20261126):
    """Yield (set, learner, curve, {factor: truth}) over sets, learners and repeats."""
    rng = np.random.default_rng(seed)
    warnings.filterwarnings("ignore")
    for name, (X, y, largest) in tables().items():
        most = int(len(y) * 0.75)
        factors = [f for f in (2, 4, 8) if f * largest <= most]
        for called, learner in learners().items():
            known = {f: truth(learner, X, y, f * largest, rng) for f in factors}
            for _ in range(repeats):
                yield name, called, measured(learner, X, y, largest, rng), known
