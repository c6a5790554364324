"""What a probe measured: a value, its interval, and the evidence that a verdict is judged on."""

from __future__ import annotations

import math
from enum import StrEnum

import msgspec

from audit.data import Slice
from audit.stats.evidence import AnyEvidence


class Unit(StrEnum):
    """How a value is written. Values themselves are always plain fractions or numbers."""

    SHARE = "share"  # 0.912 is written 91.2 %
    POINTS = "points"  # a difference of shares: 0.031 is written 3.1 pp
    RATIO = "ratio"  # 0.84
    NUMBER = "number"  # in the target's own unit


class Interval(msgspec.Struct, frozen=True):
    """Bounds with the level and the method that made them."""

    low: float
    high: float
    level: float
    method: str

    @classmethod
    def of(cls, evidence: AnyEvidence | None, level: float = 0.95) -> Interval | None:
        """Return the plain two-sided interval, or None where there is none."""
        if evidence is None:
            return None
        low, high, method = evidence.interval(level)
        if not (math.isfinite(low) and math.isfinite(high)):
            return None
        return cls(low, high, level, method)


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One measure, fully worded: which statistic, of which rows, compared with what.

    Attributes
    ----------
    probe, metric, statistic : str
        The three parts of a measure, ``probe.metric.statistic``.
    split : str
        The split it is measured on.
    by : tuple of str
        Group columns; empty for all rows together.
    label : str
        The class that counts as positive, ``each`` for every class in turn, or empty.
    compare : str
        ``rest``, ``pairs`` or ``reference`` for comparisons between groups; empty otherwise.
    reference : tuple of (column, value)
        The group that others are compared with, under ``compare: reference``.
    """

    probe: str
    metric: str
    statistic: str
    split: str = "test"
    by: tuple[str, ...] = ()
    label: str = ""
    compare: str = ""
    reference: tuple[tuple[str, str], ...] = ()

    @property
    def measure(self) -> str:
        """The dotted name."""
        return f"{self.probe}.{self.metric}.{self.statistic}"

    @property
    def key(self) -> str:
        """A stable text that tells two asks apart."""
        parts = [self.measure, f"split={self.split}"]
        if self.by:
            parts.append("by=" + ",".join(self.by))
        if self.label:
            parts.append(f"label={self.label}")
        if self.compare:
            parts.append(f"compare={self.compare}")
        if self.reference:
            parts.append("reference=" + ",".join(f"{c}={v}" for c, v in self.reference))
        return " ".join(parts)


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One number about one slice, possibly against another.

    Attributes
    ----------
    id : str
        Stable and unique in a result.
    measure : str
        Dotted name of the measure.
    slice : Slice
        The rows it is about.
    against : str
        What the slice is compared with (``the rest``, or another slice); empty if nothing.
    side : str
        ``below`` or ``above``: where the slice lies if the comparison proves a defect.
    label : str
        The class it is about, if one.
    value : float or None
        None where it is undefined; `why` then says the reason.
    evidence : AnyEvidence or None
        Sufficient statistics. A verdict is judged on these and nothing else.
    interval : Interval or None
        The plain two-sided interval; the decision interval belongs to a verdict.
    n, n_against : int
        Relevant rows on each side (positives for a true-positive rate).
    unit : Unit
    split : str
    warns_only : bool
        Whether it may break a requirement and never meet one: an estimate that rests on what
        cannot be checked, such as accuracy without labels.
    """

    id: str
    measure: str
    slice: Slice
    split: str
    unit: Unit
    value: float | None
    evidence: AnyEvidence | None
    interval: Interval | None
    n: int
    n_against: int = 0
    against: str = ""
    side: str = ""
    label: str = ""
    why: str = ""
    warns_only: bool = False


class Untested(msgspec.Struct, frozen=True, kw_only=True):
    """A slice that no verdict covers, with its size and the reason."""

    slice: Slice
    n: int
    reason: str
    label: str = ""


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """All comparisons that one ask expands to, fixed from sizes before an outcome is seen."""

    ask: Ask
    title: str
    unit: Unit
    measurements: tuple[Measurement, ...]
    untested: tuple[Untested, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """The comparisons, by id."""
        return tuple(m.id for m in self.measurements)

    @classmethod
    def of_one(
        cls,
        ask: Ask,
        title: str,
        unit: Unit,
        evidence: AnyEvidence | None,
        *,
        value: float | None = None,
        n: int = 0,
        why: str = "",
        warns_only: bool = False,
    ) -> Family:
        """Return the family of a single figure over all rows of a split.

        Parameters
        ----------
        ask : Ask
        title : str
        unit : Unit
        evidence : AnyEvidence or None
            None decides nothing.
        value : float, optional
            Where it is not the evidence's own.
        n : int
            Rows, where there is no evidence.
        why : str
            Why there is no value, or no evidence.
        warns_only : bool
            Whether it may break a requirement and never meet one.
        """
        theta = evidence.theta if evidence is not None else None
        shown = theta if value is None else value
        figure = Measurement(
            id=f"{ask.measure}@{ask.split}",
            measure=ask.measure,
            slice=Slice(),
            split=ask.split,
            unit=unit,
            value=shown,
            evidence=evidence,
            interval=Interval.of(evidence),
            n=n if evidence is None else evidence.n,
            why=why or ("" if shown is not None else "there is no row"),
            warns_only=warns_only,
        )
        return cls(ask=ask, title=title, unit=unit, measurements=(figure,))
