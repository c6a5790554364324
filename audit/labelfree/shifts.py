"""Synthetic shifts: weights on labelled rows that follow from what they are like, not their label.

A weight that is a function of the input leaves the chance of each class given the input as it is:
each is a covariate shift of which the accuracy is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from audit.examples import FloatArray, IntArray
from audit.labelfree.signals import Signals

STRENGTHS = (0.2, 1.5)  # of an exponential tilt, per standard deviation
KEPT = 0.1  # least effective share of the rows
SLIGHT = 0.05  # weight of rows outside a sub-population, against 1 inside

Luck = np.random.Generator
Make = Callable[[Signals, Luck], FloatArray]


def synthetic(rows: Signals, luck: Luck) -> Iterator[tuple[str, FloatArray]]:
    """Yield one shift of every kind that the rows allow: its name, and weights that sum to 1.

    Parameters
    ----------
    rows : Signals
        In an order that follows from their content.
    luck : Generator
        Chooses directions, centres and strengths.
    """
    for name, make in kinds(rows):
        weights = make(rows, luck)
        if not rows.alone:
            weights = whole(weights, rows.clusters)
        yield name, weights / weights.sum()


def kinds(rows: Signals) -> list[tuple[str, Make]]:
    """Return the kinds of shift that some rows allow: ten, and more with features or groups."""
    out: list[tuple[str, Make]] = [
        ("same law", lambda s, _: np.ones(len(s))),
        ("less sure", lambda s, g: tilted(-s.confidence, g)),
        ("surer", lambda s, g: tilted(s.confidence, g)),
        ("a band of confidence", band),
        ("more of a chosen class", lambda s, g: of_class(s, g, 1.0)),
        ("fewer of a chosen class", lambda s, g: of_class(s, g, -1.0)),
        ("a direction of the log-odds", lambda s, g: directed(log_odds(s), g)),
        ("neighbours by output", lambda s, g: neighbours(log_odds(s), g)),
        ("apart from an output", lambda s, g: 1.05 - neighbours(log_odds(s), g)),
        ("two at once", lambda s, g: tilted(s.confidence, g, g.choice([-1.0, 1.0]))
         * of_class(s, g, g.choice([-1.0, 1.0]))),
    ]  # fmt: skip
    if rows.features is not None:
        out += [
            ("a direction of the features", lambda s, g: directed(s.features, g)),
            ("another direction of the features", lambda s, g: directed(s.features, g)),
            ("the principal direction", lambda s, g: principal(s.features, g, 0)),
            ("the second principal direction", lambda s, g: principal(s.features, g, 1)),
            ("neighbours by features", lambda s, g: neighbours(s.features, g)),
        ]
    for i, codes in enumerate(rows.groups):
        if len(np.unique(codes)) > 1:
            out.append((f"group column {i + 1}", partial(of_group, i)))
    return out


def tilted(values: FloatArray, luck: Luck, sign: float = 1.0) -> FloatArray:
    """Return weights that grow exponentially with some values, (n,).

    The strength is halved until a tenth of the rows remains effective (Kish's formula).
    """
    spread = values.std()
    z = (values - values.mean()) / spread if spread > 0 else np.zeros(len(values))
    strength = sign * luck.uniform(*STRENGTHS)
    while True:
        raw = np.exp(strength * (z - (z.max() if strength > 0 else z.min())))
        if raw.sum() ** 2 / (raw @ raw) >= KEPT * len(z) or abs(strength) < 1e-3:
            return np.asarray(raw)
        strength /= 2


def band(rows: Signals, luck: Luck) -> FloatArray:
    """Return weights on rows between two ranks of confidence."""
    width = luck.uniform(0.3, 0.7)
    start = luck.uniform(0, 1 - width)
    ranks = (np.argsort(np.argsort(rows.confidence, kind="stable")) + 0.5) / len(rows)
    return np.where((ranks >= start) & (ranks <= start + width), 1.0, SLIGHT)


def of_class(rows: Signals, luck: Luck, sign: float) -> FloatArray:
    """Return weights that favour rows of one chosen class, or the others."""
    return of_code(rows.chosen, luck, sign)


def of_code(codes: IntArray, luck: Luck, sign: float) -> FloatArray:
    """Return weights that favour the rows of one code."""
    picked = luck.choice(np.unique(codes))
    return np.asarray(np.exp(sign * luck.uniform(*STRENGTHS) * (codes == picked)))


def of_group(column: int, rows: Signals, luck: Luck) -> FloatArray:
    """Return weights that favour the rows of one group of a column."""
    return of_code(rows.groups[column], luck, 1.0)


def log_odds(rows: Signals) -> FloatArray:
    """Return centred log-probabilities, (n, classes)."""
    logs = np.log(np.maximum(rows.outputs, 1e-12))
    return np.asarray(logs - logs.mean(axis=1, keepdims=True))


def standard(values: FloatArray) -> FloatArray:
    """Return columns with mean 0 and standard deviation 1; constant ones stay 0."""
    spread = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def directed(values: FloatArray | None, luck: Luck) -> FloatArray:
    """Return weights that grow along a random direction of some columns."""
    z = standard(np.asarray(values))
    return tilted(z @ luck.normal(size=z.shape[1]), luck)


def principal(values: FloatArray | None, luck: Luck, which: int) -> FloatArray:
    """Return weights that grow along a principal direction, either way."""
    z = standard(np.asarray(values))
    _, axes = np.linalg.eigh(z.T @ z)
    axis = axes[:, -1 - min(which, axes.shape[1] - 1)]
    axis = axis * np.sign(axis[np.argmax(np.abs(axis))])
    return tilted(z @ axis, luck, luck.choice([-1.0, 1.0]))


def neighbours(values: FloatArray | None, luck: Luck) -> FloatArray:
    """Return weights on the rows that are nearest to one of them."""
    z = standard(np.asarray(values))
    away = ((z - z[luck.integers(len(z))]) ** 2).sum(axis=1)
    return np.where(away <= np.quantile(away, luck.uniform(0.2, 0.6)), 1.0, SLIGHT)


def whole(weights: FloatArray, clusters: IntArray) -> FloatArray:
    """Give all rows of a cluster its mean weight: it is drawn as a whole."""
    _, code = np.unique(clusters, return_inverse=True)
    mean = np.bincount(code, weights=weights) / np.bincount(code)
    return np.asarray(mean[code])
