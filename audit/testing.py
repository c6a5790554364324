"""Contract checks: what every probe, model, data set and reporter must do, built-in or guest.

Call them from your own tests::

    from audit.testing import check_probe
    def test_contract():
        check_probe(MyProbe)

Every check raises `AssertionError` with the broken promise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from audit.adapters.options import SplitRoles
from audit.config import SplitSpec
from audit.data import DataCard
from audit.errors import NotApplicable
from audit.examples import Examples, Factor, FloatArray, IntArray
from audit.model import Model, ModelCard, Predicts, Recorded
from audit.observations import Observation, Observations
from audit.probe import Evidence, Probe
from audit.reporter import Reporter
from audit.result import AuditResult, Decision, ProbeResult
from audit.task import Classification, Task
from audit.verdict import Outcome

LABELS = ("negative", "positive")
SPLIT = SplitSpec(label="label", positive="positive", groups=("group",))


class Rows:
    """Inputs held in a list."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = list(values)

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: IntArray) -> list[Any]:
        """Return the inputs at some positions."""
        return [self.values[int(i)] for i in rows]


def sample_examples(n: int = 600, seed: int = 0, clusters: bool = False) -> Examples:
    """Return a labelled split with three groups of unequal size.

    Parameters
    ----------
    n : int
        Rows.
    seed : int
    clusters : bool
        Whether rows come in clusters of four.
    """
    rng = np.random.default_rng(seed)
    groups = np.sort(rng.choice(3, n, p=(0.6, 0.3, 0.1)))
    labels = rng.integers(0, 2, n)
    words = [f"text {i}" for i in range(n)]
    return Examples(
        split="test",
        inputs=Rows(words),
        digests=np.array([w.encode().ljust(16)[:16] for w in words]),
        ids=np.array(words, dtype=object),
        labels=Factor(labels.astype(np.int64), LABELS),
        groups={"group": Factor(groups.astype(np.int64), ("a", "b", "c"))},
        clusters=np.arange(n, dtype=np.int64) // 4 if clusters else None,
    )


def sample_outputs(examples: Examples, seed: int = 0, accuracy: float = 0.8) -> FloatArray:
    """Return probabilities of a model that is right at a rate, with graded confidence."""
    rng = np.random.default_rng(seed)
    if examples.labels is None:
        raise ValueError("the split has no labels")
    right = rng.random(len(examples)) < accuracy
    chosen = np.where(right, examples.labels.codes, 1 - examples.labels.codes)
    sure = rng.uniform(0.5, 1.0, len(examples))
    positive = np.where(chosen == 1, sure, 1 - sure)
    return np.column_stack([1 - positive, positive])


def reorder(examples: Examples, order: IntArray) -> Examples:
    """Return the split with its rows in another order."""
    if examples.labels is None:
        raise ValueError("the split has no labels")
    inputs: Any = examples.inputs
    return dataclasses.replace(
        examples,
        inputs=Rows(inputs.take(order)),
        digests=examples.digests[order],
        ids=examples.ids[order],
        labels=Factor(examples.labels.codes[order], examples.labels.names),
        groups={k: Factor(f.codes[order], f.names) for k, f in examples.groups.items()},
        clusters=None if examples.clusters is None else examples.clusters[order],
    )


def make(kind: type[Probe], task: Task | None = None) -> Probe:
    """Return a probe with its default asks on the sample split."""
    task = task or Classification(LABELS, "positive")
    return kind(asks=tuple(kind.default_asks({"test": SPLIT}, task)), task=task, seed=1)


def measured(probe: Probe, examples: Examples, outputs: FloatArray) -> Evidence:
    """Answer everything a probe asks on one split with given outputs, and let it measure."""
    data = {examples.split: examples}
    seen = Observations(data)
    card = ModelCard(name="sample", kind="sample", task="text-classification", labels=LABELS)
    while True:
        asked = [r for r in probe.plan(data, card, seen) if r not in seen.answers]
        if not asked:
            return probe.measure(seen)
        seen = Observations(data, {**seen.answers, **{r: Observation(outputs) for r in asked}})


def check_probe(kind: type[Probe]) -> None:
    """Check a probe's sheet, purity, determinism, order invariance and frozen comparisons."""
    sheet = kind.sheet
    assert sheet.id == sheet.id.lower() and " " not in sheet.id, "the id is a kebab-case noun"
    for word in ("area", "title", "failure_title", "question", "mechanism"):
        assert getattr(sheet, word), f"the sheet has no {word}"
    assert sheet.measures, "the sheet names no measure"
    assert all(name.count(".") == 1 for name in sheet.measures), "a measure is metric.statistic"
    assert dataclasses.is_dataclass(kind), "a probe is a dataclass"
    assert kind.__dataclass_params__.frozen, "a probe is frozen"  # type: ignore[attr-defined]
    probe, examples = make(kind), sample_examples()
    outputs = sample_outputs(examples)
    first = measured(probe, examples, outputs)
    assert encode(first) == encode(measured(probe, examples, outputs)), "same seed, same bytes"
    order = np.random.default_rng(3).permutation(len(examples))
    other = measured(probe, reorder(examples, order), outputs[order])
    check_close(first, other)
    card = ModelCard(name="sample", kind="sample", task="text-classification", labels=LABELS)
    planned = {f.ask.key: f.ids for f in probe.design({"test": examples}, card)}
    for family in first.families:
        assert planned.get(family.ask.key) == family.ids, "design() and measure() expand alike"
        for m in family.measurements:
            assert m.value is not None or m.why, f"{m.id} is undefined without a reason"
    check_not_applicable(kind)


