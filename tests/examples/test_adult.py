"""The second example: answers of all three kinds, and rates that equal fairlearn's."""

from pathlib import Path

import numpy as np
import pytest
from fairlearn.metrics import (
    MetricFrame,
    false_negative_rate,
    false_positive_rate,
    selection_rate,
    true_positive_rate,
)
from sklearn.metrics import accuracy_score, precision_score

from audit import AuditSpec
from audit.gate import EXIT
from audit.prepare import prepare

EXAMPLE = Path(__file__).parents[2] / "examples" / "adult" / "audit.yaml"
REFERENCE = {
    "selection_rate": (selection_rate, None),
    "tpr": (true_positive_rate, 1),
    "fpr": (false_positive_rate, 0),
    "fnr": (false_negative_rate, 1),
    "ppv": (precision_score, None),
    "accuracy": (accuracy_score, None),
}


def test_its_requirements_are_met_failed_and_undecided(adult):
    assert {v.outcome for v in adult.verdicts} == {"passed", "failed", "inconclusive"}
    assert adult.decision.exit_code == EXIT["failed"] == 1


def test_its_headline_names_a_group(adult):
    from reports.aggregate import build

    guilty = {v.worst for v in adult.verdicts if v.outcome == "failed"}
    named = {m.slice.name for p in adult.probes for f in p.families for m in f.measurements
             if m.id in guilty}  # fmt: skip
    title = build(adult).headline.title
    assert any(name in title for name in named)


def test_its_trainings_are_drawn(adult):
    trained = {p.probe: p for p in adult.probes if p.sheet.needs == ("Refits",)}
    assert {"learning-curve", "data-value", "label-noise"} <= trained.keys()
    for probe in trained.values():
        assert not probe.error
        assert probe.exhibits
    points = trained["learning-curve"].exhibits[0].panels[0].series[0].points
    assert points[-1].y - points[0].y > 0.05  # it learns from its rows


@pytest.fixture(scope="module")
def truth(adult):
    """Return groups, targets and decisions, from the model itself and not from the result."""
    loaded = prepare(AuditSpec.from_file(EXAMPLE)).loaded
    rows = loaded.examples["test"]
    groups = {k: np.array(f.names, dtype=object)[f.codes] for k, f in rows.groups.items()}
    chosen = loaded.model.predict(rows.inputs.take(np.arange(len(rows)))).argmax(axis=1)
    positive = loaded.model.card.labels.index(">50K")
    return groups, rows.labels.has(">50K").astype(int), (chosen == positive).astype(int)


@pytest.mark.parametrize("metric", list(REFERENCE))
def test_every_rate_equals_fairlearns(adult, truth, metric):
    groups, y, yhat = truth
    function, given = REFERENCE[metric]
    frames, checked = {}, 0
    own = ("task-performance", "group-fairness")  # the others measure the model's trainings
    for probe in (p for p in adult.probes if p.probe in own):
        for family in probe.families:
            if family.ask.metric != metric or family.ask.statistic not in ("rate", "worst"):
                continue
            for m in family.measurements:
                columns = m.slice.columns
                if columns not in frames:
                    frames[columns] = MetricFrame(
                        metrics=function,
                        y_true=y,
                        y_pred=yhat,
                        sensitive_features={c: groups[c] for c in columns},
                    ).by_group
                key = tuple(v for _, v in m.slice.terms)
                inside = np.all([groups[c] == v for c, v in m.slice.terms], axis=0)
                relevant = inside & (y == given) if given is not None else inside
                if metric == "ppv":
                    relevant = inside & (yhat == 1)
                if relevant.any():
                    expected = frames[columns][key if len(key) > 1 else key[0]]
                    assert m.value == pytest.approx(expected, abs=1e-12), m.id
                else:
                    assert m.value is None
                    assert m.why
                checked += 1
    assert checked >= 20
