"""A grid over a small picture: strong patches are covered in colour, those against are hatched."""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup

from audit.exhibits import Weighed
from reports import svg
from reports.changes import pictured
from reports.tables import Picture
from reports.weights import Number, Scale, Weights, percent, strongest
from reports.words import listing


@dataclass(frozen=True)
class OverlayView:
    """One picture with its grid, ready to be written.

    Attributes
    ----------
    name : str
        ``before`` or ``after``; empty where there is only one.
    picture : Picture, optional
        None where inputs are withheld: the grid stands alone.
    grid : Markup
        Empty where there is no patch.
    lines : tuple of tuple of str
        The share of each patch in per cent, line by line.
    """

    name: str
    picture: Picture | None
    grid: Markup
    strongest: tuple[Number, ...]
    lines: tuple[tuple[str, ...], ...]


def overlay_view(name: str, side: Weighed, how: Scale) -> OverlayView:
    """Lay the weights of a picture's patches over it."""
    across = max(1, math.ceil(math.sqrt(len(side.weights))))
    places = [_place(i, across) for i in range(len(side.weights))]
    found = strongest(places, side.weights)
    told = listing(f"{number.name} ({number.share})" for number in found) or "no patch weighs more"
    label = f"{name} the change, strongest patches: {told}" if name else f"strongest: {told}"
    return OverlayView(
        name=name,
        picture=pictured(side.picture or None, ""),
        grid=_grid(side.weights, across, how, label),
        strongest=found,
        lines=tuple(
            tuple(percent(weight).rstrip("%") for weight in side.weights[start : start + across])
            for start in range(0, len(side.weights), across)
        ),
    )


def _place(number: int, across: int) -> str:
    return f"row {number // across + 1}, column {number % across + 1}"


def _grid(weights: Weights, across: int, how: Scale, label: str) -> Markup:
    """Cover each patch by its weight; a stroke through those against tells them without colour."""
    if not weights:
        return Markup("")
    down = math.ceil(len(weights) / across)
    parts, strokes = [], []
    for number, weight in enumerate(weights):
        css, y, x = how.css(weight), *divmod(number, across)
        if css:
            place = {"x": str(x), "y": str(y), "width": "1", "height": "1"}
            parts.append(svg.element("rect", class_=css, **place))
        if css.startswith("v"):
            strokes.append(f"M{x} {y + 1}L{x + 1} {y}")
    parts.append(svg.element("path", class_="net", d=_net(across, down)))
    if strokes:
        parts.append(svg.element("path", class_="anti", d="".join(strokes)))
    return svg.element(
        "svg",
        svg.join(parts),
        viewBox=f"0 0 {across} {down}",
        preserveAspectRatio="none",
        role="img",
        aria_label=label,
    )


def _net(across: int, down: int) -> str:
    upright = (f"M{x} 0V{down}" for x in range(1, across))
    return "".join([*upright, *(f"M0 {y}H{across}" for y in range(1, down))])
