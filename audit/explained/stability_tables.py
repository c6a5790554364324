"""Tables of a stability study: by similarity, and by change."""

from __future__ import annotations

import numpy as np

from audit.examples import FloatArray
from audit.exhibits import Cell, Column, Table
from audit.explained.identified import Studied
from audit.measurement import Unit

ID = "explanation-stability"
TITLES = {
    "spearman": "Spearman's correlation",
    "top": "Jaccard index of the strongest tenth",
    "cosine": "Cosine",
}


def suffix(one: Studied) -> str:
    """Name a split in a title, where it is not the usual one."""
    split = one.sample.cells.split
    return "" if split == "test" else f", split {split}"


def mean(values: FloatArray) -> float | None:
    """Return the mean of what is known; None if nothing is."""
    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else None


def similarities(one: Studied) -> Table:
    """Tabulate noise floor, stability, null and identifiability by every similarity."""
    everything = np.ones(len(one.found.at), dtype=bool)
    rows = []
    for name, compared in one.rules.items():
        area = one.area(everything, name)
        title = TITLES[name] + (" (decides)" if name == one.rule else "")
        rows.append(
            (title, mean(compared.noise), mean(compared.stability), mean(compared.null), area.value)
        )
    ratio = Unit.RATIO
    return Table(
        id=f"{ID}-similarities-{one.sample.cells.split}",
        title="Three similarities" + suffix(one),
        caption=(
            "Of absolute attributions, means over inputs. Noise floor: the same input under other "
            "seeds of the explainer. Stability: its changed versions. Null: other inputs with the "
            "same answer. "
            + ("" if one.sample.seeds > 1 else "The explainer draws nothing at random. ")
        ).rstrip(),
        columns=(
            Column("Similarity"),
            Column("Noise floor", ratio),
            Column("Stability", ratio),
            Column("Null", ratio),
            Column("Identifiability", ratio),
        ),
        rows=tuple(rows),
    )


def changes(one: Studied) -> Table:
    """Tabulate what each change does: to the prediction, and to the explanation."""
    rows = []
    for c, change in enumerate(one.sample.changes):
        way = one.sample.cells.ways[c // len(one.sample.cells.severities)]
        felt, kept = int(one.survivors.changed[c].sum()), int(one.survivors.kept[c].sum())
        own = one.compared.cell == c
        line: tuple[Cell, ...] = (
            way.sheet.title, change.severity, felt, kept / felt if felt else None, int(own.sum()),
            mean(one.compared.own[own]), mean(one.compared.beaten[own]),
        )  # fmt: skip
        rows.append(line)
    rows.sort(key=lambda r: (r[5] is None, r[5] if isinstance(r[5], float) else 0.0, str(r[0])))
    return Table(
        id=f"{ID}-changes-{one.sample.cells.split}",
        title="What each change does" + suffix(one),
        caption=(
            f"Of {len(one.sample):,} inputs: those that the change altered at all, the share of "
            "these that keep the prediction, and of the versions that were explained the mean "
            "similarity and identifiability. Least alike first."
        ),
        columns=(
            Column("Change"),
            Column("Severity"),
            Column("Altered"),
            Column("Prediction kept", Unit.SHARE),
            Column("Explained"),
            Column("Similarity", Unit.RATIO),
            Column("Identifiability", Unit.RATIO),
        ),
        rows=tuple(rows),
    )