def check_not_applicable(kind: type[Probe]) -> None:
    """Check that a probe with nothing to measure says so, with a reason."""
    probe = kind(asks=(), task=Classification(LABELS, "positive"))
    card = ModelCard(name="sample", kind="sample", task="text-classification", labels=LABELS)
    try:
        asked = probe.plan({}, card, Observations({}))
    except NotApplicable as reason:
        assert str(reason), "a probe that does not apply gives its reason"
    else:
        assert not asked, "a probe without data asks nothing"


def check_close(first: Evidence, other: Evidence) -> None:
    """Check that two pieces of evidence hold the same numbers, up to the order of summing."""
    a = {m.id: m for f in first.families for m in f.measurements}
    b = {m.id: m for f in other.families for m in f.measurements}
    assert a.keys() == b.keys(), "the measurements do not depend on the order of rows"
    for key, m in a.items():
        value, again = m.value, b[key].value
        same = value == again if value is None or again is None else abs(value - again) < 1e-9
        assert same, f"{key} depends on the order of rows: {value} and {again}"


def encode(evidence: Evidence) -> bytes:
    """Return evidence as bytes, for comparison."""
    return msgspec.json.encode((list(evidence.families), list(evidence.exhibits)))


def check_model(model: Model, inputs: Any) -> None:
    """Check that a model answers as its card says: shape, range, repeatable, batch by batch.

    Parameters
    ----------
    model : Model
    inputs : sequence or data frame
        At least three inputs.
    """
    card = model.card
    assert card.name and card.kind and card.task, "the card names model, adapter and task"
    if isinstance(model, Recorded):
        return
    assert isinstance(model, Predicts), "a model predicts, or holds recorded predictions"
    outputs = np.asarray(model.predict(inputs))
    assert len(outputs) == len(inputs), "one output an input"
    assert np.isfinite(outputs).all(), "outputs are finite"
    if card.labels:
        assert outputs.shape == (len(inputs), len(card.labels)), "one column a label"
        assert np.allclose(outputs.sum(axis=1), 1, atol=1e-3), "rows sum to one"
    again = np.asarray(model.predict(inputs))
    assert np.allclose(outputs, again, atol=1e-5), "the same input gives the same output"
    head = np.asarray(model.predict(inputs[:1]))
    assert np.allclose(outputs[:1], head, atol=1e-4), "the output does not depend on the batch"


def check_dataset(table: Any, roles: SplitRoles) -> None:
    """Check that a loaded data set gives rows by role, and is recognised in any order.

    Parameters
    ----------
    table : datasets.Dataset
        As a loader returns it; at least two rows.
    roles : SplitRoles
    """
    from audit.adapters.rows import examples_from

    rows = examples_from(table, "test", roles)
    assert len(rows) == len(table), "every row is an example"
    back = examples_from(table.select(range(len(table) - 1, -1, -1)), "test", roles)
    assert rows.fingerprint == back.fingerprint, "the fingerprint does not depend on row order"
    assert (rows.digests == back.digests[::-1]).all(), "a row's digest goes with the row"
    fewer = examples_from(table.select(range(len(table) - 1)), "test", roles)
    assert fewer.fingerprint != rows.fingerprint, "other rows have another fingerprint"
    assert set(rows.groups) == set(roles.groups), "every group column is there"


def sample_result(kind: type[Probe]) -> AuditResult:
    """Return a result that holds one probe's evidence on the sample split, without a gate."""
    evidence = measured(make(kind), sample_examples(), sample_outputs(sample_examples()))
    return AuditResult(
        model=ModelCard(name="sample", kind="sample", task="text-classification", labels=LABELS),
        data=DataCard(name="sample", splits={"test": 600}, columns={"group": "group"}),
        probes=(
            ProbeResult(
                probe=kind.sheet.id,
                sheet=kind.sheet,
                outcome=Outcome.PASSED,
                families=tuple(evidence.families),
                exhibits=tuple(evidence.exhibits),
            ),
        ),
        decision=Decision(state="not gated", exit_code=0),
    )


def check_reporter(reporter: Reporter, result: AuditResult) -> None:
    """Check that a reporter writes text, the same text each time, and survives a stored result."""
    text = reporter.render(result)
    assert isinstance(text, str) and text.strip(), "a reporter returns text"
    assert text == reporter.render(result), "the same result gives the same text"
    stored = AuditResult.from_json(result.to_json())
    assert text == reporter.render(stored), "a stored result gives the same text"
