"""What a density shows: hills with their medians, a mark, the figure in words, and numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from audit import writing as fmt
from audit.exhibits import Density, Hill
from audit.measurement import Unit
from audit.verdict import Outcome
from reports.curve_table import status
from reports.hills import WIDTHS, Hump, Range, density
from reports.index import Index
from reports.scales import Room, Ruler, ticks
from reports.svg import Axis
from reports.tables import Heading, TableView
from reports.words import clean, clip, css, one_line, worst

NAME = 48
MOST_HILLS = 6
MOST_STOPS = 160  # places of an outline
STOPS = 21  # places in the table
ABOVE = 6.0  # the highest hill is cut where it is more than this times as high as the next
FAINT = 0.004  # a hill that is lower than this share of its peak needs no room on the axis
NONE = "–"


@dataclass(frozen=True)
class DensityView:
    """A density exhibit, ready to be written.

    Attributes
    ----------
    outcome : Outcome or None
        The verdict that colours the first hill.
    figure : str
        What was measured, in words.
    drawing : Markup
    keyed : tuple of (str, str)
        Colour and name of each hill, for columns too narrow to name the hills themselves.
    notes : tuple of str
        What the drawing leaves out.
    tables : tuple of TableView
        Each hill in a line, and heights at some places.
    """

    title: str
    caption: str
    axis: str
    outcome: Outcome | None
    figure: str
    drawing: Markup
    keyed: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    tables: tuple[TableView, ...]

    @property
    def css(self) -> str:
        """The class that colours the figure."""
        return css(self.outcome)


def density_view(index: Index, exhibit: Density) -> DensityView:
    """Resolve a density against the verdicts of its result."""
    outcome = outcome_of(index, exhibit)
    shown = exhibit.hills[:MOST_HILLS]
    top, cut = _top(shown)
    humps = [_hump(exhibit, hill, top, css(outcome)) for hill in shown]
    mark = exhibit.mark if exhibit.mark is not None and math.isfinite(exhibit.mark) else None
    x = _ruler(humps, mark)
    held = Range(
        x=x,
        ticks=ticks(x, [], exhibit.unit, *(Room(width) for width in WIDTHS)),
        humps=tuple(sorted(humps, key=lambda hump: not hump.second)),
        mark=mark,
        mark_label=clip(exhibit.mark_label, 40),
    )
    return DensityView(
        title=one_line(exhibit.title),
        caption=one_line(exhibit.caption),
        axis=one_line(exhibit.axis),
        outcome=outcome,
        figure=one_line(exhibit.figure),
        drawing=density(held, _spoken(exhibit, shown, outcome)),
        keyed=() if held.short else tuple((hump.css, hump.label) for hump in humps),
        notes=tuple(_notes(exhibit, cut)),
        tables=tuple(_tables(exhibit)),
    )


def outcome_of(index: Index, exhibit: Density) -> Outcome | None:
    """Return the gravest verdict on what is shown: of its comparisons, else of its family."""
    ids = [m for m in exhibit.measurements if m in index.comparisons]
    if not ids and exhibit.family in index.by_family:
        return index.by_family[exhibit.family].outcome
    return worst(index.comparisons[m][1].outcome for m in ids)


def _heights(hill: Hill) -> list[tuple[float, float]]:
    """Return places and heights; what is no number is left out, and none is below 0."""
    return [
        (x, max(0.0, y))
        for x, y in zip(hill.x, hill.y, strict=False)
        if math.isfinite(x) and not math.isnan(y)
    ]


def _top(hills: Sequence[Hill]) -> tuple[float, str]:
    """Return the height that fills the plot, and which hill is cut there.

    Values that are all alike make a hill so high that it would press the others to the ground.
    """
    peaks = [(max((y for _, y in _heights(h)), default=0.0), clip(h.name, NAME)) for h in hills]
    known = sorted(peak for peak, _ in peaks if 0 < peak < math.inf)
    if not known:
        return 1.0, ""
    highest, name = max(peaks)
    below = [peak for peak in known if peak < highest]
    if below and highest > ABOVE * below[-1]:
        return ABOVE * below[-1], name
    return known[-1], name if highest == math.inf else ""


def _hump(exhibit: Density, hill: Hill, top: float, judged: str) -> Hump:
    places = [(x, min(1.0, y / top)) for x, y in _heights(hill)]
    raised = len(places) > 1 and any(y > 0 for _, y in places)
    middle = hill.middle if math.isfinite(hill.middle) else None
    number = fmt.value(middle, exhibit.unit) if middle is not None else ""
    name = clip(hill.name, NAME)
    return Hump(
        places=tuple(_raised(places)) if raised else (),
        middle=middle,
        label=f"{name} {number}".strip(),
        css="second" if hill.second else judged,
        second=hill.second,
    )


def _raised(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the part of a hill that stands above the ground, thinned, its peak among it."""
    peak = max(range(len(places)), key=lambda i: places[i][1])
    high = [i for i, (_, y) in enumerate(places) if y > FAINT * places[peak][1]]
    first, last = max(0, high[0] - 1), min(len(places) - 1, high[-1] + 1)
    step = max(1, math.ceil((last - first) / MOST_STOPS))
    return [places[i] for i in sorted({*range(first, last, step), last, peak})]


