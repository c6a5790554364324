"""Levels are drawn against the level that they fell from, and the floor that follows from it."""

import re
from types import ModuleType
from typing import Any

import msgspec
import pytest

from audit.exhibits import Forest
from audit.result import AuditResult
from audit.verdict import Outcome
from reports import charts
from reports.aggregate import build
from reports.forest import ForestView, forest_view
from reports.index import Index

replace = msgspec.structs.replace


def levels(result: AuditResult, **more: Any) -> Forest:
    found = result.probes[0].exhibits[0]
    assert isinstance(found, Forest)
    return replace(found, **more)


def view(result: AuditResult, **more: Any) -> ForestView:
    return forest_view(Index(result), levels(result, **more))


def asked(result: AuditResult, side: str = "below", **limits: Any) -> AuditResult:
    """Put another limit, or another side, on the first requirement."""
    first = result.requirements[0]
    ask = replace(first.ask, statistic=limits.pop("statistic", first.ask.statistic))
    family = result.probes[0].families[0]
    turned = tuple(replace(m, side=side) for m in family.measurements)
    held = replace(family, ask=ask, measurements=turned)
    probe = replace(result.probes[0], families=(held,), exhibits=(levels(result, family=ask.key),))
    required = replace(first, ask=ask, **{"max": None, "min": None, **limits})
    verdict = replace(result.verdicts[0], limit=required.limit)
    return replace(
        result,
        probes=(probe, *result.probes[1:]),
        requirements=(required, *result.requirements[1:]),
        verdicts=(verdict, *result.verdicts[1:]),
    )


def test_a_limit_on_a_drop_is_drawn_as_a_floor(shifted: AuditResult) -> None:
    found = view(shifted)
    assert found.limits == pytest.approx((0.844,))
    assert [key.text for key in found.marks] == [
        "floor 84.4% = 92.4% − 8.0 pp",
        "in distribution: 91.7 to 93.1%",
    ]


def test_where_more_is_worse_the_floor_is_a_ceiling(shifted: AuditResult) -> None:
    found = view(asked(shifted, side="above", max=0.03))
    assert found.limits == pytest.approx((0.954,))
    assert found.marks[0].text == "ceiling 95.4% = 92.4% + 3.0 pp"


def test_a_limit_on_the_level_is_drawn_where_it_is(shifted: AuditResult) -> None:
    found = view(asked(shifted, statistic="worst", min=0.8))
    assert found.limits == (0.8,)
    assert found.marks[0].text == "floor 80.0%"


def test_a_named_level_comes_before_the_requirement(shifted: AuditResult) -> None:
    assert view(shifted, limit=0.7).limits == (0.7,)


def test_a_band_without_a_requirement_has_no_floor(shifted: AuditResult) -> None:
    found = view(shifted, family="")
    assert found.zone is None
    assert len(found.marks) == 1
    assert 'class="bad"' not in charts.forest(found)


def test_every_row_is_led_to_from_the_level(shifted: AuditResult) -> None:
    drawing = str(charts.forest(view(shifted)))
    assert drawing.count('class="fall"') == 10
    starts = set(re.findall(r'class="fall" x1="[\d.]+%" x2="([\d.]+)%"', drawing))
    assert len(starts) == 1


def test_what_breaches_is_shaded_and_the_band_stands_behind(shifted: AuditResult) -> None:
    drawing = str(charts.forest(view(shifted)))
    assert drawing.count('class="bad"') == 1
    assert drawing.count('class="tol"') == 1
    assert "floor 84.4%" in drawing
    assert ">in distribution<" in drawing


def test_rows_take_their_own_verdicts(shifted: AuditResult) -> None:
    found = {line.label: line.outcome for line in view(shifted).lines}
    assert found["Dialect, rural"] is Outcome.FAILED
    assert found["Site B"] is Outcome.PASSED
    assert found["In distribution"] is None


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_level_that_is_no_number_is_not_drawn(shifted: AuditResult, bad: float) -> None:
    found = view(shifted, lead=bad, band=(bad, 0.9), limit=bad)
    assert not re.search(r"nan|inf\b", str(charts.forest(found)))


def test_a_long_name_of_the_band_stands_in_the_key_alone(
    shifted: AuditResult, edges: ModuleType
) -> None:
    found = view(shifted, band_label=edges.LONG)
    assert (
        edges.LONG[:40] not in str(charts.forest(found)).split("aria-label", 1)[1].split(">", 1)[1]
    )
    assert found.marks[1].text.startswith(edges.LONG[:40])


def test_main_figures_stand_open(shifted: AuditResult) -> None:
    shown = {c.probe.probe: [f.id for f in c.figures] for c in build(shifted).cards}
    assert shown["distribution-shift"] == ["distribution-shift-levels"]
    assert shown["corruption-robustness"] == ["corruption-heat"]
    assert shown["calibration"] == ["calibration-reliability"]
    assert shown["detection"][0] == "detection-roc"
