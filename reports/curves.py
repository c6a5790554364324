"""What a curve shows: its panels and their verdicts, common axes, answers, and words for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audit import writing as fmt
from audit.exhibits import Curve, Marker, Panel, Series
from audit.verdict import Outcome
from reports.curve_table import answers, level_text, place_text, points, reach_text, status
from reports.index import Index
from reports.ranges import drawn, measured, reach_x, reach_y
from reports.scales import Room, Ruler, Tick, brief, named, ticks
from reports.svg import Axis
from reports.tables import TableView
from reports.words import RANK, clean, clip, css, listing, one_line, worst

MOST_PANELS = 24
EDGE = 0.05  # a zone narrower than this is only the axis's own margin
# Narrowest and wide columns, in pixels, of a lone panel and of one among several.
LONE, SMALL = (190.0, 400.0), (100.0, 215.0)


@dataclass(frozen=True)
class Answer:
    """A marker, with what stands under the axis."""

    marker: Marker
    text: str


@dataclass(frozen=True)
class PanelView:
    """One panel, its verdict and its words."""

    panel: Panel
    outcome: Outcome | None
    label: str
    about: str
    note: str
    answers: tuple[Answer, ...]
    ticks: tuple[Tick, ...]
    spoken: str

    @property
    def css(self) -> str:
        """The class that colours what is judged."""
        return css(self.outcome)


@dataclass(frozen=True)
class CurveView:
    """A curve exhibit, ready to be drawn.

    Attributes
    ----------
    panels : tuple of PanelView
        The panels that are drawn; `count` is how many there are.
    zone : str
        What the shaded zone is called; empty where nothing is shaded.
    level, names : str
        The level that all of several panels share, and what their series are, for the key.
    gutter : int
        The length of the longest label of the vertical axis.
    columns : int
        How many panels stand side by side in a wide column.
    tables : tuple of TableView
        Every plotted number.
    """

    curve: Curve
    panels: tuple[PanelView, ...]
    x: Ruler
    y: Axis
    y_ticks: tuple[tuple[float, str], ...]
    x_name: str
    zone: str
    level: str
    names: str
    gutter: int
    columns: int
    said: tuple[str, ...]
    tables: tuple[TableView, ...]

    @property
    def one(self) -> bool:
        """Whether there is a single panel."""
        return len(self.panels) == 1

    @property
    def count(self) -> int:
        """How many panels there are, drawn or not."""
        return len(self.curve.panels)

    @property
    def widths(self) -> tuple[float, float]:
        """The columns that a panel must be readable in."""
        return LONE if self.one else SMALL


def curve_view(index: Index, curve: Curve) -> CurveView:
    """Resolve a curve exhibit against the verdicts of its result."""
    outcomes = [outcome_of(index, curve, panel) for panel in curve.panels]
    shown = _chosen(outcomes)
    panels = [curve.panels[number] for number in shown]
    x, y = reach_x(curve, panels), reach_y(curve, panels)
    widths = LONE if len(panels) == 1 else SMALL
    levels = [_level(curve, panel) for panel in panels] if len(panels) > 1 else [""] * len(panels)
    common = len(set(levels)) == 1
    mine = zip(shown, [""] * len(panels) if common else levels, strict=True)
    y_ticks = named(y.ticks(5 if len(panels) == 1 else 3, edge=0.0), curve.unit, suffix=True)
    return CurveView(
        curve=curve,
        panels=tuple(
            _panel(curve, curve.panels[n], outcomes[n], x, widths, own) for n, own in mine
        ),
        x=x,
        y=y,
        y_ticks=y_ticks,
        x_name=_x_name(curve, x),
        zone=_zone(x, panels),
        level=levels[0] if common and levels else "",
        names=_names(panels) if len(panels) > 1 else "",
        gutter=max(2, min(9, max((len(label) for _, label in y_ticks), default=2))),
        columns=_columns(len(panels)),
        said=_said(curve, panels[0]) if len(panels) == 1 else (),
        tables=(*answers(curve, outcomes), points(curve)),
    )


def outcome_of(index: Index, curve: Curve, panel: Panel) -> Outcome | None:
    """Return the gravest verdict on a panel: of its comparisons, or of a lone panel's family."""
    ids = [m for m in panel.measurements if m in index.comparisons]
    if not ids and len(curve.panels) == 1 and curve.family in index.by_family:
        return index.by_family[curve.family].outcome
    return worst(index.comparisons[m][1].outcome for m in ids)


