"""A stored result can be read, by this version and by those that come."""

import typing
from pathlib import Path

import msgspec
import pytest

from audit.errors import OutputError
from audit.exhibits import Exhibit
from audit.result import SCHEMA_VERSION, AuditResult

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("result-*.json"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda p: p.stem)
def test_a_result_of_every_released_schema_is_read(path):
    result = AuditResult.from_file(path)
    assert result.verdicts
    assert result.decision.exit_code == 1


def test_the_golden_result_of_this_schema_is_written_alike():
    """A change of the schema is a change of its version, with a reader for the old one."""
    path = next(p for p in GOLDEN if p.stem == f"result-{SCHEMA_VERSION}")
    assert AuditResult.from_file(path).to_json() == path.read_bytes()


def test_a_field_that_a_later_version_added_is_ignored():
    value = msgspec.json.decode(GOLDEN[-1].read_bytes())
    text = msgspec.json.encode(value | {"invented": 1})
    assert AuditResult.from_json(text).verdicts


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"not json", "not an audit result"),
        (b"[]", "not an audit result"),
        (b'{"schema_version": "9.0"}', "cannot be read"),
        (b'{"schema_version": "1.0"}', "does not fit"),
    ],
)
def test_what_is_no_result_is_refused_with_the_reason(text, said):
    with pytest.raises(OutputError, match=said) as caught:
        AuditResult.from_json(text)
    assert caught.value.exit_code == 2


def test_every_evidence_survives_the_file():
    result = AuditResult.from_file(GOLDEN[-1])
    kinds = {
        type(m.evidence).__name__
        for p in result.probes
        for f in p.families
        for m in f.measurements
        if m.evidence is not None
    }
    assert {"OneProportion", "TwoProportions", "Mean", "Draws", "Crossing", "Anytime"} <= kinds


def test_every_exhibit_survives_the_file():
    result = AuditResult.from_file(GOLDEN[-1])
    kinds = {type(e).__name__ for p in result.probes for e in p.exhibits}
    assert kinds == {k.__name__ for k in typing.get_args(Exhibit)}
