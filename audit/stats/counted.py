"""Evidence that is a handful of counts of independent trials: one proportion, or two."""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from audit.stats.contract import MergeError, Side


def _check(k: int, n: int) -> None:
    if not 0 <= k <= n:
        raise ValueError(f"a count must lie between 0 and its size: {k} of {n}")


class OneProportion(msgspec.Struct, frozen=True, tag=True):
    """k successes in n independent trials; theta is the rate.

    Tests are exact binomial, bounds therefore Clopper & Pearson (1934); the plain interval is
    Wilson's.

    Raises
    ------
    ValueError
        If not 0 <= k <= n.
    """

    k: int
    n: int

    def __post_init__(self) -> None:
        _check(self.k, self.n)

    @property
    def theta(self) -> float | None:
        """Share of successes; None without trials."""
        return self.k / self.n if self.n else None

    def p_over(self, tau: float) -> float:
        """Return P(K >= k) at rate tau."""
        from audit.stats import binomial

        if tau < 0 or tau >= 1 or self.n == 0:
            return 0.0 if tau < 0 and self.n else 1.0
        return float(binomial.at_least(self.k, self.n, tau))

    def p_under(self, tau: float) -> float:
        """Return P(K <= k) at rate tau."""
        from audit.stats import binomial

        if tau <= 0 or tau > 1 or self.n == 0:
            return 0.0 if tau > 1 and self.n else 1.0
        return float(binomial.at_most(self.k, self.n, tau))

    def lower(self, alpha: float, near: float | None = None) -> float:
        """Return the exact lower bound."""
        from audit.stats import inversion, proportions

        found = float(proportions.clopper_pearson_lower(self.k, self.n, alpha))
        rejected = near is not None and self.p_over(near) <= alpha
        return inversion.settle(found, near, rejected, True)

    def upper(self, alpha: float, near: float | None = None) -> float:
        """Return the exact upper bound."""
        from audit.stats import inversion, proportions

        found = float(proportions.clopper_pearson_upper(self.k, self.n, alpha))
        rejected = near is not None and self.p_under(near) <= alpha
        return inversion.settle(found, near, rejected, False)

    def interval(self, level: float = 0.95) -> tuple[float, float, str]:
        """Return Wilson's interval."""
        from audit.stats import proportions

        if self.n == 0:
            return 0.0, 1.0, "Wilson"
        low, high = proportions.wilson(self.k, self.n, level)
        return float(low), float(high), "Wilson"

    def power(self, at: float, tau: float, alpha: float, side: Side) -> float:
        """Return the exact power."""
        from audit.stats import power

        if side == "under":
            return power.one_proportion_power(1 - at, 1 - tau, alpha, self.n)
        return power.one_proportion_power(at, tau, alpha, self.n)

    def detectable(self, tau: float, alpha: float, side: Side, target: float = 0.9) -> float | None:
        """Return the nearest rate with that power."""
        from audit.stats import power

        if side == "over":
            return power.one_proportion_detectable(tau, alpha, self.n, target)
        found = power.one_proportion_detectable(1 - tau, alpha, self.n, target)
        return None if found is None else 1 - found

    def n_factor(
        self, tau: float, alpha_over: float, alpha_under: float, target: float = 0.9
    ) -> float | None:
        """Return the factor on n."""
        from audit.stats import power

        return power.n_factor(self, tau, alpha_over, alpha_under, target)

    def power_scaled(self, factor: float, at: float, tau: float, alpha: float, side: Side) -> float:
        """Return the power when n is multiplied by `factor`."""
        return OneProportion(0, math.ceil(self.n * factor)).power(at, tau, alpha, side)

    def merge(self, other: OneProportion) -> OneProportion:
        """Return the evidence of both samples together."""
        return OneProportion(self.k + other.k, self.n + other.n)


