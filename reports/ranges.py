"""How far the axes of a curve reach: what was measured keeps its room, whatever else explodes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from audit.exhibits import Curve, Marker, Panel, Point, Series, Stroke
from audit.measurement import Unit
from reports.scales import Ruler
from reports.svg import Axis

FAR = 1.2  # how far an axis goes on beyond the measured range, in its own length
NEAR = 0.3  # the same on the other side
OPEN = 0.27  # what an answer without an upper limit gets to point into
ROOM = 0.7  # how far intervals and bands may stretch the vertical axis, each way
PAD = 0.06
SPREADS = 1.5  # flat points are not magnified beyond their own intervals


def known(values: Iterable[float | None]) -> list[float]:
    """Return what is a number."""
    return [v for v in values if v is not None and math.isfinite(v)]


def drawn(series: Series) -> tuple[Point, ...]:
    """Return the points that have a place, from left to right."""
    found = (p for p in series.points if math.isfinite(p.x) and math.isfinite(p.y))
    return tuple(sorted(found, key=lambda p: p.x))


def strokes(panels: Iterable[Panel]) -> Iterator[Stroke]:
    """Return every line of some panels, fits before forecasts."""
    for panel in panels:
        for series in panel.series:
            yield from (stroke for stroke in (series.fit, series.forecast) if stroke is not None)


def measured(panels: Iterable[Panel]) -> list[float]:
    """Return the places of all points; of the lines where there is no point."""
    held = tuple(panels)
    places = [p.x for panel in held for series in panel.series for p in drawn(series)]
    return places or known(x for stroke in strokes(held) for x in stroke.x)


def reach_x(curve: Curve, panels: Sequence[Panel]) -> Ruler:
    """Return the horizontal axis that all panels share."""
    places = measured(panels) or [1.0, 10.0]
    log = curve.log and min(places) > 0
    markers = [marker for panel in panels for marker in panel.markers]
    wanted = known(x for stroke in strokes(panels) for x in stroke.x)
    wanted += known(x for marker in markers for x in (marker.low, marker.x, marker.high))
    wanted += known(panel.beyond for panel in panels)
    inner = [math.log10(v) if log else v for v in places]
    far = [math.log10(v) if log else v for v in wanted if v > 0 or not log]
    low, high = min(inner), max(inner)
    span = high - low or (0.3 if log else abs(high) or 1.0)
    left = max(min([low, *far]), low - NEAR * span)
    right = min(max([high, *far]), high + FAR * span)
    if any(endless(marker) for marker in markers):
        right = max(right, min(right + OPEN * span, high + FAR * span))
    pad = 0.035 * (right - left or span)
    return Ruler(Axis(left - pad, right + (pad if right - high < 2 * pad else 0.0)), log)


def endless(marker: Marker) -> bool:
    """Whether an answer has no upper limit."""
    return marker.high is None or math.isinf(marker.high)


def reach_y(curve: Curve, panels: Sequence[Panel]) -> Axis:
    """Return the vertical axis that all panels share.

    Points and levels are always inside; intervals, lines and bands as far as they leave them room.
    """
    points = [p for panel in panels for series in panel.series for p in drawn(series)]
    core = [p.y for p in points] + known(panel.level for panel in panels)
    lines = known(y for stroke in strokes(panels) for y in stroke.y)
    core = core or lines or [0.0, 1.0]
    low, high = min(core), max(core)
    widths = [p.high - p.low for p in points if known((p.low, p.high)) == [p.low, p.high]]  # type: ignore[operator]
    span = max(high - low, SPREADS * median(widths) if widths else 0.0)
    span = span or abs(high) * 0.2 or 1.0
    soft = lines + known(v for p in points for v in (p.low, p.high))
    soft += known(v for stroke in strokes(panels) for v in (*stroke.low, *stroke.high))
    bottom = min(low, max(min([low, *soft]), low - ROOM * span))
    top = max(high, min(max([high, *soft]), high + ROOM * span))
    lack = max(0.0, span - (top - bottom)) / 2
    few = (3, 6) if len(panels) == 1 else (2, 4)
    return _padded(bottom - lack, top + lack, curve.unit, core).rounded(*few)


def _padded(bottom: float, top: float, unit: Unit, core: Sequence[float]) -> Axis:
    pad = PAD * (top - bottom)
    bottom, top = bottom - pad, top + pad
    if unit is Unit.SHARE and min(core) >= 0 and max(core) <= 1:
        bottom, top = max(bottom, 0.0), min(top, 1.0)
    return Axis(bottom, top)
