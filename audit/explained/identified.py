"""What explanations of a sample say: identifiability, what noise does not explain, survival."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from audit.examples import Examples, FloatArray, IntArray
from audit.explained.compared import Compared
from audit.explained.means import FEW, mean_of
from audit.explained.places import Expanded, Place
from audit.explained.similarity import LEAST_PARTS
from audit.explained.staged import Gathered, Sample
from audit.explained.survivors import LEAST_RATE, Survivors
from audit.measurement import Ask, Family, Interval, Measurement, Unit
from audit.stats import effective
from audit.stats.anytime import anytime
from audit.stats.evidence import AnyEvidence, Mean, OneProportion
from audit.stats.identified import identifiability, wins

MEASURES = {
    "identifiability.overall": "Identifiability of explanations",
    "identifiability.worst": "Identifiability of explanations, worst group",
    "identifiability.domain": "Identifiability of explanations, worst domain",
    "shortfall.overall": "Similarity lost beyond the explainer's own noise",
    "survival.rate": "Share of changed inputs that keep the prediction",
    "retrained.agreement": "Similarity of explanations between trainings",
}
STOPPED = "with until: the inputs are those that settled the identifiability; leave it out for this"
UNITS = {"survival": Unit.SHARE}  # everything else is an area or a similarity

# What is assumed before an explanation is seen.
LEVEL, SPREAD = 0.9, 0.2
LOST, LOST_SPREAD = 0.05, 0.15
SURVIVE = 0.6
AGREE, AGREE_SPREAD = 0.6, 0.1

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Figure:
    """One number with its evidence, and why either is not there."""

    evidence: AnyEvidence | None
    n: int
    value: float | None = None
    why: str = ""


@dataclass(frozen=True)
class Studied:
    """A sample with everything that was found out about it.

    Attributes
    ----------
    sample : Sample
    examples : Examples
        Its rows.
    survivors : Survivors
    found : Gathered
        Explanations of the inputs that were explained: all, unless it was stopped early.
    rules : mapping of name to Compared
        By every rule of similarity that was worked out.
    rule : str
        The one that figures are taken by.
    tuned : int
        Inputs at which evidence of an early stop is sharpest; 0 where all are explained.
    """

    sample: Sample
    examples: Examples
    survivors: Survivors
    found: Gathered
    rules: dict[str, Compared]
    rule: str
    tuned: int = 0

    @property
    def compared(self) -> Compared:
        """The similarities that figures are taken of."""
        return self.rules[self.rule]

    @property
    def clusters(self) -> IntArray | None:
        """Codes of the inputs that were explained, where some depend on each other."""
        own = self.examples.clusters
        if own is not None:
            return np.asarray(own[self.found.at])
        codes = np.unique(self.examples.digests[self.found.at], return_inverse=True)[1]
        return codes if codes.max(initial=-1) + 1 < len(codes) else None

    def after(self, pair: int) -> FloatArray:
        """Return the attributions of one changed version, on the parts of the unchanged input."""
        return np.asarray(self.found.after[self.compared.source[pair]])

    def figure(self, ask: Ask, inside: Bools) -> Figure:
        """Measure some inputs of the sample."""
        if ask.metric == "survival":
            return self.survival(inside)
        why = self.unfit(inside)
        if why:
            return Figure(None, int(inside.sum()), why=why)
        here = inside[self.found.at]
        return self.area(here) if ask.metric == "identifiability" else self.shortfall(here)

    def unfit(self, inside: Bools) -> str:
        """Return why nothing is claimed of some inputs, or an empty text."""
        rate = self.survivors.rate(inside)
        if rate is None:
            return "no change altered an input: there is nothing to hold it against"
        if rate < LEAST_RATE:
            return (
                f"only {100 * rate:.1f}% of the changed inputs keep the prediction; at least "
                f"{100 * LEAST_RATE:g}% are needed, for the rest are no fair sample of changes"
            )
        return ""

    def area(self, here: Bools, rule: str = "") -> Figure:
        """Return the identifiability of some explained inputs."""
        compared = self.rules[rule or self.rule]
        win = np.where(here[:, None], compared.win, np.nan)
        own = wins(win)
        n = int((~np.isnan(own)).sum())
        evidence = identifiability(win, compared.other, self.clusters) if n else None
        if self.tuned and evidence is not None:
            evidence = anytime(evidence, n, self.tuned)
        if evidence is None:
            return Figure(None, n, why=self.too_few(n, "that can be compared with others"))
        return Figure(evidence, n, float(np.nanmean(own)))

    def shortfall(self, here: Bools) -> Figure:
        """Return the mean of noise floor minus stability over some explained inputs."""
        lost = self.compared.noise - self.compared.stability
        known = here & ~np.isnan(lost)
        n = int(known.sum())
        codes = np.arange(len(lost)) if self.clusters is None else self.clusters
        if self.tuned and n:
            # the mean of a skewed difference is not normal soon enough for a sequence
            return Figure(None, n, float(lost[known].mean()), STOPPED)
        evidence: AnyEvidence | None = mean_of(lost[known], codes[known])
        if evidence is None:
            return Figure(None, n, why=self.too_few(n, "with versions that can be compared"))
        return Figure(evidence, n, float(lost[known].mean()))

    def survival(self, inside: Bools) -> Figure:
        """Return the mean over inputs of the share of changed versions that survive."""
        share = self.survivors.share
        known = inside & ~np.isnan(share)
        n = int(known.sum())
        if not n:
            return Figure(None, 0, why="no change altered an input")
        own = self.examples.clusters
        evidence = effective.share(share[known], None if own is None else own[known])
        why = "" if evidence is not None else "one cluster does not say how clusters differ"
        return Figure(evidence, n, float(share[known].mean()), why)

    def too_few(self, n: int, what: str) -> str:
        """Say that too few inputs are left."""
        short = int((self.found.parts < LEAST_PARTS).sum())
        tail = f"; {short} have fewer than {LEAST_PARTS} parts" if short else ""
        early = ": too few to look at before all are explained" if self.tuned and n >= FEW else ""
        return f"there are {n} inputs {what}{early}{tail}"


def promised(ask: Ask, n: int, retrainings: int) -> AnyEvidence | None:
    """Return what sizes promise, before an outcome is seen."""
    if ask.metric == "survival":
        return OneProportion(round(SURVIVE * n), n) if n else None
    if ask.metric == "retrained":
        j = retrainings
        return Mean(AGREE, AGREE_SPREAD / np.sqrt(j), j - 1.0, n=n) if j > 1 else None
    if n < 2:
        return None
    if ask.metric == "shortfall":
        return Mean(LOST, LOST_SPREAD / np.sqrt(n), n - 1.0, n=n)
    return Mean(LEVEL, SPREAD / np.sqrt(n), n - 1.0, "logit", n)


def family(ask: Ask, expanded: Expanded, figure: Callable[[Place], Figure]) -> Family:
    """Return the family of an ask, with a figure for each of its places."""
    title = MEASURES[f"{ask.metric}.{ask.statistic}"].split(", worst")[0]
    unit = UNITS.get(ask.metric, Unit.RATIO)
    if expanded.why:
        return Family.of_one(ask, title, unit, None, why=expanded.why)
    if ask.statistic not in ("worst", "domain"):
        f = figure(expanded.places[0])
        found = Family.of_one(ask, title, unit, f.evidence, value=f.value, n=f.n, why=f.why)
        # effective counts are no inputs, and inputs are what a reader could add
        one = msgspec.structs.replace(found.measurements[0], n=f.n, interval=bounded(f.evidence))
        return msgspec.structs.replace(found, measurements=(one,))
    return Family(
        ask=ask,
        title=title,
        unit=unit,
        measurements=tuple(measurement(ask, p, figure(p), unit) for p in expanded.places),
        untested=tuple(expanded.untested),
    )


def bounded(evidence: AnyEvidence | None) -> Interval | None:
    """Return the plain interval; no similarity, area or share exceeds 1."""
    found = Interval.of(evidence)
    if found is None or found.high <= 1:
        return found
    return Interval(found.low, 1.0, found.level, found.method)


def measurement(ask: Ask, place: Place, figure: Figure, unit: Unit) -> Measurement:
    """Wrap a figure with its name and its plain interval."""
    blank = Measurement(
        id=f"{ask.measure}@{ask.split}[{place.slice}]",
        measure=ask.measure,
        slice=place.slice,
        split=place.split,
        unit=unit,
        value=figure.value,
        evidence=figure.evidence,
        interval=Interval.of(figure.evidence),
        n=figure.n,
        why=figure.why,
    )
    if figure.value is None and figure.evidence is not None:
        return msgspec.structs.replace(blank, value=figure.evidence.theta)
    return blank