def _chosen(outcomes: Sequence[Outcome | None]) -> list[int]:
    """Keep the gravest panels where there are too many, in their own order."""

    def rank(number: int) -> tuple[int, int]:
        outcome = outcomes[number]
        return len(RANK) if outcome is None else RANK[outcome], number

    return sorted(sorted(range(len(outcomes)), key=rank)[:MOST_PANELS])


def _panel(
    curve: Curve,
    panel: Panel,
    outcome: Outcome | None,
    x: Ruler,
    widths: tuple[float, float],
    level: str,
) -> PanelView:
    found = tuple(Answer(m, place_text(m, curve.x_unit)) for m in panel.markers)
    taken = tuple((x.inside(stand(a.marker)), a.text) for a in found if a.text)
    narrow, wide = (Room(width, taken) for width in widths)
    places = measured([panel]) or measured(curve.panels)
    return PanelView(
        panel=panel,
        outcome=outcome,
        label=one_line(panel.label),
        about=", ".join(filter(None, (f"n = {fmt.count(panel.n)}" if panel.n else "", level))),
        note=one_line(panel.note),
        answers=found,
        ticks=ticks(x, places, curve.x_unit, narrow, wide),
        spoken=_spoken(curve, panel, outcome),
    )


def stand(marker: Marker) -> float:
    """Return where the label of an answer stands: at its value, or at the bound that is known."""
    known = [v for v in (marker.x, marker.low, marker.high) if v is not None]
    return known[0] if known else 0.0


def _x_name(curve: Curve, x: Ruler) -> str:
    name = one_line(curve.x_axis)
    return f"{name}, log scale" if x.log and "log" not in name.lower() else name


def _zone(x: Ruler, panels: Sequence[Panel]) -> str:
    starts = [panel.beyond for panel in panels if panel.beyond is not None]
    if not any(x.place(start) < 1 - EDGE for start in starts):
        return ""
    far = any(series.forecast for panel in panels for series in panel.series)
    return "extrapolated" if far else "not measured"


def _level(curve: Curve, panel: Panel) -> str:
    return "" if panel.level is None else clip(level_text(curve, panel), 60)


def _names(panels: Sequence[Panel]) -> str:
    """Tell the series of several panels apart where none has room for its name."""
    series = [one for panel in panels for one in panel.series if one.name]
    known = {clip(one.name, 60): "open" if one.second else "filled" for one in series}
    return ", ".join(f"{mark}: {name}" for name, mark in known.items()) if len(known) > 1 else ""


def _columns(n: int) -> int:
    """Return how many panels a wide line holds, so that the last line is not nearly empty."""
    return n if n <= 4 else 3 if n in (5, 6, 9) else 4


def _said(curve: Curve, panel: Panel) -> tuple[str, ...]:
    """Write the answers of a lone panel out, with their intervals."""
    found = []
    for marker in panel.markers:
        number, span = place_text(marker, curve.x_unit), reach_text(marker, curve.x_unit)
        value = f"{number} ({span})" if marker.x is not None and span else number
        label = clip(marker.label, 80)
        found.append(value if label in ("", number) else f"{label}: {value}")
    return tuple(found)


def _spoken(curve: Curve, panel: Panel, outcome: Outcome | None) -> str:
    """Say a panel in one sentence: its first and last points, the forecast, and the answer."""
    title = ", ".join(filter(None, (one_line(curve.title), one_line(panel.label))))
    parts = [text for series in panel.series if (text := _run(curve, series))]
    for series in panel.series:
        if series.forecast is not None and series.forecast.x:
            end = f"{fmt.value(series.forecast.y[-1], curve.unit)} at "
            end += brief(series.forecast.x[-1], curve.x_unit)
            parts.append(f"extrapolated to {end}")
    if panel.level is not None:
        parts.append(level_text(curve, panel))
    parts += _said(curve, panel)
    if outcome is not None:
        parts.append(status(outcome))
    parts.append("all numbers are in the table of the fold")
    return clean(f"{title}: " + "; ".join(parts))


def _run(curve: Curve, series: Series) -> str:
    """Say where a series begins and ends."""
    held = drawn(series)
    if not held:
        return ""
    ends = held[:1] if len(held) == 1 else (held[0], held[-1])
    how = fmt.scale(curve.unit, [p.y for p in ends])
    runs = [f"{how.text(p.y)} at {brief(p.x, curve.x_unit)}" for p in ends]
    return f"{clip(series.name, 80) or one_line(curve.y_axis)} {listing(runs)}"
