"""Figures of one detector on every foreign set: measurements, and what is drawn of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from audit.detection import area, fpr
from audit.detection.drawn import Shown, areas, curves
from audit.detection.pool import HOME, MEASURE
from audit.detection.scores import TITLES
from audit.detection.sets import Sets
from audit.detection.trial import Half
from audit.exhibits import Cell, Column, Exhibit, Table
from audit.measurement import Ask, Family, Interval, Measurement, Unit
from audit.separation import separation
from audit.stats.evidence import AnyEvidence

MEASURES = {
    "auroc.worst": "AUROC of the detector",
    "auroc.near": "AUROC of the detector (near sets)",
    "auroc.far": "AUROC of the detector (far sets)",
    "fpr95.worst": "Share of foreign inputs accepted (FPR at 95% TPR)",
}
TYPICAL = 0.85  # area that is assumed before a score is seen
APART = 1.4657  # distance of two normal scores with that area: sqrt(2) times its normal quantile

Figure = Callable[[str, int], tuple[float | None, AnyEvidence | None]]


def expand(ask: Ask, sets: Sets, figure: Figure, why: str) -> Family:
    """Expand an ask over the foreign sets that are large enough.

    Parameters
    ----------
    ask : Ask
    sets : Sets
    figure : callable
        ``figure(metric, set)`` gives a value and its evidence.
    why : str
        Why there is none, where there is none.
    """
    tested = [d for d in sets.within(ask.statistic) if not sets.reason(d)]
    unit = Unit.RATIO if ask.metric == "auroc" else Unit.SHARE
    return Family(
        ask=ask,
        title=MEASURES[f"{ask.metric}.{ask.statistic}"],
        unit=unit,
        measurements=tuple(
            measurement(ask, sets, d, unit, *figure(ask.metric, d), why) for d in tested
        ),
        untested=sets.untested(ask.statistic),
    )


def measurement(
    ask: Ask,
    sets: Sets,
    domain: int,
    unit: Unit,
    value: float | None,
    evidence: AnyEvidence | None,
    why: str,
) -> Measurement:
    """Wrap the figure of one foreign set."""
    where = sets.domains[domain].slice
    between = Interval.of(evidence)
    if between is not None:  # a bound of 0 is written a rounding error below it
        between = msgspec.structs.replace(between, low=max(between.low, 0.0))
    return Measurement(
        id=f"{ask.measure}@{ask.split}[{where}]",
        measure=ask.measure,
        slice=where,
        split=ask.split,
        unit=unit,
        value=value,
        evidence=evidence,
        interval=between,
        n=int(sets.sizes[domain, MEASURE]),
        n_against=int(sets.sizes[HOME, MEASURE]),
        why=why if evidence is None else "",
    )


def promise(sets: Sets) -> Figure:
    """Return what the sizes of the measured half promise."""
    home = int(sets.sizes[HOME, MEASURE])

    def figure(metric: str, domain: int) -> tuple[float | None, AnyEvidence | None]:
        n = int(sets.sizes[domain, MEASURE])
        found = (
            area.promised(TYPICAL, home, n) if metric == "auroc" else fpr.promised(APART, home, n)
        )
        return None if found is None else found.theta, found

    return figure


def seen(half: Half, name: str) -> Figure:
    """Return what a detector reached on a half."""

    def figure(metric: str, domain: int) -> tuple[float | None, AnyEvidence | None]:
        home, away = half.of(name, HOME), half.of(name, domain)
        clusters = half.clusters(HOME), half.clusters(domain)
        if not len(home) or not len(away):
            return None, None
        if metric == "auroc":
            return area.point(home, away), separation(home, away, *clusters)
        return fpr.Accepted.of(home, away).share, fpr.false_positives(home, away, *clusters)

    return figure


def drawn(sets: Sets, half: Half, name: str, families: Sequence[Family]) -> list[Exhibit]:
    """Draw the chosen detector on every foreign set."""
    shown = []
    for d in sets.tested:
        where = sets.domains[d].slice
        ids = [m.id for f in families for m in f.measurements if m.slice == where]
        _, evidence = seen(half, name)("auroc", d)
        label = f"{where.name} (far)" if sets.kind(d) == "far" else where.name
        shown.append(
            Shown(label, half.of(name, HOME), half.of(name, d), evidence, tuple(ids))
        )  # fmt: skip
    key = next((f.ask.key for f in families if f.ask.metric == "auroc"), "")
    return [curves(shown, name, key), areas(shown, sets.untested("worst"), key)]


def table(
    sets: Sets, choose: Half, half: Half, names: Sequence[str], best: str, trained: bool
) -> Table:
    """Tabulate every detector on every foreign set."""
    fitted = "training rows" if trained else "the other half of the rows in distribution"
    return Table(
        id="ood-detection-detectors",
        title="Every detector",
        caption=(
            f"On the half that is measured on. Chosen on the other: {TITLES[best]}. What is "
            f"fitted is fitted on {fitted}."
        ),
        columns=(
            Column("Detector"),
            Column("Foreign set"),
            Column("Kind"),
            Column("AUROC", Unit.RATIO),
            Column("Foreign accepted at 95% TPR", Unit.SHARE),
            Column("AUROC where it was chosen", Unit.RATIO),
        ),
        rows=tuple(row for n in names for row in lines(sets, choose, half, n, best)),
    )


def lines(sets: Sets, choose: Half, half: Half, name: str, best: str) -> Iterator[tuple[Cell, ...]]:
    """Yield a line for every foreign set."""
    title = TITLES[name] + (" (chosen)" if name == best else "")
    home = half.of(name, HOME)
    for d in sets.tested:
        away = half.of(name, d)
        share = fpr.Accepted.of(home, away).share if len(home) and len(away) else None
        yield (
            title,
            sets.domains[d].slice.name,
            sets.kind(d),
            area.point(home, away),
            share,
            area.point(choose.of(name, HOME), choose.of(name, d)),
        )
