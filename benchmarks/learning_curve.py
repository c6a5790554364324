"""CPU time of a learning curve against scikit-learn's ``learning_curve``, both in one run.

The same texts, sizes, seeds and head (15 sizes, 5 seeds; scaled embeddings, logistic regression):

1. from texts: scikit-learn's pipeline embeds inside every training, as a user would write it;
2. on embeddings that were computed beforehand.

Ours includes everything that an audit does: hashing, planning, storing on disk, reading back.
Run after ``make prepare-demo``.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import learning_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from audit import AuditSpec
from audit.adapters.hf_heads import STRENGTH
from audit.engine.dispatch import Dispatcher
from audit.engine.store import open_store
from audit.learning.anchors import errors_of, schedule
from audit.load import load
from audit.observations import Observations

WORK = Path(__file__).resolve().parents[1] / "examples" / "demo" / "work"
ROWS, TEST, SEEDS = 400, 200, 5
ALL, ALL_TEST = 3000, 600


def texts(name, rows):
    """Return the first texts of a table of the demo, with their labels."""
    with (WORK / name).open(encoding="utf-8", newline="") as stream:
        found = [r for r in csv.DictReader(stream) if r.get("source", "movie") == "movie"]
    return pd.DataFrame(found[:rows])[["text", "label"]]


class Embedding(TransformerMixin, BaseEstimator):
    """Embeds texts with the network that the audit uses."""

    def __init__(self, embedder=None):
        self.embedder = embedder

    def __sklearn_clone__(self):
        return self  # the network is frozen, and is not copied for every training

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y=None):  # noqa: ARG002
        return self

    def transform(self, X):
        return embedded(self.embedder, list(X))


def embedded(embedder, words):
    """Embed texts in batches of like length."""
    sizes = embedder.sizes(words)
    order = np.argsort(-sizes, kind="stable")
    out, at = np.empty((len(words), embedder.card.dim)), 0
    while at < len(order):
        rows = order[at : at + max(1, embedder.batch_size_limit // int(sizes[order[at]]))]
        out[rows] = embedder.predict([words[i] for i in rows])
        at += len(rows)
    return out


def ours(loaded, folder, root):
    """Train and measure as an audit does; return CPU seconds, schedule and accuracies."""
    begun = time.process_time()
    with open_store(folder, loaded.card) as store:
        plan = schedule(loaded.examples, loaded.card, root, seeds=SEEDS)
        desk = Dispatcher(loaded.model, loaded.refits, store)
        requests = plan.requests("test")
        brought = desk.run(desk.plan(requests, loaded.examples))
        seen = Observations(loaded.examples, brought.answers, loaded.card)
        errors = errors_of(loaded.task, seen, "test", requests).mean(axis=1)
    return time.process_time() - begun, plan, 1 - errors.reshape(SEEDS, -1)


def theirs(estimator, train, test, plan):
    """Run scikit-learn's learning curve on the same subsets; return CPU seconds and accuracies."""
    both = np.concatenate([train[0], test[0]])
    labels = np.concatenate([train[1], test[1]])
    held = np.arange(len(train[0]), len(both))
    cv = [(order[: plan.sizes[-1]], held) for order in plan.orders]
    begun = time.process_time()
    _, _, scores = learning_curve(
        estimator, both, labels, train_sizes=list(plan.sizes), cv=cv, scoring="accuracy"
    )
    return time.process_time() - begun, scores.T


def prepared(train, test):
    """Load the demo's model with its pretrained base; return it with the network in memory."""
    spec = AuditSpec.from_objects(
        f"hf:{WORK / 'model'}", test, train=train, input="text", label="label", max_length=128,
        refit={"base": f"hf:{WORK / 'base'}", "recipe": "head"},
    )  # fmt: skip
    loaded = load(spec)
    embedder = loaded.refits.embedder("head")
    embedder.predict(["warm"])
    return loaded, embedder


def head(dim):
    """Return the head that the audit trains."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH / dim, max_iter=1000))


def from_texts():
    """Compare with the embedding inside the pipeline."""
    train, test = texts("train.csv", ROWS), texts("test.csv", TEST)
    loaded, embedder = prepared(train, test)
    with tempfile.TemporaryDirectory() as folder:
        mine, plan, found = ours(loaded, Path(folder), 7)
    whole = make_pipeline(Embedding(embedder), *(step for _, step in head(embedder.card.dim).steps))
    other, scores = theirs(whole, columns(train), columns(test), plan)
    print(f"from texts, {ROWS} to train on, {TEST} to test: {len(plan.sizes)} sizes, {SEEDS} seeds")
    report(mine, other, found, scores)


def on_embeddings(rounds=3):
    """Compare where every text was embedded before: only trainings are left to do."""
    train, test = texts("train.csv", ALL), texts("test.csv", ALL_TEST)
    loaded, embedder = prepared(train, test)
    with tempfile.TemporaryDirectory() as folder:
        ours(loaded, Path(folder), 0)
        sides = [
            (embedded(embedder, list(t["text"])), t["label"].to_numpy()) for t in (train, test)
        ]
        print(f"on embeddings, {ALL} to train on, {ALL_TEST} to test")
        for root in range(1, rounds + 1):
            mine, plan, found = ours(loaded, Path(folder), root)
            other, scores = theirs(head(embedder.card.dim), *sides, plan)
            report(mine, other, found, scores)


def columns(table):
    return table["text"].to_numpy(), table["label"].to_numpy()


def report(mine, other, found, scores):
    same = float(np.abs(found - scores).max())
    print(
        f"  CPU: ours {mine:.2f} s, scikit-learn {other:.2f} s; ours / theirs {mine / other:.3f}, "
        f"theirs / ours {other / mine:.1f}; accuracies differ by at most {same:.3g}"
    )


if __name__ == "__main__":
    if not (WORK / "base").is_dir():
        sys.exit("run: make prepare-demo")
    on_embeddings()
    from_texts()
