"""How well a score separates two samples: the area under the ROC curve, with an honest error."""

from __future__ import annotations

import math

import msgspec
import numpy as np

from audit.examples import FloatArray, IntArray
from audit.scores import area
from audit.stats.auc import components
from audit.stats.evidence import AnyEvidence, Mean, OneProportion

# With fewer pairs the wrong way round than this, among pairs that share no row, the spread that
# DeLong's variance is made of has hardly been seen.
FEW_PAIRS = 2.0


def separation(
    home: FloatArray,
    away: FloatArray,
    home_clusters: IntArray | None = None,
    away_clusters: IntArray | None = None,
) -> AnyEvidence | None:
    """Return the probability that a foreign input scores above a familiar one, ties one half.

    Parameters
    ----------
    home, away : (m,), (n,) float arrays
        Scores of familiar and of foreign inputs.
    home_clusters, away_clusters : (m,), (n,) int arrays, optional
        Codes that mean the same in both.

    Returns
    -------
    AnyEvidence or None
        DeLong's error on the logit scale, with Satterthwaite's degrees of freedom as in Brunner &
        Munzel (2000); CR2 for clusters. Where nearly all pairs stand the right way round (or no
        score differs), at least the variance of Hanley & McNeil (1982) at an area drawn towards
        one half. An area of exactly 0 or 1 is judged as so many independent trials as there are
        pairs without a row, or a cluster, in common: each of them is right with that probability.
        None with fewer than two rows or clusters of either kind.
    """
    sizes = independent(home_clusters, away_clusters, len(home), len(away))
    pairs = min(sizes)
    if min(len(home), len(away)) < 2 or pairs < 2:
        return None
    score, foreign = np.r_[home, away], np.r_[np.zeros(len(home)), np.ones(len(away))]
    codes = None
    if home_clusters is not None and away_clusters is not None:
        codes = np.r_[home_clusters, away_clusters]
    found = area(score, foreign, codes)
    if not isinstance(found, Mean):
        return found
    value = found.estimate
    if value <= 0.0 or value >= 1.0:
        return OneProportion(k=round(value) * pairs, n=pairs)
    if codes is None:
        found = msgspec.structs.replace(found, df=freedom(score, foreign > 0))
    if found.se > 0 and pairs * min(value, 1 - value) >= FEW_PAIRS:
        return found
    floor = hanley_mcneil((value * pairs + 1) / (pairs + 2), *sizes)
    df = found.df or float(pairs - 1)
    return Mean(value, max(found.se, floor), df, "logit", found.n)


def independent(home: IntArray | None, away: IntArray | None, m: int, n: int) -> tuple[int, int]:
    """Return how many independent rows there are of each kind; a cluster counts as one."""
    if home is None or away is None:
        return m, n
    first, second = np.unique(home), np.unique(away)
    both = len(np.intersect1d(first, second))
    if not both:
        return len(first), len(second)
    # a cluster on both sides can serve one side only: they are dealt out evenly
    alone = len(first) - both, len(second) - both
    give = min(max((alone[1] - alone[0] + both) // 2, 0), both)
    return alone[0] + give, alone[1] + both - give


def freedom(score: FloatArray, foreign: np.ndarray) -> float | None:
    """Return Satterthwaite's degrees of freedom of DeLong's variance; None without variance."""
    parts = components(foreign, score)
    sides = [parts[foreign], parts[~foreign]]
    shares = [float(s.var(ddof=1)) / len(s) for s in sides]
    below = sum(v**2 / (len(s) - 1) for v, s in zip(shares, sides, strict=True))
    return sum(shares) ** 2 / below if below > 0 else None


def hanley_mcneil(value: float, m: int, n: int) -> float:
    """Return the standard error of an area under exponential scores (1982, Radiology 143, eq. 1).

    Parameters
    ----------
    value : float
        The area, strictly between 0 and 1; one below one half counts like its mirror image.
    m, n : int
        Rows of either kind.
    """
    a = max(value, 1 - value)
    one, two = a / (2 - a), 2 * a**2 / (1 + a)
    spread = a * (1 - a) + (n - 1) * (one - a**2) + (m - 1) * (two - a**2)
    return math.sqrt(spread / (m * n))
