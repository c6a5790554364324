"""Trainings as curves: points with intervals for the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from audit.examples import FloatArray, IntArray
from audit.exhibits import Panel, Point, Series, Stroke
from audit.stats.crossed import crossed_mean

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
