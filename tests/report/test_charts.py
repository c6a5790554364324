"""Charts are named, deterministic, and show the verdict by shape."""

import re
from types import ModuleType

import msgspec
import pytest

from audit.exhibits import Forest, ForestRow
from audit.measurement import Unit
from audit.result import AuditResult
from audit.verdict import Outcome
from reports import charts, svg
from reports.aggregate import build
from reports.forest import MOST_ROWS, forest_view
from reports.index import Index


def tpr(result: AuditResult) -> Forest:
    found = result.probes[1].exhibits[0]
    assert isinstance(found, Forest)
    return found


def test_the_lane_of_a_failed_row_does_not_touch_the_line(realistic: AuditResult) -> None:
    row = build(realistic).rows[0]
    assert charts.lane(row) == (
        '<svg class="lane failed" width="100%" height="40" role="img" aria-label="True-positive '
        'gap, worst group: 9.1 pp, decision interval 6.0 to 12.3, required ≤ 5.0 pp, failed">'
        '<rect class="bad" x="0%" width="50%" y="-60" height="160"/>'
        + "".join(
            f'<line class="gr" x1="{x}%" x2="{x}%" y1="-60" y2="100"/>'
            for x in ("12.5", "25", "37.5", "62.5", "75", "87.5")
        )
        + '<line class="req" x1="50%" x2="50%" y1="-60" y2="100"/>'
        '<line class="ci" x1="4.38%" x2="43.75%" y1="20" y2="20"/>'
        '<line class="ci" x1="4.38%" x2="4.38%" y1="15.5" y2="24.5"/>'
        '<line class="ci" x1="43.75%" x2="43.75%" y1="15.5" y2="24.5"/>'
        '<use href="#_m-failed" x="24.38%" y="20"/></svg>'
    )


def test_an_interval_beyond_the_lane_gets_an_arrow(realistic: AuditResult) -> None:
    waived = build(realistic).rows[1]
    drawn = charts.lane(waived)
    assert 'href="#_left"' in drawn
    assert 'transform="translate(15)"' in drawn


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_its_own_shape(outcome: Outcome) -> None:
    from importlib.resources import files

    sprite = files("reports").joinpath("templates", "parts.html.j2").read_text("utf-8")
    name = outcome.value.replace(" ", "-")
    assert f'id="_g-{name}"' in sprite
    assert f'id="_m-{name}"' in sprite


def test_a_row_takes_the_colour_of_its_worst_verdict(realistic: AuditResult) -> None:
    view = forest_view(Index(realistic), tpr(realistic))
    status = {line.label: line.status for line in view.lines}
    assert status["Women, 65 and over"] == "failed"
    assert status["65 and over"] == "inconclusive"
    assert status["Women"] == "met"
    assert status["Non-binary"] == "too small to test"


def test_small_groups_do_not_stretch_the_axis(realistic: AuditResult) -> None:
    axis = forest_view(Index(realistic), tpr(realistic)).axis
    assert -0.15 < axis.low < axis.high < 0.10


def test_the_zone_of_a_gap_lies_around_the_origin(realistic: AuditResult) -> None:
    view = forest_view(Index(realistic), tpr(realistic))
    assert view.zone == (-0.05, 0.05)
    assert view.tolerance == "tolerated: ±5.0 pp"


def test_the_zone_of_a_ratio_is_its_limit_and_the_inverse(realistic: AuditResult) -> None:
    index = Index(realistic)
    key = index.requirements["impact-ratio"].ask.key
    ratio = msgspec.structs.replace(tpr(realistic), family=key, origin=1.0, unit=Unit.RATIO)
    assert forest_view(index, ratio).zone == pytest.approx((0.8, 1.25))


def test_the_zone_of_a_rate_has_one_side(realistic: AuditResult) -> None:
    index = Index(realistic)
    key = index.requirements["accuracy"].ask.key
    rate = msgspec.structs.replace(tpr(realistic), family=key, origin=None, unit=Unit.SHARE)
    view = forest_view(index, rate)
    assert view.limits == (0.9,)
    assert view.tolerance == "required: at least 90.0%"


@pytest.mark.parametrize("rows", [0, 1, 2, 24, 25, 60])
def test_a_forest_has_any_number_of_rows(
    realistic: AuditResult, extremes: ModuleType, rows: int
) -> None:
    view = forest_view(Index(realistic), extremes._forest(1, rows))
    drawn = charts.forest(view)
    assert len(view.every) == rows
    assert drawn.count("<g ") == min(rows, MOST_ROWS)
    assert "nan" not in drawn
    assert "inf" not in drawn


def test_undefined_and_infinite_rows_are_drawn(realistic: AuditResult) -> None:
    rows = (
        ForestRow(label="a", value=None, low=None, high=None, n=0),
        ForestRow(label="b", value=0.5, low=-float("inf"), high=None, n=3),
    )
    forest = Forest(id="x", title="x", caption="", axis="", count="n", unit=Unit.SHARE, rows=rows)
    drawn = charts.forest(forest_view(Index(realistic), forest))
    assert drawn.count("_left") == drawn.count("_right") == 1


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-0.13, 0.06), (1e-6, 3e-6), (0, 12345)])
def test_ticks_are_few_round_and_inside(low: float, high: float) -> None:
    axis = svg.Axis(low, high)
    ticks = axis.ticks()
    assert 2 <= len(ticks) <= 5
    assert all(low <= tick <= high for tick in ticks)


def test_attributes_and_text_are_escaped() -> None:
    drawn = svg.picture(svg.text(0.5, 1, "<b>&", "t"), 'a"b<c', 10, "ch")
    assert re.search(r'aria-label="a&#34;b&lt;c"', drawn)
    assert "&lt;b&gt;&amp;" in drawn
