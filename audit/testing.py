"""Contract checks: what every probe, model, data set and reporter must do, built-in or guest.

Call them from your own tests::

    from audit.testing import check_probe
    def test_contract():
        check_probe(MyProbe)

Every check raises `AssertionError` with the broken promise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from audit.adapters.options import SplitRoles
from audit.config import TRAIN
from audit.data import DataCard
from audit.engine.held import Held
from audit.errors import NotApplicable
from audit.examples import Examples, FloatArray
from audit.model import Model, ModelCard, Predicts, Recorded
from audit.observations import Observations
from audit.probe import Evidence, Probe
from audit.reporter import Reporter
from audit.result import AuditResult, Decision, ProbeResult
from audit.sample_inputs import contents, sample_inputs
from audit.samples import (
    CARD,
    LABELS,
    RULES,
    SPLIT,
    reorder,
    sample_answer,
    sample_data,
    sample_examples,
    sample_outputs,
)
from audit.task import Classification, Task
from audit.testing_explainers import check_explainer, check_modality
from audit.transform import SEVERITIES, Chance, TransformKind

__all__ = [
    "check_close",
    "check_dataset",
    "check_explainer",
    "check_modality",
    "check_model",
    "check_not_applicable",
    "check_probe",
    "check_reporter",
    "check_transform",
    "encode",
    "make",
    "measured",
    "sample_result",
]
from audit.verdict import Outcome


def make(kind: type[Probe], task: Task | None = None) -> Probe:
    """Return a probe with its default asks on the sample split."""
    task = task or Classification(LABELS, "positive")
    asks = tuple(kind.default_asks({"test": SPLIT}, task))
    return kind(asks=asks, task=task, seed=1, domains=RULES)


def measured(
    probe: Probe, data: Examples | Mapping[str, Examples], outputs: FloatArray
) -> Evidence:
    """Answer everything a probe asks as the sample model would, and let it measure.

    Parameters
    ----------
    probe : Probe
    data : Examples, or mapping of split name to Examples
        A test split alone is given sample rows to train on.
    outputs : (n, classes) float array
        The model's own answers on the test split.
    """
    if isinstance(data, Examples):
        data = sample_data(data)
    seen = Observations(data, card=CARD)
    while True:
        asked = [r for r in probe.plan(data, CARD, seen) if r not in seen.answers]
        if not asked:
            return probe.measure(seen)
        new = {r: sample_answer(r, data, outputs) for r in asked}
        seen = Observations(data, {**seen.answers, **new}, CARD)


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
    moved = sample_data(reorder(examples, order))
    train = moved[TRAIN]
    moved[TRAIN] = reorder(train, np.random.default_rng(4).permutation(len(train)))
    check_close(first, measured(probe, moved, outputs[order]))
    planned = {f.ask.key: f.ids for f in probe.design(sample_data(examples), CARD)}
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


def check_transform(kind: TransformKind) -> None:
    """Check a transform's sheet, and that it is seeded, keeps its inputs, and knows no neighbour.

    Parameters
    ----------
    kind : TransformKind
        For texts, pictures or tables.
    """
    sheet = kind.sheet
    assert sheet.name == sheet.name.lower() and " " not in sheet.name, "a kebab-case noun"
    assert all((sheet.title, sheet.says, sheet.family, *sheet.steps)), "the sheet is filled in"
    inputs, digests = sample_inputs(sheet.modality)
    before = contents(inputs)
    for severity in SEVERITIES:
        changed = contents(kind.apply(inputs, severity, Chance(digests, 1, inputs)))
        again = contents(kind.apply(inputs, severity, Chance(digests, 1, inputs)))
        assert changed == again, "the same seed gives the same bytes"
        assert len(changed) == len(before), "as many inputs come back as were given"
        assert contents(inputs) == before, "no input is changed in place"
        back = np.arange(len(digests))[::-1]
        moved = kind.apply(Held(inputs).take(back), severity, Chance(digests[back], 1, inputs))
        assert contents(moved)[::-1] == changed, "an input's place changes nothing"


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
        model=CARD,
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
