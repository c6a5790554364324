"""The third example: photos, a torch module of one's own, and a type of cell it never saw."""

import os
import re
from pathlib import Path

import pytest

from audit import AuditSpec, run_audit

EXAMPLE = Path(__file__).parents[2] / "examples" / "solar"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def solar():
    """Give the result of its audit."""
    if not (EXAMPLE / "work" / "done").exists():
        words = "examples/solar is not prepared; run: make prepare-solar"
        if os.environ.get("AUDIT_REQUIRE_EXAMPLES") == "1":
            pytest.fail(words)
        pytest.skip(words)
    return run_audit(AuditSpec.from_file(EXAMPLE / "audit.yaml"))


def measured(result, probe, metric, statistic):
    (family,) = [
        f
        for p in result.probes
        if p.probe == probe
        for f in p.families
        if (f.ask.metric, f.ask.statistic) == (metric, statistic)
    ]
    return {m.slice.name: m.value for m in family.measurements}


def test_every_requirement_is_judged(solar):
    assert {v.requirement for v in solar.verdicts} == {r.id for r in solar.requirements}
    assert not {v.outcome for v in solar.verdicts} & {"error", "not run", "not applicable"}


def test_the_network_answers_as_the_regression_that_was_put_into_it(solar):
    said = (EXAMPLE / "work" / "accuracy.txt").read_text()
    by_sklearn = float(re.search(r"balanced accuracy ([\d.]+)", said)[1])
    found = measured(solar, "task-performance", "balanced_accuracy", "worst")
    assert found["mono"] == pytest.approx(by_sklearn, abs=6e-4)  # it was written with three digits


def test_on_the_other_type_it_is_a_coin_and_fails(solar):
    found = measured(solar, "task-performance", "balanced_accuracy", "worst")
    assert abs(found["poly"] - 0.5) < 0.06
    assert measured(solar, "distribution-shift", "accuracy", "drop")["poly"] > 0.2
    assert {v.requirement: v.outcome for v in solar.verdicts}["other-type"] == "failed"
