"""Drawing how similarity to the original explanation falls, layer by layer."""

from __future__ import annotations

from audit.exhibits import Curve, Panel, Point, Series
from audit.measurement import Family, Interval, Unit
from audit.sane.fallen import Fallen, mean_of
from audit.writing import interval as spanned
from audit.writing import value as written

ID = "explanation-sanity"


def fall_curve(fallen: Fallen, family: Family | None) -> Curve | None:
    """Draw the similarity by share of random layers, over that of different inputs.

    Parameters
    ----------
    fallen : Fallen
    family : Family, optional
        Whose comparisons colour it.

    Returns
    -------
    Curve or None
        None where no input can be compared.
    """
    cascade, n = fallen.cascade, len(fallen.kept)
    if not n:
        return None
    split = cascade.examples.split
    points = [Point(x=0.0, y=1.0), *(point(fallen, i) for i in range(len(cascade.depths)))]
    networks = "one random network" if cascade.draws == 1 else f"{cascade.draws} random networks"
    return Curve(
        id=f"{ID}-fall-{split}",
        title="Similarity to the original explanation"
        + ("" if split == "test" else f", split {split}"),
        caption=(
            f"Explanations of {n:,} inputs by a network whose last layers have random weights, "
            f"each compared with the original one; mean over {networks} at each share, plain 95% "
            f"intervals. Different inputs of one class: {level(fallen)}. {cascade.chosen.says()}."
        ),
        x_axis="share of layers with random weights, from the output",
        x_unit=Unit.SHARE,
        y_axis="similarity",
        unit=Unit.RATIO,
        panels=(
            Panel(
                n=n,
                series=(Series(points=tuple(points)),),
                level=fallen.null,
                level_label="different inputs",
                measurements=family.ids if family else (),
            ),
        ),
        log=False,
        family=family.ask.key if family else "",
    )


def point(fallen: Fallen, depth: int) -> Point:
    """Return the similarity at one depth."""
    interval = Interval.of(fallen.level(depth))
    return Point(
        x=fallen.cascade.depths[depth],
        y=float(fallen.random[depth].mean()),
        low=interval.low if interval else None,
        high=interval.high if interval else None,
    )


def level(fallen: Fallen) -> str:
    """Write the similarity of different inputs, with its interval where there is one."""
    found = Interval.of(mean_of(fallen.others, fallen.clusters))
    said = written(fallen.null, Unit.RATIO)
    return f"{said} ({spanned(found.low, found.high, Unit.RATIO)})" if found else said
