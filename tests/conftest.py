"""What several tests share: made-up splits with known rates, and the judging of one requirement."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from filelock import FileLock

from audit import AuditSpec, run_audit
from audit.examples import Examples, Factor
from audit.groups import GroupRules
from audit.judge import judge
from audit.measurement import Ask
from audit.observations import Observation, Observations
from audit.requests import Predict
from audit.task import Classification
from audit.verdict import Requirement
from probes.group_fairness import GroupFairness

LABELS = ("neg", "pos")


def split(groups, y, clusters=None, names=LABELS):
    """Build a split from group names per column and target codes."""
    n = len(y)
    return Examples(
        split="test",
        inputs=None,
        digests=np.array([b"%016d" % i for i in range(n)]),
        ids=np.arange(n).astype(str).astype(object),
        labels=Factor(np.asarray(y, dtype=np.int64), tuple(names)),
        groups={k: Factor.of(list(v)) for k, v in groups.items()},
        clusters=clusters,
    )


def planted(sizes, rates, seed):
    """Return a split of groups and outputs whose accuracy in each group is a given rate."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    y = rng.integers(0, 2, len(codes))
    right = rng.random(len(codes)) < np.asarray(rates)[codes]
    names = tuple(f"g{i:02}" for i in range(len(sizes)))
    rows = split({}, y)
    rows.groups["group"] = Factor(codes.astype(np.int64), names)
    return rows, np.eye(2)[np.where(right, y, 1 - y)]


def ask_for(metric="accuracy", statistic="gap", **words):
    """Word an ask about the column ``group``."""
    compare = "rest" if statistic in ("gap", "ratio") else ""
    words = {"by": ("group",), "compare": compare} | words
    return Ask(probe="group-fairness", metric=metric, statistic=statistic, **words)


def fairness(ask, rows, outputs, rules=None, labels=LABELS, scored=True):
    """Return the family that the fairness probe measures for one ask."""
    task = Classification(tuple(labels), ask.label if ask.label != "each" else "")
    probe = GroupFairness(asks=(ask,), task=task, groups=rules or GroupRules())
    answer = Observation(np.asarray(outputs, dtype=float), scored=scored)
    return probe.measure(Observations({"test": rows}, {Predict("test"): answer})).families[0]


def verdict(family, sight=False, alpha=0.05, **limit):
    """Judge one family against one limit."""
    r = Requirement(id="r", title=family.title, ask=family.ask, **limit)
    return judge([r], {family.ask.key: family}, alpha, sight=sight)["r"]


EXAMPLES = Path(__file__).parents[1] / "examples"


# Gradients of a transformer take most of the demo's time: here fewer texts are explained.
FEWER = (
    "probes.explanation-stability.inputs=36",
    "probes.explanation-faithfulness.orders=2",
    "probes.explanation-sanity.inputs=32",
    "probes.explanation-sanity.depths=[1.0]",
)


def audited(name, settings=()):
    """Audit an example as its command would; what it predicted before is kept beside it."""
    spec = AuditSpec.from_file(EXAMPLES / name / "audit.yaml", settings)
    if not (EXAMPLES / name / "work").is_dir():
        words = f"examples/{name} is not prepared; run: make prepare-{name}"
        if os.environ.get("AUDIT_REQUIRE_EXAMPLES") == "1":
            pytest.fail(words)
        pytest.skip(words)
    # of two workers the second one waits, and finds everything predicted
    with FileLock(EXAMPLES / name / "work" / "audit.lock"):
        return run_audit(spec)


@pytest.fixture(scope="session")
def demo():
    """Give the result of the demo's audit, with fewer explanations."""
    return audited("demo", FEWER)


@pytest.fixture(scope="session")
def adult():
    """Give the result of the second example's audit."""
    return audited("adult")


@pytest.fixture
def make():
    """Give the makers above to a test."""
    return SimpleNamespace(
        split=split, planted=planted, ask=ask_for, fairness=fairness, verdict=verdict
    )
