"""The closed set of shapes a probe may show. A probe fills them; a reporter draws them.

A new probe needs no new drawing code as long as it fills one of these.
"""

from __future__ import annotations

from audit.exhibits.attributions import Attributions, Density, Hill, Likeness, Weighed
from audit.exhibits.changes import Heat, HeatCell, HeatRow, Pair, Pairs
from audit.exhibits.curves import Curve, Marker, Panel, Point, Series, Stroke
from audit.exhibits.forests import Forest, ForestRow
from audit.exhibits.planes import Line, Plane, Spot
from audit.exhibits.tables import Case, Cases, Cell, Column, Table

Exhibit = Forest | Table | Cases | Curve | Heat | Pairs | Plane | Density | Attributions

__all__ = [
    "Attributions",
    "Case",
    "Cases",
    "Cell",
    "Column",
    "Curve",
    "Density",
    "Exhibit",
    "Forest",
    "ForestRow",
    "Heat",
    "HeatCell",
    "HeatRow",
    "Hill",
    "Likeness",
    "Line",
    "Marker",
    "Pair",
    "Pairs",
    "Panel",
    "Plane",
    "Point",
    "Series",
    "Spot",
    "Stroke",
    "Table",
    "Weighed",
]
