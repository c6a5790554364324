"""Curves show what was measured, what is extrapolated, and the answer, in any column."""

import re
from types import ModuleType
from typing import Any

import msgspec
import pytest

from audit.exhibits import Curve, Marker, Panel, Point, Series, Stroke
from audit.measurement import Unit
from audit.result import AuditResult
from audit.verdict import Outcome
from reports import plots, scales
from reports.aggregate import build
from reports.curves import MOST_PANELS, CurveView, curve_view
from reports.html import HtmlReporter
from reports.index import Index
from reports.labels import Board, Spot

INF = float("inf")
replace = msgspec.structs.replace


def changed(curve: Curve, **more: Any) -> Curve:
    """Change the first panel of a curve."""
    return replace(curve, panels=(replace(curve.panels[0], **more), *curve.panels[1:]))


def view(result: AuditResult, curve: Curve) -> CurveView:
    return curve_view(Index(result), curve)


def drawn(result: AuditResult, curve: Curve, number: int = 0) -> str:
    return str(plots.curve(view(result, curve), number))


def labels(drawing: str, css: str) -> list[str]:
    return re.findall(rf'<text class="{css}"[^>]*>([^<]*)</text>', drawing)


def dots(*pairs: tuple[float, float], **more: Any) -> Curve:
    points = tuple(Point(x=x, y=y) for x, y in pairs)
    panel = Panel(series=(Series(points=points, **more),))
    return Curve(
        id="c", title="t", caption="", x_axis="x", y_axis="y", unit=Unit.SHARE, panels=(panel,)
    )


def test_a_learning_curve_says_itself_in_one_sentence(
    curves: AuditResult, shown: ModuleType
) -> None:
    assert view(curves, shown.learning()).panels[0].spoken == (
        "Learning curve: accuracy 82.5% at 250 and 91.4% at 8 k; extrapolated to 92.8% at 40 k; "
        "required 92%; rows needed for 92%: 14.6 k (11.9 k to 19.2 k); met; all numbers are in "
        "the table of the fold"
    )


def test_what_lies_beyond_the_data_is_shaded_and_named(
    curves: AuditResult, shown: ModuleType
) -> None:
    drawing = drawn(curves, shown.learning())
    assert drawing.count('class="ext"') == 1
    assert "extrapolated" in labels(drawing, "t xw")
    assert 'class="fit far"' in drawing


def test_the_answer_stands_on_the_level_and_on_the_axis(
    curves: AuditResult, shown: ModuleType
) -> None:
    drawing = drawn(curves, shown.learning())
    level = re.search(r'class="req"[^>]* y1="([\d.]+)"', drawing)
    assert level is not None
    assert re.search(rf'href="#_n-passed" x="[\d.]+%" y="{level[1]}"', drawing)
    assert labels(drawing, "t b passed") == ["14.6 k"]


def test_an_answer_without_an_upper_limit_ends_in_an_arrow(
    curves: AuditResult, shown: ModuleType
) -> None:
    drawing = drawn(curves, shown.refused())
    assert 'href="#_right"' in drawing
    assert "#_n-" not in drawing
    assert labels(drawing, "t b inconclusive") == ["&gt; 1.1 k"]
    assert "not measured" in drawing
    assert "extrapolated" not in drawing.replace("Not extrapolated", "")


def test_lines_stretch_and_keep_the_width_of_their_strokes(
    curves: AuditResult, shown: ModuleType
) -> None:
    drawing = drawn(curves, shown.learning())
    assert 'preserveAspectRatio="none" aria-hidden="true"' in drawing
    css = HtmlReporter().render(curves)
    assert "vector-effect:non-scaling-stroke" in css


def test_the_margin_of_the_axis_is_no_zone(curves: AuditResult) -> None:
    held = view(curves, changed(dots((10, 0.5), (20, 0.6), (40, 0.7)), beyond=40.0))
    assert held.zone == ""
    assert 'class="ext"' not in plots.curve(held, 0)


def test_small_multiples_share_their_axes(curves: AuditResult, shown: ModuleType) -> None:
    held = view(curves, shown.groups())
    assert held.columns == 3
    zones = {re.search(r'class="ext" x="([^"]*)"', plots.curve(held, n))[1] for n in range(6)}  # type: ignore[index]
    assert len(zones) == 1
    assert [panel.css for panel in held.panels].count("failed") == 1
    assert held.level == "required 90%"


def test_too_many_panels_keep_the_gravest(curves: AuditResult, shown: ModuleType) -> None:
    groups = shown.groups()
    many = replace(groups, panels=groups.panels[:4] * 10 + groups.panels[4:])
    held = view(curves, many)
    assert len(held.panels) == MOST_PANELS
    assert Outcome.FAILED in [panel.outcome for panel in held.panels]
    assert held.count == 42


def test_the_second_series_is_lighter_and_named_at_its_line(
    curves: AuditResult, shown: ModuleType
) -> None:
    drawing = drawn(curves, shown.transfer())
    assert drawing.count('href="#_p-second"') == 6
    assert "trained from scratch" in labels(drawing, "t halo second xw")
    assert labels(drawing, "t halo name") == ["pretrained"]


def test_a_share_is_drawn_on_a_linear_axis(curves: AuditResult, shown: ModuleType) -> None:
    held = view(curves, shown.noise())
    assert [t.label for t in held.panels[0].ticks if t.css != "xn"][-1] == "40%"
    assert held.x_name == "share of flipped labels"
    assert held.x.place(0.2) == pytest.approx((held.x.place(0) + held.x.place(0.4)) / 2)


