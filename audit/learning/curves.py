"""Trainings as curves: measured points, the fit through them, and the forecast beyond."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from audit.examples import FloatArray, IntArray
from audit.exhibits import Column, Curve, Exhibit, Marker, Panel, Point, Series, Stroke, Table
from audit.groups import cut_by
from audit.learning.trained import Trained
from audit.measurement import Family, Unit
from audit.metrics import METRICS, Metric
from audit.stats.crossed import crossed_mean
from audit.stats.extrapolation import FURTHEST, Forecast, Refusal, extrapolate
from audit.stats.rows_needed import answer

STEPS = 13  # places at which a forecast is drawn
AT = (2.0, 4.0, 8.0)  # multiples of the training rows that are tabled

Level = Callable[[float], float]  # from an error to the figure that a reader knows


def points_of(
    sizes: Sequence[int], scores: FloatArray, level: Level, clusters: IntArray | None = None
) -> tuple[Point, ...]:
    """Return the mean of every anchor with its plain 95 % interval over seeds and test rows.

    Parameters
    ----------
    sizes : (k,) sequence of int
    scores : (J, k, n) float array
        Error of every training on every test row.
    level : callable
        Monotone: turns an error into what is drawn.
    clusters : (n,) int array, optional
    """
    out = []
    for i, size in enumerate(sizes):
        mean = crossed_mean(scores[:, i], clusters)
        low, high, _ = mean.interval()
        ends = sorted(level(v) for v in (low, high)) if np.isfinite([low, high]).all() else None
        out.append(
            Point(
                x=float(size),
                y=level(mean.estimate),
                low=ends[0] if ends else None,
                high=ends[1] if ends else None,
            )
        )
    return tuple(out)


def stroke(x: FloatArray, y: FloatArray, level: Level, band: Sequence[FloatArray] = ()) -> Stroke:
    """Return a line in the units of the drawing, with its band if one is given.

    Parameters
    ----------
    x, y : (k,) float array
        Sizes and errors.
    level : callable
    band : pair of (k,) float array, optional
        Ends of the interval of the error.
    """
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    if len(band):
        ends = np.sort(np.array([[level(float(v)) for v in end] for end in band]), axis=0)
        low, high = tuple(ends[0].tolist()), tuple(ends[1].tolist())
    return Stroke(
        x=tuple(np.asarray(x, dtype=float).tolist()),
        y=tuple(level(float(v)) for v in y),
        low=low,
        high=high,
    )


def steep_enough(points: Sequence[Point], share: float = 0.25) -> bool:
    """Whether a curve says more than noise: its last error bar is under a quarter of its drop."""
    last = points[-1]
    if last.low is None or last.high is None:
        return False
    return (last.high - last.low) / 4 < share * abs(points[0].y - last.y)


def small_panel(
    label: str, n: int, points: tuple[Point, ...], measurements: tuple[str, ...] = ()
) -> Panel:
    """Return one of several small multiples."""
    note = "" if steep_enough(points) else "too noisy to read a slope from"
    return Panel(
        label=label, n=n, series=(Series(points=points),), measurements=measurements, note=note
    )


def learning_panel(
    t: Trained, families: Sequence[Family], target: float | None, useful: float
) -> Panel:
    """Return the curve over all rows of a split.

    Parameters
    ----------
    t : Trained
    families : sequence of Family
        Of this split: the verdicts on their single figures colour the panel.
    target : float, optional
        An error that is wanted.
    useful : float
        The least gain that would be worth more rows.
    """
    curve, sizes = t.curve, np.array(t.plan.sizes, dtype=float)
    forecast = extrapolate(curve, sizes[-1] * np.geomspace(1.0, FURTHEST, STEPS))
    series = Series(points=points_of(t.plan.sizes, t.scores, t.level, t.examples.clusters))
    note = forecast.reason if isinstance(forecast, Refusal) else ""
    if isinstance(forecast, Forecast):
        inside = np.geomspace(sizes[0], sizes[-1], 2 * STEPS)
        series = Series(
            points=series.points,
            fit=stroke(inside, forecast.fitted(inside), t.level),
            forecast=stroke(forecast.sizes, forecast.point, t.level, (forecast.low, forecast.high)),
        )
    markers: tuple[Marker, ...] = ()
    if target is not None:
        said = answer(curve, target, useful / t.unit)
        note = note or said.sentence
        if isinstance(forecast, Forecast) and (said.point is not None or said.low is not None):
            markers = (Marker(label="rows needed", x=said.point, low=said.low, high=said.high),)
    return Panel(
        n=len(t.examples),
        series=(series,),
        beyond=float(sizes[-1]),
        level=None if target is None else t.level(target),
        level_label="target",
        markers=markers,
        measurements=tuple(
            m.id for f in families if f.ask.statistic != "worst" for m in f.measurements
        ),
        note=note,
    )


def group_curves(t: Trained, worst: Family, id_: str, where: str) -> Curve:
    """Draw the curve of every tested slice, from the same trainings."""
    metric = METRICS[worst.ask.metric]
    panels = []
    for m in worst.measurements:
        cut = cut_by(t.examples, m.slice.columns)
        rows = cut.codes == cut.slices.index(m.slice)
        points = points_of(t.plan.sizes, t.scores[:, :, rows], t.level, t.clusters(rows))
        panels.append(small_panel(m.slice.name, int(rows.sum()), points, (m.id,)))
    return Curve(
        id=id_,
        title="By " + " and ".join(worst.ask.by) + where,
        caption="The same trainings, read group by group; 95% intervals.",
        x_axis="training rows, log scale",
        y_axis=metric.title,
        unit=metric.unit,
        panels=tuple(panels),
        family=worst.ask.key,
    )


def forecast_table(t: Trained, metric: Metric, id_: str, where: str) -> list[Exhibit]:
    """Table what is forecast at multiples of the training rows, beside the last value."""
    sizes = float(t.plan.sizes[-1]) * np.array(AT)
    forecast = extrapolate(t.curve, sizes)
    if isinstance(forecast, Refusal):
        return []
    rows = []
    for i, size in enumerate(sizes):
        ends = sorted(t.level(float(v)) for v in (forecast.low[i], forecast.high[i]))
        rows.append(
            (
                round(float(size)),
                t.level(float(forecast.point[i])),
                ends[0],
                ends[1],
                t.level(float(forecast.last)),
            )
        )
    unit = metric.unit
    return [
        Table(
            id=id_,
            title="Forecast" + where,
            caption="The last value (no change) is the baseline that a forecast has to beat.",
            columns=(
                Column("Training rows", Unit.NUMBER),
                Column(metric.heading, unit),
                Column("90% from", unit),
                Column("to", unit),
                Column("Last value", unit),
            ),
            rows=tuple(rows),
        )
    ]
