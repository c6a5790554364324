"""From an ask to its comparisons: one for each baseline, or one for all inputs."""

from __future__ import annotations

import numpy as np

from audit.data import Slice
from audit.examples import Examples, FloatArray, IntArray
from audit.faithful.chain import Chain
from audit.faithful.found import Found
from audit.groups import GroupRules, too_small
from audit.measurement import Ask, Family, Interval, Measurement, Unit, Untested
from audit.sampled import part
from audit.stats import effective
from audit.stats.clusters import cluster_mean
from audit.stats.evidence import AnyEvidence, Mean, OneProportion
from audit.task import Classification, Task

MEASURES = {
    "deletion.gain": "Deletion gain over random orders",
    "insertion.gain": "Insertion gain over random orders",
    "infidelity.scaled": "Infidelity",
    "completeness.missed": "Share of explanations that miss completeness",
}
CURVES = ("deletion", "insertion")
ALONE = "one cluster does not say how clusters differ"
FEW = "fewer than two inputs have a figure"
SAME = "no two answers differ, so that curves have no scale"
# Standard deviation of a gain from input to input, assumed before one is seen: of a probability,
# and of a value in standard deviations.
SPREAD, VALUE_SPREAD = 0.15, 0.35
LEVELS = {"infidelity": 0.3, "completeness": 0.05}  # assumed likewise

Figure = tuple[float | None, AnyEvidence | None, str]


def title(ask: Ask) -> str:
    """Name a family as a sentence about it begins."""
    return MEASURES[f"{ask.metric}.{ask.statistic}"]


def unit_of(ask: Ask, task: Task) -> Unit:
    """Return how the values of an ask are written."""
    if ask.metric not in CURVES:
        return Unit.SHARE
    return Unit.POINTS if isinstance(task, Classification) else Unit.RATIO


def expand(
    ask: Ask, chain: Chain, rules: GroupRules, tolerance: float, found: Found | None
) -> Family:
    """Expand one ask.

    Parameters
    ----------
    ask : Ask
    chain : Chain
    rules : GroupRules
    tolerance : float
        Completeness error that counts as missed.
    found : Found or None
        None takes what the sizes promise. The list of comparisons does not depend on it.
    """
    n, unit = len(chain.rows), unit_of(ask, chain.task)
    small = too_small(rules, n, n)
    if ask.metric == "completeness":
        value, evidence, why = completeness(chain, found, tolerance)
        evidence = None if small else evidence
        return Family.of_one(ask, title(ask), unit, evidence, value=value, n=n, why=why or small)
    terms = {name: Slice((("baseline", name),)) for name in chain.baselines}
    measured = () if small else tuple(measurement(ask, chain, found, b) for b in terms)
    left = tuple(Untested(slice=s, n=n, reason=small) for s in terms.values()) if small else ()
    return Family(ask=ask, title=title(ask), unit=unit, measurements=measured, untested=left)


def measurement(ask: Ask, chain: Chain, found: Found | None, baseline: str) -> Measurement:
    """Measure one comparison."""
    where = Slice((("baseline", baseline),))
    if found is None:
        evidence = promised(ask, chain.task, part(chain.examples, chain.rows))
        value, why, n = (None if evidence is None else evidence.theta), "", len(chain.rows)
    else:
        values = figures(ask, found, baseline)
        there = ~np.isnan(values)
        labels = found.clusters
        value, evidence, why = mean_of(
            ask, values[there], None if labels is None else labels[there], found.spread
        )
        n = int(there.sum())
    return Measurement(
        id=f"{ask.measure}@{ask.split}[{where}]",
        measure=ask.measure,
        slice=where,
        split=ask.split,
        unit=unit_of(ask, chain.task),
        value=value,
        evidence=evidence,
        interval=Interval.of(evidence),
        n=n,
        why=why,
    )


def figures(ask: Ask, found: Found, baseline: str) -> FloatArray:
    """Return the figure of each input, NaN where it has none."""
    under = found.under[baseline]
    return under.infidelity if ask.metric == "infidelity" else under.gains[CURVES.index(ask.metric)]


def mean_of(ask: Ask, values: FloatArray, clusters: IntArray | None, spread: float) -> Figure:
    """Return the mean over inputs, its evidence, and why there is none.

    Gains have Student's t, or CR2 where rows are clustered. Infidelity lies between 0 and 1 and is
    0 wherever a model is additive: it is judged as a count (`audit.stats.effective`).
    """
    if not len(values):
        return None, None, SAME if spread == 0 and ask.metric in CURVES else FEW
    mean = float(values.mean())
    if len(values) < 2:
        return mean, None, FEW
    evidence: AnyEvidence | None
    if ask.metric == "infidelity":
        evidence = effective.share(values, clusters)
        return mean, evidence, "" if evidence else ALONE
    evidence = cluster_mean(values, np.arange(len(values)) if clusters is None else clusters)
    return mean, evidence, ""


def completeness(chain: Chain, found: Found | None, tolerance: float) -> Figure:
    """Return the share of explanations whose completeness error is over the tolerance."""
    if not chain.chosen.sheet.complete:
        return None, None, f"attributions of {chain.chosen.sheet.name} do not claim to sum up"
    if found is None:
        rows = part(chain.examples, chain.rows)
        evidence = OneProportion(round(LEVELS["completeness"] * count(rows)), count(rows))
        return evidence.theta, evidence, ""
    missed = (found.missed_by > tolerance).astype(np.float64)
    share = effective.share(missed, found.clusters)
    return float(missed.mean()), share, "" if share else ALONE


def promised(ask: Ask, task: Task, rows: Examples) -> AnyEvidence | None:
    """Return what sizes promise, before an answer is seen; clusters count as one row each."""
    n = count(rows)
    if ask.metric == "infidelity":
        return OneProportion(round(LEVELS["infidelity"] * n), n)
    spread = SPREAD if isinstance(task, Classification) else VALUE_SPREAD
    return Mean(0.0, spread / float(np.sqrt(n)), n - 1.0, n=n) if n > 1 else None


def count(rows: Examples) -> int:
    """Return how many rows, or clusters, there are."""
    return len(rows.digests) if rows.clusters is None else len(np.unique(rows.clusters))
