"""Inputs whose answer changed, with what was answered before and after."""

from __future__ import annotations

import numpy as np

from audit.corrupted.drawn import ID, Drawing, suffix
from audit.corrupted.grid import Grid
from audit.examples import FloatArray
from audit.exhibits import Pair, Pairs
from audit.measurement import Unit
from audit.task import Classification, values_of
from audit.ways import Way
from audit.writing import value as written

WORST = 3  # transforms whose pairs are shown


def turned(grid: Grid, figure: Drawing, most: int) -> Pairs | None:
    """Show inputs whose answer changed under the worst transforms, the surest new answers first.

    Parameters
    ----------
    grid : Grid
    figure : callable
        As in `heat`: it decides which transforms are the worst.
    most : int
        Inputs of each of these transforms.
    """
    ways = sorted(grid.cells.tested, key=lambda w: (-(figure(grid.at(w))[0] or 0.0), w.word))
    pairs = [pair for way in ways[:WORST] for pair in pairs_of(grid, way, most)]
    if not pairs:
        return None
    return Pairs(
        id=f"{ID}-pairs-{grid.cells.split}",
        title=f"Answers that changed{suffix(grid.cells.split)}",
        caption=(
            f"Under the {min(WORST, len(ways))} transforms that cost most. Each input once a "
            "transform, at the severity with the surest new answer; right answers that became "
            "wrong come first."
        ),
        columns=("Label", "Before", "After"),
        pairs=tuple(pairs),
    )


def pairs_of(grid: Grid, way: Way, most: int) -> list[Pair]:
    """Return the inputs of one transform, gravest first."""
    surest = np.stack([surely(grid, way, s) for s in grid.cells.severities])
    at = surest.argmax(axis=0)
    best = surest.max(axis=0)
    order = np.lexsort((grid.examples.ids.astype(str), -best))
    found = []
    for i in [int(i) for i in order if np.isfinite(best[i])][:most]:
        severity = grid.cells.severities[int(at[i])]
        found.append(
            Pair(
                label=f"{way.sheet.title}, severity {severity}",
                split=grid.cells.split,
                row=int(grid.cells.rows[i]),
                transform=way.sheet.name,
                severity=severity,
                seed=grid.cells.seed,
                facts=facts(grid, way, severity, i),
            )
        )
    return found


def surely(grid: Grid, way: Way, severity: int) -> FloatArray:
    """Return how grave each changed answer is; minus infinity where it stayed.

    For classes: the probability of the new answer, and 1 more where a right answer became wrong.
    For values: how far the error grew.
    """
    (number,) = grid.at(way, severity)
    if not isinstance(grid.task, Classification):
        worse = grid.loss([number]) if grid.column else np.zeros(len(grid.cells.rows))
        return np.where(worse > 0, worse, -np.inf)
    answer = grid.answer(way, severity)
    sure = np.zeros(len(grid.cells.rows))
    if answer.scored:
        sure = answer.outputs[np.arange(len(sure)), grid.task.decide(answer)]
    if grid.column:
        sure = sure + (grid.loss([number]) > 0)
    return np.where(grid.changed[number], sure, -np.inf)


def facts(grid: Grid, way: Way, severity: int, i: int) -> tuple[str, str, str]:
    """Say the label of an input, and what was answered before and after."""
    both = (grid.answers[0], grid.answer(way, severity))
    task, examples = grid.task, grid.examples
    if isinstance(task, Classification):
        chosen = [int(task.decide(a)[i]) for a in both]
        said = [
            task.labels[c] + (f", {a.outputs[i, c]:.3f}" if a.scored else "")
            for a, c in zip(both, chosen, strict=True)
        ]
        labels = examples.labels
        return ("" if labels is None else labels.names[labels.codes[i]]), said[0], said[1]
    said = [written(float(values_of(a.outputs)[i]), Unit.NUMBER) for a in both]
    target = "" if examples.targets is None else written(float(examples.targets[i]), Unit.NUMBER)
    return target, said[0], said[1]