def _ruler(humps: Sequence[Hump], mark: float | None) -> Ruler:
    """Return an axis with every hill, median and mark on it."""
    held = [x for hump in humps for x, _ in hump.places]
    held += [hump.middle for hump in humps if hump.middle is not None]
    held += [mark] if mark is not None else []
    low, high = min(held, default=0.0), max(held, default=1.0)
    if low == high:
        room = 0.2 * abs(low) or 1.0
        low, high = low - room, high + room
    return Ruler(Axis(low, high).rounded(3, 7, growth=0.2))


def _notes(exhibit: Density, cut: str) -> Iterator[str]:
    if cut:
        yield f"the peak of {cut} is higher than drawn"
    left = len(exhibit.hills) - MOST_HILLS
    if left > 0:
        yield f"{left} more in result.json"


def _spoken(exhibit: Density, hills: Sequence[Hill], outcome: Outcome | None) -> str:
    """Say a density in one sentence: the axis, each median, the mark, the figure, the verdict."""
    parts = [f"{one_line(exhibit.title)}: spread of {one_line(exhibit.axis)}"]
    parts += [
        f"{clip(h.name, NAME)}, median {fmt.value(h.middle, exhibit.unit)} of {fmt.count(h.n)}"
        for h in hills
    ]
    if exhibit.mark is not None and exhibit.mark_label:
        parts.append(one_line(exhibit.mark_label))
    parts += [one_line(exhibit.figure)] if exhibit.figure else []
    parts += [status(outcome)] if outcome is not None else []
    return clean("; ".join([*parts, "all numbers are in the table of the fold"]))


def _tables(exhibit: Density) -> Iterator[TableView]:
    if not exhibit.hills:
        return
    middles = fmt.scale(exhibit.unit, [hill.middle for hill in exhibit.hills])
    title = one_line(exhibit.title)
    yield TableView(
        title=f"{title}: medians",
        caption="",
        columns=(Heading("Values", False), Heading("Median", True), Heading("n", True)),
        rows=tuple(
            (clip(h.name, NAME), middles.text(h.middle), fmt.count(h.n)) for h in exhibit.hills
        ),
    )
    if len({hill.x for hill in exhibit.hills}) == 1 and len(exhibit.hills[0].x) > 1:
        yield _plotted(exhibit, title)


def _plotted(exhibit: Density, title: str) -> TableView:
    """Return heights at a few places, side by side, where any hill stands above the ground."""
    places = exhibit.hills[0].x
    peaks = [FAINT * max((y for y in hill.y if y < math.inf), default=0) for hill in exhibit.hills]
    hills = list(zip(exhibit.hills, peaks, strict=True))
    high = [i for i in range(len(places)) if any(h.y[i : i + 1] > (least,) for h, least in hills)]
    first, last = (high[0], high[-1]) if high else (0, len(places) - 1)
    stops = max(2, min(STOPS, last - first + 1))
    chosen = sorted({first + round(k * (last - first) / (stops - 1)) for k in range(stops)})
    xs = fmt.scale(exhibit.unit, places)
    ys = [fmt.scale(Unit.NUMBER, hill.y) for hill in exhibit.hills]
    names = [Heading(clip(hill.name, NAME), True) for hill in exhibit.hills]
    return TableView(
        title=f"{title}: plotted heights",
        caption="Share of the values for each unit of the axis, at some of the places.",
        columns=(Heading(one_line(exhibit.axis), False), *names),
        rows=tuple(
            (
                xs.text(places[i]),
                *(
                    how.text(hill.y[i]) if i < len(hill.y) else NONE
                    for how, hill in zip(ys, exhibit.hills, strict=True)
                ),
            )
            for i in chosen
        ),
    )
