"""Planes show both quantities, their intervals, and what each point and line is."""

import re
from types import ModuleType

import msgspec
import pytest

from audit.exhibits import Line, Plane, Spot
from audit.measurement import Unit
from audit.result import AuditResult
from audit.verdict import Outcome
from reports import plane_plot
from reports.index import Index
from reports.planes import MOST_SPOTS, PlaneView, plane_view

replace = msgspec.structs.replace
INF, NAN = float("inf"), float("nan")


def view(result: AuditResult, plane: Plane) -> PlaneView:
    return plane_view(Index(result), plane)


def drawn(result: AuditResult, plane: Plane) -> str:
    return str(plane_plot.plane(view(result, plane)))


def labels(drawing: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", drawing)


def test_a_reliability_diagram_goes_from_none_to_all(
    shifted: AuditResult, shifts: ModuleType
) -> None:
    drawing = drawn(shifted, shifts.reliability())
    ticks = [f"{n}%" for n in (0, 20, 40, 60, 80, 100)]
    assert [text for text in labels(drawing) if text.endswith("%")] == ticks * 2
    assert drawing.count('class="diag"') == 1
    assert "as stated" in labels(drawing)


def test_it_takes_the_verdict_on_the_whole(shifted: AuditResult, shifts: ModuleType) -> None:
    drawing = drawn(shifted, shifts.reliability())
    assert drawing.count('href="#_m-inconclusive"') == 10
    calm = drawn(shifted, shifts.reliability(measurements=()))
    assert calm.count('href="#_p-first"') == 10


def test_counts_stand_under_the_axis(shifted: AuditResult, shifts: ModuleType) -> None:
    found = view(shifted, shifts.reliability())
    assert found.most == 3120
    assert str(plane_plot.plane(found)).count('class="cnt"') == 10


def test_roc_curves_are_named_in_a_free_corner_and_told_apart(
    shifted: AuditResult, shifts: ModuleType
) -> None:
    found = view(shifted, shifts.roc())
    drawing = str(plane_plot.plane(found))
    assert plane_plot.legended(found)
    assert "distance in features, AUC 0.89" in labels(drawing)
    assert [line.css for line in found.keyed] == ["l0", "l1", "second l0"]
    assert drawing.count('class="band"') == 1


def test_names_that_no_corner_has_room_for_stand_in_the_key(
    shifted: AuditResult, edges: ModuleType
) -> None:
    xs = tuple(i / 20 for i in range(21))
    full = tuple(
        Line(
            name=f"n{k}", x=xs, y=tuple(min(1.0, max(0.0, k / 8 + (i % 2) / 8)) for i in range(21))
        )
        for k in range(8)
    )
    found = view(shifted, edges.plane(lines=full))
    assert not plane_plot.legended(found)
    assert len(found.keyed) == 8


def test_spots_take_their_own_verdicts_and_names(shifted: AuditResult, shifts: ModuleType) -> None:
    drawing = drawn(shifted, shifts.predicted())
    assert drawing.count('href="#_m-failed"') == 1
    assert drawing.count('href="#_m-passed"') == 6
    assert "Dialect, rural" in labels(drawing)


def test_spots_without_a_verdict_stand_back_where_others_have_one(
    shifted: AuditResult, shifts: ModuleType
) -> None:
    judged = Spot(x=0.9, y=0.8, label="this model", measurements=("drop-Dialect, rural",))
    line = shifts.on_the_line()
    plane = replace(line, spots=(*line.spots[:5], judged), measurements=judged.measurements)
    drawing = drawn(shifted, plane)
    assert drawing.count('href="#_p-second"') == 5
    assert drawing.count('href="#_m-failed"') == 1
    assert 'class="second l0"' in drawing


def test_both_axes_are_on_one_scale_where_the_diagonal_says_equal(
    shifted: AuditResult, shifts: ModuleType
) -> None:
    found = view(shifted, shifts.predicted())
    assert found.x.ends == (found.y.low, found.y.high)
    free = view(shifted, replace(shifts.predicted(), diagonal=False))
    assert free.x.ends != (free.y.low, free.y.high)


def test_other_units_have_axes_of_their_own(shifted: AuditResult, edges: ModuleType) -> None:
    plane = edges.plane(Spot(x=10, y=0.5), Spot(x=4000, y=0.7), square=False, x_unit=Unit.NUMBER)
    found = view(shifted, plane)
    assert found.x.ends[1] > 3000
    assert found.y.high <= 1


@pytest.mark.parametrize("bad", [1e9, INF])
def test_an_exploding_interval_does_not_squash_the_spots(
    shifted: AuditResult, edges: ModuleType, bad: float
) -> None:
    spots = (Spot(x=0.4, y=0.4), Spot(x=0.6, y=0.6, y_low=-bad, y_high=bad, x_low=-bad, x_high=bad))
    drawing = drawn(shifted, edges.plane(*spots, square=False))
    assert {"#_left", "#_right", "#_up", "#_down"} <= set(re.findall(r'href="([^"]*)"', drawing))
    assert not re.search(r"nan|inf\b|\d{6}", drawing)


@pytest.mark.parametrize(
    "spots",
    [
        (),
        (Spot(x=NAN, y=0.5),),
        (Spot(x=0.5, y=0.5),),
        (Spot(x=0.0, y=0.0), Spot(x=0.0, y=0.0)),
        (Spot(x=-3.0, y=INF), Spot(x=7.0, y=2.0)),
    ],
)
@pytest.mark.parametrize("square", [True, False])
def test_poor_planes_are_drawn_all_the_same(
    shifted: AuditResult, edges: ModuleType, spots: tuple[Spot, ...], square: bool
) -> None:
    drawing = drawn(shifted, edges.plane(*spots, square=square, strip=True))
    assert drawing.startswith('<svg class="ch"')
    assert not re.search(r"nan|inf\b", drawing)


def test_names_that_would_touch_are_left_out(shifted: AuditResult, edges: ModuleType) -> None:
    named = [text for text in labels(drawn(shifted, edges.crowded())) if "goes on" in text]
    assert len(named) <= 6


def test_too_many_spots_keep_the_gravest(shifted: AuditResult, edges: ModuleType) -> None:
    calm = tuple(Spot(x=i / 500, y=0.5) for i in range(400))
    grave = Spot(x=0.9, y=0.1, measurements=("drop-Dialect, rural",))
    found = view(shifted, edges.plane(*calm, grave))
    assert len(found.spots) == MOST_SPOTS
    assert Outcome.FAILED in [spot.outcome for spot in found.spots]
    assert found.left == 101


def test_a_plane_says_itself_in_one_sentence(shifted: AuditResult, shifts: ModuleType) -> None:
    assert view(shifted, shifts.reliability()).spoken == (
        "Reliability, all sources: 10 points of share that is urgent against stated probability "
        "of urgent; 4.0% at 5.0%; 93.2% at 95.0%; inconclusive; all numbers are in the table of "
        "the fold"
    )


def test_every_spot_and_line_stands_in_the_fold(shifted: AuditResult, shifts: ModuleType) -> None:
    (points,) = view(shifted, shifts.predicted()).tables
    assert points.rows[0] == (
        "Dialect, rural", "88.8%", "86.8 to 90.8", "80.6%", "78.7 to 82.5", "1,640", "failed"
    )  # fmt: skip
    (lines,) = view(shifted, shifts.roc()).tables
    assert lines.rows[1] == ("10.0%", "75.9% (70.8 to 80.2)", "52.5%", "31.6%")
    assert len(lines.rows) == 11
