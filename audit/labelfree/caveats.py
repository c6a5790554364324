"""Where an estimate without labels goes wrong: what can be seen of it in the outputs alone.

References
----------
Lipton, Wang & Smola (2018), ICML, arXiv:1802.03916, section 3 (BBSE).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.spatial import KDTree

from audit.examples import FloatArray
from audit.labelfree.reading import sampling_error
from audit.labelfree.shifts import standard
from audit.labelfree.signals import Signals

AXES = 10  # principal directions in which rows are near or far
NEAR = 0.95  # share of home rows that count as near to another home row
MOST = 5000  # home rows that others are held against


@dataclass(frozen=True)
class Mix:
    """The shares of the classes, if nothing but they moved.

    Attributes
    ----------
    shares : (classes,) float array
        Estimated true shares.
    accuracy : float
        What the accuracy would then be.
    p : float
        p-value of the hypothesis that the chosen classes are spread as at home.
    """

    shares: FloatArray
    accuracy: float
    p: float


def mix(home: Signals, away: Signals) -> Mix:
    """Return the class shares by black-box shift estimation, and whether choices moved at all.

    The chosen shares away are the confusion matrix at home times the ratio of true shares; what
    the inversion puts below 0 is set to 0. The p-value is Bonferroni's over the classes, each by
    the difference of chosen shares over its standard error.
    """
    k = home.classes
    target = home.target if home.target is not None else np.zeros(0, dtype=np.int64)
    cells = np.bincount(home.chosen * k + target, minlength=k * k).reshape(k, k)
    confusion = cells / cells.sum()
    there = np.bincount(away.chosen, minlength=k) / len(away)
    ratio = np.maximum(np.linalg.lstsq(confusion, there, rcond=None)[0], 0.0)
    shares = ratio * confusion.sum(axis=0)
    shares = shares / shares.sum() if shares.sum() > 0 else home.marginal
    size = confusion.sum(axis=0)
    recall = np.divide(np.diag(confusion), size, out=np.zeros(k), where=size > 0)
    return Mix(shares, float(shares @ recall), moved(home, away))


def moved(home: Signals, away: Signals) -> float:
    """Return the p-value of the hypothesis that both choose each class equally often."""
    least = 1.0
    classes = np.union1d(home.chosen, away.chosen)
    for k in classes:
        here, there = (np.asarray(s.chosen == k, dtype=np.float64) for s in (home, away))
        parts = [((x - x.mean()) / len(x), s) for x, s in ((here, home), (-there, away))]
        error = sampling_error(parts)
        z = abs(here.mean() - there.mean()) / error
        least = min(least, 2 * float(special.ndtr(-z)))
    return min(1.0, least * len(classes))


def saturated(rows: Signals, sure: float) -> float:
    """Return the share of rows whose confidence lies above a level."""
    return float((rows.confidence > sure).mean())


def overlap(home: Signals, away: Signals) -> float | None:
    """Return the share of rows that lie as near to a home row as home rows do to each other.

    Near is what 95 % of home rows are to their nearest other home row, in the standardised
    principal directions of the home rows' features. None without features.
    """
    if home.features is None or away.features is None:
        return None
    z = standard(home.features)
    spread = home.features.std(axis=0)
    other = (away.features - home.features.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    _, axes = np.linalg.eigh(z.T @ z)
    kept = axes[:, ::-1][:, :AXES]
    points = (z @ kept)[:MOST]
    tree = KDTree(points)
    own = np.asarray(tree.query(points, k=2)[0])[:, 1]
    reach = np.quantile(own, NEAR)
    return float((np.asarray(tree.query(other @ kept)[0]) <= reach).mean())
