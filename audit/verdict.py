"""Requirements, and the verdicts that evidence earns against them."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from audit.data import Slice
from audit.measurement import Ask, Interval, Unit, Untested


class Outcome(StrEnum):
    """What can be said of a requirement. Only PASSED is a pass."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not applicable"
    NOT_RUN = "not run"
    ERROR = "error"


class Requirement(msgspec.Struct, frozen=True, kw_only=True):
    """A limit on a measure.

    Attributes
    ----------
    id : str
    title : str
        What a reader calls it.
    ask : Ask
    max, min : float, optional
        Exactly one of them.
    material : float, optional
        The smallest change that the policy's author cares about: one grid step of the report.
    on_inconclusive : str
        ``block`` or ``warn``.
    on_small : str
        ``exclude`` leaves slices that are too small out of the verdict (they are listed);
        ``block`` makes them keep it from passing.
    weight : float
        Share of the error budget, for weighted Holm.
    source, rationale : str
        Where the limit comes from, and why it is this one.
    where : str
        Place in the spec, such as ``audit.yaml:31``.
    """

    id: str
    title: str
    ask: Ask
    max: float | None = None
    min: float | None = None
    material: float | None = None
    on_inconclusive: str = "block"
    on_small: str = "exclude"
    weight: float = 1.0
    source: str = ""
    rationale: str = ""
    where: str = ""

    @property
    def limit(self) -> float:
        """The number that must not be crossed."""
        limit = self.max if self.max is not None else self.min
        if limit is None:
            raise ValueError(f"requirement {self.id} has no limit")
        return limit


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """One of the one-sided tests that a requirement expands to.

    Attributes
    ----------
    measurement : str
        Id of the measurement it judges.
    value, low, high : float or None
        Point estimate and decision interval: `low` (for a maximum; mirrored for a minimum) is the
        bound at this test's level in the whole gate's Holm procedure, the other bound at alpha.
    p_fail, p_fail_adjusted : float
        p-value of "the limit is kept", plain and after weighted Holm over the gate.
    p_pass : float
        p-value of "the limit is broken".
    detectable : float or None
        Smallest true value beyond the limit that this test proves with power 0.9.
    n_needed : int or None
        Relevant rows of the slice that would settle it, if it is undecided.
    """

    measurement: str
    slice: Slice
    against: str
    side: str
    label: str
    n: int
    outcome: Outcome
    value: float | None
    low: float | None
    high: float | None
    p_fail: float
    p_fail_adjusted: float
    p_pass: float
    detectable: float | None
    n_needed: int | None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the evidence says about one requirement.

    Attributes
    ----------
    requirement : str
        Its id.
    outcome : Outcome
    explanation : str
        One sentence in plain words.
    worst : str
        Measurement id of the comparison that the verdict is about: the one with the worst bound.
    also : tuple of str
        Other comparisons that fail as well. With a bad group, its complement differs too.
    value : float or None
        Estimate of the worst comparison.
    interval : Interval or None
        Decision interval of the family; touches the limit exactly when the outcome is undecided.
    plain : Interval or None
        Ordinary 95 % interval of the worst comparison.
    margin : tuple of 3 floats, or None
        Low, estimate, high as signed distance from the limit in material units; negative is breach.
    margin_unit : str
        ``material``, or ``half-width`` where the requirement names no material change.
    family_size, gate_size : int
        One-sided fail tests of this requirement, and of the whole gate.
    detectable : float or None
        The smallest defect that could have been seen in *every* tested comparison.
    tested, untested : int, tuple of Untested
        Slices that the verdict covers, and those that it does not.
    """

    requirement: str
    title: str
    outcome: Outcome
    explanation: str
    unit: Unit
    limit: float
    worst: str = ""
    also: tuple[str, ...] = ()
    value: float | None = None
    interval: Interval | None = None
    plain: Interval | None = None
    margin: tuple[float, float, float] | None = None
    margin_unit: str = "material"
    family_size: int = 0
    gate_size: int = 0
    detectable: float | None = None
    tested: int = 0
    untested: tuple[Untested, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    settle: str = ""
