"""Trainings on flipped labels: how fast accuracy falls, and the drawing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from audit.estimate import bounded
from audit.examples import FloatArray, IntArray
from audit.exhibits import Curve, Panel, Point, Series, Stroke
from audit.measurement import Family, Interval, Unit
from audit.stats.crossed import crossed_mean
from audit.stats.evidence import Mean

SHAPES = {"uniform": "to any other", "confusion": "as confused"}


def line(shares: FloatArray) -> FloatArray:
    """Return the weights that make a least-squares slope of values at these shares."""
    apart = shares - shares.mean()
    return np.asarray(apart / (apart @ apart))


def fitted(
    shares: FloatArray, errors: FloatArray, clusters: IntArray | None
) -> tuple[Mean, Series]:
    """Return the slope of the error on the share flipped, and what is drawn of it.

    Parameters
    ----------
    shares : (k,) float array
    errors : (J, k, n) float array
    clusters : (n,) int array, optional
    """
    slope = crossed_mean(np.einsum("k,jkn->jn", line(shares), errors), clusters)
    points = []
    for i, share in enumerate(shares):
        level = bounded(crossed_mean(1.0 - errors[:, i], clusters))
        ends = Interval.of(level)
        points.append(
            Point(
                x=float(share),
                y=level.estimate,
                low=ends.low if ends else None,
                high=ends.high if ends else None,
            )
        )
    across = shares[[0, -1]]
    along = 1.0 - errors.mean() - slope.estimate * (across - shares.mean())
    return slope, Series(
        points=tuple(points), fit=Stroke(x=tuple(across.tolist()), y=tuple(along.tolist()))
    )


def curve(
    split: str, shapes: Mapping[str, Series], families: Sequence[Family], *, alike: bool
) -> Curve:
    """Draw accuracy against the share of labels flipped, one series a shape.

    Parameters
    ----------
    split : str
    shapes : mapping of str to Series
    families : sequence of Family
        Of the slopes on this split.
    alike : bool
        Whether all shapes are one, so that the first is drawn alone.
    """
    if alike:
        shapes = dict(list(shapes.items())[:1])
    series = [
        msgspec.structs.replace(drawn, name=SHAPES[shape] if len(shapes) > 1 else "", second=i > 0)
        for i, (shape, drawn) in enumerate(shapes.items())
    ]
    return Curve(
        id=f"label-noise-{split}",
        title="Accuracy with training labels flipped" + ("" if split == "test" else f", {split}"),
        caption="Means over trainings with 95% intervals, and the line whose slope is judged."
        + (" With two labels, both shapes of flips are one." if alike else ""),
        x_axis="share of training labels flipped",
        y_axis="accuracy",
        unit=Unit.SHARE,
        panels=(
            Panel(
                series=tuple(series),
                measurements=tuple(m.id for f in families for m in f.measurements),
            ),
        ),
        x_unit=Unit.SHARE,
        log=False,
        family=families[0].ask.key,
    )
