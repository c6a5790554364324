"""Evidence that is a table of studentised quantiles: of a bootstrap, or learned elsewhere."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from itertools import pairwise

import msgspec

from audit.stats.contract import MergeError, Side


class Draws(msgspec.Struct, frozen=True, tag=True):
    """An estimate with quantiles of t* = (theta* - estimate) / se*, the bootstrap-t law.

    The law of (estimate - theta) / se is taken to be that of t*. No p-value is smaller than
    1 / (replicates + 1), or than the tail left out of the table: a level below it is never
    reached, and its bound is infinite. se = 0 is
    no evidence: both p-values are 1.

    Attributes
    ----------
    estimate, se : float
    probs, quantiles : tuple of float
        Table of the law of t*, both increasing; probabilities of the Weibull kind k / (B + 1),
        dense in the tails. Between its points the law is interpolated.
    n : int
        Observations.
    replicates : int
        Number B of valid replicates.
    method : str
        ``bootstrap-t``; or ``conformal``, where the law was learned on other cases: its scale does
        not shrink with the square root of the rows, so nothing is said of more of them.

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, section 12.5; p-value floor:
    Davison & Hinkley (1997), Bootstrap Methods, eq. 4.11.

    Raises
    ------
    ValueError
        If the table is empty, uneven or not increasing.
    """

    estimate: float
    se: float
    probs: tuple[float, ...]
    quantiles: tuple[float, ...]
    n: int
    replicates: int
    method: str = "bootstrap-t"

    def __post_init__(self) -> None:
        if not self.probs or len(self.probs) != len(self.quantiles):
            raise ValueError("a table of draws needs one quantile for each probability")
        for column in (self.probs, self.quantiles):
            if any(b < a for a, b in pairwise(column)):
                raise ValueError("probabilities and quantiles of draws must increase")

    @property
    def theta(self) -> float | None:
        """The estimate."""
        return self.estimate

    @property
    def _reach(self) -> tuple[float, float]:
        """Return the smallest and largest probability that the table can vouch for."""
        floor = 1 / (self.replicates + 1)
        return max(floor, self.probs[0]), min(1 - floor, self.probs[-1])

    def _below(self, t: float) -> float:
        """Return P(t* <= t), within reach."""
        low, high = self._reach
        i = bisect_right(self.quantiles, t)
        if i == 0 or i == len(self.quantiles):
            return low if i == 0 else high
        a, b = self.quantiles[i - 1], self.quantiles[i]
        share = (t - a) / (b - a)
        value = self.probs[i - 1] + share * (self.probs[i] - self.probs[i - 1])
        return min(max(value, low), high)

    def _quantile(self, p: float) -> float:
        """Return t with P(t* <= t) = p; infinite out of reach."""
        low, high = self._reach
        if not low <= p <= high + 1e-15:
            return -math.inf if p < 0.5 else math.inf
        i = bisect_left(self.probs, p)
        if i == 0 or i == len(self.probs):
            return self.quantiles[min(i, len(self.probs) - 1)]
        a, b = self.probs[i - 1], self.probs[i]
        step = self.quantiles[i] - self.quantiles[i - 1]
        return self.quantiles[i - 1] + (p - a) / (b - a) * step

    def p_over(self, tau: float) -> float:
        """Return the p-value of H0: theta <= tau."""
        return 1 - self._below((self.estimate - tau) / self.se) if self.se else 1.0

    def p_under(self, tau: float) -> float:
        """Return the p-value of H0: theta >= tau."""
        return self._below((self.estimate - tau) / self.se) if self.se else 1.0

    def _bound(self, alpha: float, upward: bool) -> float:
        if self.se == 0:
            return -math.inf if upward else math.inf
        return self.estimate - self.se * self._quantile(1 - alpha if upward else alpha)

    def lower(self, alpha: float, near: float | None = None) -> float:
        """Return the lower bootstrap-t bound; minus infinity at a level out of reach."""
        from audit.stats import inversion

        rejected = near is not None and self.p_over(near) <= alpha
        return inversion.settle(self._bound(alpha, True), near, rejected, True)

    def upper(self, alpha: float, near: float | None = None) -> float:
        """Return the upper bootstrap-t bound; infinite at a level out of reach."""
        from audit.stats import inversion

        rejected = near is not None and self.p_under(near) <= alpha
        return inversion.settle(self._bound(alpha, False), near, rejected, False)

    def interval(self, level: float = 0.95) -> tuple[float, float, str]:
        """Return the two-sided interval."""
        tail = (1 - level) / 2
        return self._bound(tail, True), self._bound(tail, False), self.method

    def power(self, at: float, tau: float, alpha: float, side: Side) -> float:
        """Return the power when the law of t* is moved by (at - tau) / se."""
        critical = self._quantile(1 - alpha if side == "over" else alpha)
        if self.se == 0 or math.isinf(critical):
            return 0.0
        below = self._below(critical - (at - tau) / self.se)
        return 1 - below if side == "over" else below

    def _shift_needed(self, alpha: float, side: Side, target: float) -> float | None:
        if self.se == 0:
            return None
        if side == "over":
            return self._quantile(1 - alpha) - self._quantile(1 - target)
        return self._quantile(target) - self._quantile(alpha)

    def detectable(self, tau: float, alpha: float, side: Side, target: float = 0.9) -> float | None:
        """Return the nearest theta with that power."""
        shift = self._shift_needed(alpha, side, target)
        if shift is None or not math.isfinite(shift):
            return None
        return tau + shift * self.se if side == "over" else tau - shift * self.se

    def n_factor(
        self, tau: float, alpha_over: float, alpha_under: float, target: float = 0.9
    ) -> float | None:
        """Return the factor on n; the law of t* is taken to stay as it is."""
        if self.method == "conformal":
            return None
        side: Side = "over" if self.estimate > tau else "under"
        shift = self._shift_needed(alpha_over if side == "over" else alpha_under, side, target)
        if shift is None or not math.isfinite(shift) or self.estimate == tau:
            return None
        return (shift * self.se / (self.estimate - tau)) ** 2

    def merge(self, other: Draws) -> Draws:  # noqa: ARG002 - the contract of all evidence
        """Refuse: two bootstrap laws do not give that of the union.

        Raises
        ------
        MergeError
            Always.
        """
        raise MergeError("draws do not merge: merge the counts and draw again")