@pytest.mark.parametrize("bad", [1e9, INF])
def test_an_exploding_band_or_interval_does_not_squash_the_points(
    curves: AuditResult, bad: float
) -> None:
    far = Stroke(x=(4.0, 8.0), y=(0.8, bad), low=(0.7, -bad), high=(0.9, bad))
    calm = dots((1, 0.5), (2, 0.7), (4, 0.8), forecast=far)
    points = (*calm.panels[0].series[0].points, Point(x=3, y=0.75, low=-bad, high=bad))
    wild = changed(calm, series=(Series(points=points, forecast=far),), beyond=4.0)
    axis = view(curves, wild).y
    assert (0.8 - 0.5) / (axis.high - axis.low) > 0.3
    drawing = drawn(curves, wild)
    assert 'href="#_up"' in drawing
    assert 'href="#_down"' in drawing
    assert not re.search(r"nan|inf[^o]|\d{6}", drawing)


def test_an_answer_far_away_does_not_squash_the_measured_range(
    curves: AuditResult, shown: ModuleType
) -> None:
    far = Marker(label="needed", x=1e9, low=1e8, high=1e12)
    held = view(curves, changed(shown.learning(), markers=(far,)))
    assert held.x.place(8000) - held.x.place(250) > 0.4
    assert 'href="#_right"' in plots.curve(held, 0)


@pytest.mark.parametrize(
    "pairs",
    [(), ((5, 0.5),), ((0, 0.5), (1, 0.5)), ((1, 0.0), (1, 0.0)), ((-1, 3.0), (float("nan"), INF))],
)
def test_poor_curves_are_drawn_all_the_same(
    curves: AuditResult, pairs: tuple[tuple[float, float], ...]
) -> None:
    drawing = drawn(curves, dots(*pairs))
    assert drawing.startswith('<svg class="ch"')
    assert not re.search(r"nan|inf\b", drawing)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (250, Unit.NUMBER, "250"),
        (1000, Unit.NUMBER, "1 k"),
        (14600, Unit.NUMBER, "14.6 k"),
        (999_950, Unit.NUMBER, "1 M"),
        (0.05, Unit.SHARE, "5%"),
        (0.025, Unit.NUMBER, "0.025"),
        (INF, Unit.NUMBER, "∞"),
    ],
)
def test_numbers_of_an_axis_are_brief(value: float, unit: Unit, text: str) -> None:
    assert scales.brief(value, unit) == text


@pytest.mark.parametrize("sizes", [(48, 96, 193, 386), (1234, 5678, 9876), (800, 1100), (3, 9e6)])
def test_ticks_are_few_and_never_touch(curves: AuditResult, sizes: tuple[float, ...]) -> None:
    held = view(curves, dots(*((size, 0.5) for size in sizes)))
    for width, other in zip(held.widths, ("xw", "xn"), strict=True):
        marks = [(t.place, t.label) for t in held.panels[0].ticks if t.css != other]
        assert 1 <= len(marks) <= 8
        assert scales.Room(width).fits(marks)


def test_a_text_goes_where_it_hides_nothing() -> None:
    board = Board(100, (200, 400))
    board.line([(0, 20), (1, 20)], 40)
    spots = [Spot(0.5, 22), Spot(0.5, 60)]
    assert 'y="60"' in board.put("a name", spots, "t")
    assert 'y="22"' in board.put("a name", spots, "t")


def test_every_point_and_forecast_stands_in_the_fold(
    curves: AuditResult, shown: ModuleType
) -> None:
    answers, numbers = view(curves, shown.learning()).tables
    assert answers.rows == (
        ("rows needed for 92%", "14.6 k", "11.9 k to 19.2 k", "required 92%", "9,780", "met"),
    )
    assert numbers.rows[0] == (
        ("measured", "250", "82.5%", "81.9 to 83.1", "82.4%", "82.2 to 82.6")
    )
    assert [row[0] for row in numbers.rows] == ["measured"] * 6 + ["extrapolated"] * 3
    assert numbers.rows[-1][1] == "40,000"


def test_a_required_curve_is_open_and_a_lone_one_comes_first(curves: AuditResult) -> None:
    figures = {c.probe.probe: [f.id for f in c.figures] for c in build(curves).cards}
    assert figures["groups-of-rows"] == ["groups"]
    assert figures["transfer"] == ["transfer", "noise"]
    assert figures["noise"] == ["noise", "groups"]


def test_small_multiples_take_the_whole_width(curves: AuditResult) -> None:
    cards = {card.probe.probe: card for card in build(curves).cards}
    assert cards["groups-of-rows"].wide
    assert not cards["groups-of-rows"].solo
    assert not cards["data-dependence"].wide


def test_a_level_is_written_with_its_number(curves: AuditResult, shown: ModuleType) -> None:
    drawing = drawn(curves, changed(shown.learning(), level_label="target"))
    assert labels(drawing, "t halo") == ["target 92.0%"]


def test_names_of_others_stay_text(hostile_curves: AuditResult) -> None:
    page = HtmlReporter().render(hostile_curves)
    assert "<img" not in page
    assert "1522756" not in page


def test_sixty_curves_fit_in_a_page(curves: AuditResult, shown: ModuleType) -> None:
    probe = replace(curves.probes[0], exhibits=(shown.learning(),) * 60)
    page = HtmlReporter().render(replace(curves, probes=(probe,)))
    assert page == HtmlReporter().render(replace(curves, probes=(probe,)))
    assert len(page.encode()) < 1_000_000
