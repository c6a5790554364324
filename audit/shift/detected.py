"""Whether a domain differs from the rows in distribution: a classifier that is asked to tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from audit.domains import Domain
from audit.examples import Examples, FloatArray, IntArray
from audit.observations import Observations
from audit.requests import Embed
from audit.separation import separation
from audit.shift.pooled import Mask, clusters_of
from audit.stats.evidence import AnyEvidence
from audit.stats.twosample import (
    discriminant,
    effective_share,
    learning_half,
    log_odds,
    permutation_p,
    with_products,
)

THIN = "fewer than two rows of either kind are left to learn on, or to be scored"
ALIKE = "the features of both are one and the same point"


@dataclass(frozen=True)
class Detected:
    """What the held-out half says of one domain.

    Attributes
    ----------
    area : AnyEvidence or None
        Area under the ROC curve of the domain classifier.
    p : float or None
        Of the permutation test of no shift.
    share : AnyEvidence or None
        Effective sample size of the importance weights of the rows in distribution.
    n, n_home : int
        Held-out rows on either side.
    why : str
        Why there is none of it.
    """

    area: AnyEvidence | None = None
    p: float | None = None
    share: AnyEvidence | None = None
    n: int = 0
    n_home: int = 0
    why: str = ""


@dataclass(frozen=True)
class Side:
    """One domain's features, in an order that their content decides.

    Attributes
    ----------
    features : (n, d) float array
    learns : (n,) bool array
        Rows that the classifier learns on.
    clusters : (n,) int array or None
    """

    features: FloatArray
    learns: Mask
    clusters: IntArray | None

    def taught(self, most: int) -> FloatArray:
        """Return the first rows to learn on, in the order of their content."""
        return self.features[np.flatnonzero(self.learns)[:most]]

    @property
    def held(self) -> FloatArray:
        """The rows to be scored."""
        return self.features[~self.learns]


def sides(
    domains: Sequence[Domain], data: Mapping[str, Examples], seen: Observations, seed: int
) -> list[Side]:
    """Return the features of every domain, cut into halves together."""
    splits = list(dict.fromkeys(d.split for d in domains))
    features = {s: seen.outputs(Embed(s)).outputs for s in splits}
    digests = [data[d.split].digests[d.rows] for d in domains]
    clusters = clusters_of(domains, data)
    half = learning_half(np.concatenate(digests), clusters, seed)
    ends = np.cumsum([len(d) for d in domains])
    out = []
    for d, digest, end in zip(domains, digests, ends, strict=True):
        own = slice(end - len(d), end)
        order = np.lexsort((data[d.split].ids[d.rows].astype(str), digest))
        out.append(
            Side(
                features[d.split][d.rows][order],
                half[own][order],
                None if clusters is None else clusters[own][order],
            )
        )
    return out


def detect(home: Side, away: Side, seed: int, most: int) -> Detected:
    """Train a classifier on one half of both sides, and score it on the other.

    Parameters
    ----------
    home, away : Side
    seed : int
        Of the permutations.
    most : int
        Rows of a side that the classifier learns on, at most.
    """
    n, n_home = len(away.held), len(home.held)
    taught = home.taught(most), away.taught(most)
    if min(n, n_home, len(taught[0]), len(taught[1])) < 2:
        return Detected(n=n, n_home=n_home, why=THIN)
    shown = np.vstack(taught)
    told = discriminant(*(with_products(rows, shown) for rows in taught))
    if told is None:
        return Detected(n=n, n_home=n_home, why=ALIKE)
    score = told.score(with_products(np.vstack([home.held, away.held]), shown))
    foreign = np.arange(n_home + n) >= n_home
    clusters = None
    if home.clusters is not None and away.clusters is not None:
        clusters = np.concatenate([home.clusters[~home.learns], away.clusters[~away.learns]])
    own, theirs = (None if clusters is None else clusters[side] for side in (~foreign, foreign))
    return Detected(
        area=separation(score[~foreign], score[foreign], own, theirs),
        p=permutation_p(score, foreign, seed, clusters),
        share=effective_share(log_odds(score, foreign)[~foreign], own),
        n=n,
        n_home=n_home,
    )
