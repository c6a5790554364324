"""Detectors tried on rows: what the model offers, scores by detector, and which one is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from audit.config import TRAIN
from audit.detection.area import point
from audit.detection.pool import CHOOSE, HOME, MEASURE, Pool, halves
from audit.detection.scores import TITLES, Bank, View, fitted
from audit.examples import FloatArray, IntArray
from audit.model import ModelCard
from audit.observations import Observation, Observations
from audit.requests import Embed, Predict, Request, packed

CHUNK = 2048  # rows that are looked at together: memory does not grow with the data
FITTED = ("knn", "mahalanobis", "vim")


def possible(card: ModelCard, classes: bool, several: bool) -> tuple[str, ...]:
    """Return the detectors that a model allows.

    Parameters
    ----------
    card : ModelCard
    classes : bool
        Whether its outputs are scores of classes.
    several : bool
        Whether the rows that detectors are fitted on have labels of several classes: the distance
        to one class alone, minus that to all rows, is 0.
    """
    allowed = {
        "msp": classes,
        "max-logit": card.logits,
        "energy": card.logits,
        "knn": bool(card.features),
        "mahalanobis": bool(card.features) and several,
        "vim": card.logits,
    }
    return tuple(name for name in TITLES if allowed[name])


def requests(names: Sequence[str], card: ModelCard, splits: Sequence[str]) -> list[Request]:
    """Return what is asked of the splits that detectors are tried on."""
    inside = card.logits or set(names) != {"msp"}
    out: list[Request] = []
    for split in splits:
        if "msp" in names and not card.logits:
            out.append(Predict(split))
        if inside:
            out.append(Embed(split))
    return out


@dataclass(frozen=True)
class Half:
    """Scores of one half of the rows.

    Attributes
    ----------
    pool : Pool
    scores : mapping of str to (n,) float array
        By detector.
    """

    pool: Pool
    scores: Mapping[str, FloatArray]

    def of(self, name: str, domain: int) -> FloatArray:
        """Return a detector's scores on the rows of a domain."""
        return np.asarray(self.scores[name][self.pool.domain == domain])

    def clusters(self, domain: int) -> IntArray | None:
        """Return the clusters of the rows of a domain."""
        own = self.pool.clusters
        return None if own is None else own[self.pool.domain == domain]


@dataclass(frozen=True)
class Trial:
    """Rows, and what the model made of them.

    Attributes
    ----------
    seen : Observations
    pool : Pool
        Of the domains that are large enough.
    half : (n,) int array
        `CHOOSE` or `MEASURE`.
    names : tuple of str
        Detectors.
    k : int
    seed : int
    train : (n,) int array, optional
        Positions in the train split of the rows that detectors are fitted on.
    """

    seen: Observations
    pool: Pool
    half: IntArray
    names: tuple[str, ...]
    k: int
    seed: int
    train: IntArray | None

    def run(self) -> tuple[Half, Half]:
        """Return the half to choose on and the half to measure on.

        Without rows to train on, the measured half has detectors that are fitted on the home rows
        of the other one; to choose among them they are fitted on a quarter, and tried on the
        next: a row is never near to itself.
        """
        choose, measure = (self.pool.take(self.half == side) for side in (CHOOSE, MEASURE))
        if not set(self.names) & set(FITTED):
            bank = Bank(View())
            return self.scored(choose, bank), self.scored(measure, bank)
        if self.train is not None:
            bank = self.trained()
            return self.scored(choose, bank), self.scored(measure, bank)
        familiar = choose.domain == HOME
        home = choose.take(familiar)
        quarter = halves(home, self.seed, 3)
        tried = np.ones(len(choose), dtype=bool)
        tried[np.flatnonzero(familiar)] = quarter == MEASURE
        first = self.scored(choose.take(tried), self.bank(home.take(quarter == CHOOSE)))
        return first, self.scored(measure, self.bank(home))

    def trained(self) -> Bank:
        """Return the training rows as a bank."""
        rows = self.train if self.train is not None else np.empty(0, dtype=np.int64)
        answer = self.seen.outputs(Embed(TRAIN, packed(rows)))
        labels = self.seen.examples[TRAIN].labels
        classes = None if labels is None else labels.codes[rows]
        return Bank(View(None, rowwise(answer.outputs), answer.logits), classes, answer.head)

    def bank(self, rows: Pool) -> Bank:
        """Return distinct rows of the pool as a bank."""
        _, first = np.unique(rows.digests, return_index=True)
        rows = rows.take(first)
        split = rows.splits[int(rows.split[0])]
        labelled = self.seen.examples[split].labels is not None
        head = self.seen.outputs(Embed(split)).head
        return Bank(self.view(rows), rows.label if labelled else None, head)

    def view(self, rows: Pool) -> View:
        """Return how the model sees some rows of the pool."""
        card = self.seen.card
        asked = requests(self.names, card, rows.splits)
        shown: dict[str, FloatArray | None] = {}
        for kind, part in ((Predict, "outputs"), (Embed, "features"), (Embed, "logits")):
            answers = {
                r.split: self.seen.outputs(r) for r in asked if isinstance(r, kind)
            }  # fmt: skip
            shown[part] = gathered(answers, rows, "logits" if part == "logits" else "outputs")
        return View(**shown)

    def scored(self, rows: Pool, bank: Bank) -> Half:
        """Score some rows by every detector: each distinct input once, in chunks."""
        detectors = {name: fitted(name, bank, self.k) for name in self.names}
        _, first, back = np.unique(rows.digests, return_index=True, return_inverse=True)
        distinct = rows.take(first)
        out = {name: np.empty(len(distinct)) for name in self.names}
        for start in range(0, len(distinct), CHUNK):
            part = slice(start, start + CHUNK)
            view = self.view(distinct.take(np.arange(len(distinct))[part]))
            for name, detector in detectors.items():
                out[name][part] = detector(view)
        return Half(rows, {name: score[back] for name, score in out.items()})


def gathered(answers: Mapping[str, Observation], rows: Pool, part: str) -> FloatArray | None:
    """Return what was answered for some rows, from the splits that they stand in."""
    if not answers or any(getattr(a, part) is None for a in answers.values()):
        return None
    values = {name: rowwise(getattr(a, part)) for name, a in answers.items()}
    out = np.empty((len(rows), next(iter(values.values())).shape[1]))
    for i, name in enumerate(rows.splits):
        inside = rows.split == i
        out[inside] = values[name][rows.row[inside]]
    return out


def rowwise(values: FloatArray) -> FloatArray:
    """Return one row an input, also where there is one number an input."""
    return values.reshape(len(values), -1)


def chosen(half: Half, names: Sequence[str], domains: Sequence[int]) -> str:
    """Return the detector with the largest mean area over the foreign sets; the first of equals."""
    return max(names, key=lambda name: np.mean(areas_of(half, name, domains) or [0.0]))


def areas_of(half: Half, name: str, domains: Sequence[int]) -> list[float]:
    """Return a detector's area on every foreign set that has rows in a half."""
    home = half.of(name, HOME)
    found = (point(home, half.of(name, d)) for d in domains)
    return [a for a in found if a is not None]