class TwoProportions(msgspec.Struct, frozen=True, tag=True):
    """k1 of n1 against k2 of n2, independent; theta = p1 - p2 or p1 / p2.

    Tests are score tests at the margin (Farrington & Manning 1990; Miettinen & Nurminen 1985;
    Koopman 1984), replaced by the E p-value (Lloyd 2008) where a restricted expected cell is
    below 30. Plain interval: Newcombe (difference), Miettinen-Nurminen score (ratio).

    Attributes
    ----------
    k1, n1, k2, n2 : int
    scale : {'difference', 'ratio'}
    focus : {1, 2}
        The arm whose rate moves when power is computed; the other one's is held as observed.

    Raises
    ------
    ValueError
        If a count does not lie between 0 and its size.
    """

    k1: int
    n1: int
    k2: int
    n2: int
    scale: Literal["difference", "ratio"] = "difference"
    focus: Literal[1, 2] = 1

    def __post_init__(self) -> None:
        _check(self.k1, self.n1)
        _check(self.k2, self.n2)

    @property
    def n(self) -> int:
        """Size of both samples together."""
        return self.n1 + self.n2

    @property
    def theta(self) -> float | None:
        """Difference or ratio of the shares; None with an empty sample or over a share of 0."""
        if self.n1 == 0 or self.n2 == 0 or (self.scale == "ratio" and self.k2 == 0):
            return None
        p1, p2 = self.k1 / self.n1, self.k2 / self.n2
        return p1 - p2 if self.scale == "difference" else p1 / p2

    def _exchanged(self) -> TwoProportions:
        focus: Literal[1, 2] = 2 if self.focus == 1 else 1
        return TwoProportions(self.k2, self.n2, self.k1, self.n1, self.scale, focus)

    def _mirror(self, tau: float) -> float:
        if self.scale == "difference":
            return -tau
        return 1 / tau if tau > 0 else math.inf

    def p_over(self, tau: float) -> float:
        """Return the p-value of H0: theta <= tau."""
        from audit.stats import sparse

        return sparse.two_proportions_p(self.k1, self.n1, self.k2, self.n2, tau, self.scale)

    def p_under(self, tau: float) -> float:
        """Return the p-value of H0: theta >= tau: the samples exchanged."""
        if self.scale == "ratio" and tau < 0:
            return 1.0
        return self._exchanged().p_over(self._mirror(tau))

    def _limits(self) -> tuple[float, float]:
        return (-1.0, 1.0) if self.scale == "difference" else (0.0, math.inf)

    def lower(self, alpha: float, near: float | None = None) -> float:
        """Return `p_over` inverted."""
        from audit.stats import inversion

        low, high = self._limits()
        return inversion.bound(self.p_over, alpha, low, high, self.theta, near)

    def upper(self, alpha: float, near: float | None = None) -> float:
        """Return `p_under` inverted."""
        from audit.stats import inversion

        low, high = self._limits()
        return inversion.bound(self.p_under, alpha, high, low, self.theta, near)

    def interval(self, level: float = 0.95) -> tuple[float, float, str]:
        """Return Newcombe's interval of a difference, the score interval of a ratio."""
        from audit.stats import intervals, proportions

        if self.scale == "ratio":
            low, high = intervals.ratio_interval(self.k1, self.n1, self.k2, self.n2, level)
            return low, high, "Miettinen-Nurminen"
        bounds = proportions.newcombe(self.k1, self.n1, self.k2, self.n2, level)
        return float(bounds[0]), float(bounds[1]), "Newcombe"

    def _held(self) -> float:
        return self.k2 / self.n2 if self.focus == 1 else self.k1 / self.n1

    def power(self, at: float, tau: float, alpha: float, side: Side) -> float:
        """Return the power, the other arm's rate held."""
        return self.power_scaled(1.0, at, tau, alpha, side)

    def power_scaled(self, factor: float, at: float, tau: float, alpha: float, side: Side) -> float:
        """Return the power when n1 and n2 are multiplied by `factor`."""
        from audit.stats import power

        if self.n1 == 0 or self.n2 == 0:
            return 0.0
        if side == "under":
            at, tau = self._mirror(at), self._mirror(tau)
            return self._exchanged().power_scaled(factor, at, tau, alpha, "over")
        n1, n2 = math.ceil(self.n1 * factor), math.ceil(self.n2 * factor)
        design = n1, n2, self._held(), self.focus, self.scale
        return power.two_proportions_power(at, tau, alpha, *design)

    def detectable(self, tau: float, alpha: float, side: Side, target: float = 0.9) -> float | None:
        """Return the nearest theta with that power, the other arm's rate held."""
        from audit.stats import power

        if self.n1 == 0 or self.n2 == 0:
            return None
        if side == "under":
            found = self._exchanged().detectable(self._mirror(tau), alpha, "over", target)
            return None if found is None else self._mirror(found)
        design = self.n1, self.n2, self._held(), self.focus, self.scale
        return power.two_proportions_detectable(tau, alpha, *design, target)

    def n_factor(
        self, tau: float, alpha_over: float, alpha_under: float, target: float = 0.9
    ) -> float | None:
        """Return the factor on n1 and n2."""
        from audit.stats import power

        return power.n_factor(self, tau, alpha_over, alpha_under, target)

    def merge(self, other: TwoProportions) -> TwoProportions:
        """Return the evidence of both pairs of samples together.

        Raises
        ------
        MergeError
            If scale or focus differ.
        """
        if (self.scale, self.focus) != (other.scale, other.focus):
            raise MergeError("two comparisons merge only on the same scale and focus")
        counts = (
            self.k1 + other.k1,
            self.n1 + other.n1,
            self.k2 + other.k2,
            self.n2 + other.n2,
        )
        return TwoProportions(*counts, self.scale, self.focus)
