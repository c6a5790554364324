"""Densities show hills at their medians, against chance, whatever their heights."""

import re
from types import ModuleType

import msgspec
import pytest

from audit.exhibits import Density, Hill
from audit.result import AuditResult
from audit.verdict import Outcome
from reports.densities import DensityView, density_view
from reports.html import HtmlReporter
from reports.index import Index

replace = msgspec.structs.replace
INF, NAN = float("inf"), float("nan")


def view(result: AuditResult, exhibit: Density) -> DensityView:
    return density_view(Index(result), exhibit)


def labels(found: DensityView) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", str(found.drawing))


def hill(x: tuple[float, ...], y: tuple[float, ...], middle: float = 0.5, **more: object) -> Hill:
    return Hill(name="h", x=x, y=y, n=len(x), middle=middle, **more)  # type: ignore[arg-type]


def test_hills_are_named_with_their_medians(explained: AuditResult, parts: ModuleType) -> None:
    found = labels(view(explained, parts.density()))
    assert {"this model 0.81", "other inputs 0.21", "required 0.70"} <= set(found)


def test_the_first_hill_takes_the_verdict_and_the_second_is_grey(
    explained: AuditResult, parts: ModuleType
) -> None:
    judged = view(explained, parts.density(measurements=("same",)))
    assert judged.outcome is Outcome.PASSED
    groups = re.findall(r'<g class="([a-z]+)"><path class="hill"', str(judged.drawing))
    assert groups == ["second", "passed"]


def test_without_a_verdict_it_is_measured(explained: AuditResult, parts: ModuleType) -> None:
    assert '<g class="measured"' in str(view(explained, parts.density()).drawing)


def test_values_that_are_all_alike_are_cut_and_said_to_be(
    explained: AuditResult, parts: ModuleType
) -> None:
    found = view(explained, parts.spike())
    assert found.notes == ("the peak of this model is higher than drawn",)
    other = re.findall(r'<path class="rim" d="M([^"]*)"', str(found.drawing))[0]
    peak = min(float(place.split()[1]) for place in other.split("L"))
    assert 148 < peak < 151  # a sixth of the height above the base


@pytest.mark.parametrize(
    "hills",
    [
        (),
        (hill((), ()),),
        (hill((0.5,), (INF,)),),
        (hill((0.0, 1.0), (0.0, 0.0)),),
        (hill((0.0, 1.0), (INF, NAN), NAN),),
        (hill((0.0, 0.5, 1.0), (0.0, INF, 0.0)), hill((0.0, 0.5, 1.0), (1.0, 1.0, 1.0))),
        (hill((1.0, 1.0), (1.0, 1.0), 1.0),),
        (hill((-1e300, 1e300), (1e300, 1e-300), 0.0),),
    ],
)
def test_no_heights_break_it(explained: AuditResult, hills: tuple[Hill, ...]) -> None:
    exhibit = Density(id="d", title="t", caption="", axis="a", hills=hills)
    drawing = str(view(explained, exhibit).drawing)
    assert "nan" not in drawing
    assert "inf" not in drawing


def test_a_hill_without_heights_is_a_line_at_its_median(explained: AuditResult) -> None:
    exhibit = Density(id="d", title="t", caption="", axis="a", hills=(hill((), ()),))
    drawing = str(view(explained, exhibit).drawing)
    assert "hill" not in drawing
    assert re.search(r'<line class="mid" x1="50%" x2="50%" y1="36" ', drawing)


def test_medians_counts_and_heights_stand_in_the_fold(
    explained: AuditResult, parts: ModuleType
) -> None:
    medians, heights = view(explained, parts.density()).tables
    assert medians.rows == (("this model", "0.81", "600"), ("other inputs", "0.21", "600"))
    assert len(heights.rows) == 21
    assert heights.rows[-1][0] == "1.00"


def test_it_is_told_to_those_who_do_not_see_it(explained: AuditResult, parts: ModuleType) -> None:
    drawing = str(view(explained, parts.density(measurements=("same",))).drawing)
    spoken = re.findall(r'aria-label="([^"]*)"', drawing)[0]
    assert "this model, median 0.81 of 600; other inputs, median 0.21 of 600" in spoken
    assert parts.FIGURE in spoken
    assert "; met; " in spoken


def test_long_names_leave_the_plot_of_a_narrow_column(
    explained: AuditResult, parts: ModuleType
) -> None:
    long = parts.bell("a model whose layers were all set to random numbers", 0.3, 0.1)
    found = view(explained, parts.density(hills=(long,)))
    assert [name for _, name in found.keyed] == [
        "a model whose layers were all set to random numb… 0.30"
    ]
    assert re.search(r'class="t halo b measured xw"[^>]*>a model', str(found.drawing))


def test_the_figure_stands_over_the_plot(explained: AuditResult) -> None:
    text = HtmlReporter().render(explained)
    assert "<b>Identifiability 0.97 (0.95 to 0.98), required at least 0.80</b>" in text


def test_a_density_is_small(explained: AuditResult, parts: ModuleType) -> None:
    assert len(str(view(explained, parts.density()).drawing)) < 8_000
