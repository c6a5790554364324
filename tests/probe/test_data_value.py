"""The value of a group's own training rows."""

import numpy as np
import pytest

from audit.config import TRAIN
from audit.errors import ConfigError, NotApplicable
from audit.measurement import Ask
from audit.observations import Observation, Observations
from audit.requests import unpacked
from audit.samples import CARD, LABELS, SPLIT, chance, graded, sample_data, sample_examples
from audit.task import Classification
from audit.testing import check_probe, make
from probes.data_value import DataValue

TASK = Classification(LABELS, "positive")


def measured(starved="", rows=3000):
    """One group errs by how few of its own rows are trained on; the others do not care."""
    data = sample_data(sample_examples(rows)) | {TRAIN: sample_examples(2000, 1, split=TRAIN)}
    probe = make(DataValue)
    own = data[TRAIN].groups["group"]
    answers = {}
    for request in probe.plan(data, CARD, Observations(data)):
        examples = data[request.split]
        rate = np.full(len(examples), 0.1)
        if starved:
            n = own.has(starved)[unpacked(request.fit.rows)].sum()
            rate[examples.groups["group"].has(starved)] = 0.05 + 2.0 * n**-0.5
        right = chance(examples, request.fit.seed) >= rate
        answers[request] = Observation(graded(examples, right, np.full(len(examples), 0.9)))
    found = probe.measure(Observations(data, answers, CARD)).families[0]
    return {m.slice.terms[0][1]: m for m in found.measurements}


def test_the_contract_of_a_probe_is_kept():
    check_probe(DataValue)


def test_a_starved_group_gains_from_its_own_rows_and_no_other_does():
    found = measured("c")
    own = sample_examples(2000, 1, split=TRAIN).groups["group"].has("c").sum()
    truth = (2.0 * (own // 4) ** -0.5 - 2.0 * own**-0.5) / 2
    assert found["c"].interval.low <= truth <= found["c"].interval.high
    assert found["c"].evidence.p_over(0.01) < 0.05
    assert found["a"].value == found["b"].value == 0


def test_rows_that_do_not_matter_are_worth_nothing():
    assert all(m.value == 0 for m in measured().values())


def test_only_the_rows_of_one_group_are_thinned():
    data, probe = sample_data(), make(DataValue)
    codes = data[TRAIN].groups["group"].codes
    sizes = [
        np.bincount(codes[unpacked(r.fit.rows)], minlength=3)
        for r in probe.plan(data, CARD, Observations(data))
    ]
    whole = np.bincount(codes, minlength=3)
    assert {tuple(s) for s in sizes} == {
        tuple(whole), *(tuple(np.where(np.arange(3) == g, whole // 4, whole)) for g in range(3))
    }  # fmt: skip


def test_a_group_that_the_training_rows_do_not_name_is_not_tested():
    data = sample_data()
    train = data[TRAIN]
    object.__setattr__(train, "groups", {})
    family = make(DataValue).design(data, CARD)[0]
    assert not family.measurements
    assert "no group column group" in family.untested[0].reason


def test_without_groups_there_is_nothing_to_say():
    with pytest.raises(NotApplicable, match="no groups"):
        DataValue(task=TASK).plan(sample_data(), CARD, Observations({}))


def test_a_label_is_refused():
    with pytest.raises(ConfigError, match="leave out label"):
        DataValue.complete(
            Ask(probe="data-value", metric="gain", statistic="worst", label="positive"), SPLIT
        )
