"""One foreign domain: what is estimated for it, and what speaks against the estimate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from audit.domains import Domain
from audit.labelfree.caveats import Mix, mix, overlap, saturated
from audit.labelfree.estimators import Estimate, combined, fitted, joining
from audit.labelfree.gather import Measured, measured
from audit.labelfree.reading import Reading, read
from audit.labelfree.signals import Signals
from audit.measurement import Unit
from audit.stats.evidence import Draws
from audit.writing import value as written

SHOWN_CLASSES = 4  # class shares that are written out


@dataclass(frozen=True)
class Alarms:
    """From where on a caveat is said.

    Attributes
    ----------
    sure : float
        A confidence beyond which rows are not told apart.
    near : float
        Least share of rows near to rows in distribution.
    level : float
        Of the tests behind warnings.
    """

    sure: float
    near: float
    level: float


@dataclass(frozen=True)
class Foreign:
    """What was found for one foreign domain.

    Attributes
    ----------
    domain : Domain
    reading : Reading
    estimates : tuple of Estimate
        All of them, those that the median leaves out as well.
    entering : tuple of str
        Names of those that the median is of.
    measured : Measured, optional
        What its labels say, where it has any.
    mix : Mix
    saturated : float
    overlap : float, optional
    """

    domain: Domain
    reading: Reading
    estimates: tuple[Estimate, ...]
    entering: tuple[str, ...]
    measured: Measured | None
    mix: Mix
    saturated: float
    overlap: float | None


def examined(
    home: Signals, away: Signals, domain: Domain, revisions: int, line_fit: float, alarms: Alarms
) -> Foreign:
    """Estimate the accuracy on the rows of a domain, and look for what makes estimates fail."""
    even = np.full(len(away), 1 / len(away))
    estimates = tuple(rule(away, even) for rule in fitted(home))
    entering = joining(estimates, revisions, line_fit)
    return Foreign(
        domain=domain,
        reading=read(home, combined(entering), away, even),
        estimates=estimates,
        entering=tuple(e.name for e in entering),
        measured=measured(away),
        mix=mix(home, away),
        saturated=saturated(away, alarms.sure),
        overlap=overlap(home, away),
    )


def caveats(
    found: Foreign, drop: Draws | None, home: Signals, labels: Sequence[str], alarms: Alarms
) -> Iterator[str]:
    """Yield what makes the estimate for a domain doubtful, with its numbers."""
    name, mixed = found.domain.name, found.mix
    if mixed.p <= alarms.level:
        yield (
            f"{name}: the classes that the model chooses are spread otherwise than in distribution "
            f"(p {tail(mixed.p)}); if nothing but the mix of classes moved, their shares are "
            f"{class_shares(labels, mixed.shares.tolist())} (in distribution "
            f"{class_shares(labels, home.marginal.tolist())}), and the accuracy is "
            f"{written(mixed.accuracy, Unit.SHARE)}"
        )
    if drop is not None and drop.upper(alarms.level) < 0:
        yield (
            f"{name}: the rows look easier than those in distribution (predicted accuracy "
            f"{written(found.reading.level.value, Unit.SHARE)} against "
            f"{written(float(home.correct.mean()), Unit.SHARE)}); confidence on foreign rows is "
            "often too high"
        )
    if found.overlap is not None and found.overlap < alarms.near:
        yield (
            f"{name}: only {written(found.overlap, Unit.SHARE)} of the rows lie as near to rows in "
            "distribution as 95% of those do to each other: the estimate reaches beyond what was "
            "labelled"
        )


def tail(p: float) -> str:
    """Write a p-value; the smallest are all alike."""
    return "< 1e-10" if p < 1e-10 else f"= {p:.2g}"


def class_shares(labels: Sequence[str], shares: Sequence[float]) -> str:
    """Write class shares, the largest first; many classes are cut short."""
    ranked = sorted(zip(shares, labels, strict=True), key=lambda p: (-p[0], p[1]))
    words = [f"{name} {written(float(s), Unit.SHARE)}" for s, name in ranked[:SHOWN_CLASSES]]
    return ", ".join(words) + (", ..." if len(ranked) > SHOWN_CLASSES else "")
