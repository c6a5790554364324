"""Evidence about the ratio of two estimated means."""

from __future__ import annotations

import math

import msgspec

from audit.stats.contract import MergeError, Side


class MeanRatio(msgspec.Struct, frozen=True, tag=True):
    """Two estimated means; theta = mean1 / mean2, tested as Fieller's mean1 - tau * mean2.

    Attributes
    ----------
    mean1, mean2 : float
        mean2 must be positive for the tests to mean anything; else there is no evidence.
    var1, var2, cov : float
        Variances and covariance of the two means (not of the rows).
    df : float or None
        Degrees of freedom; None for the normal law.
    n : int

    References
    ----------
    Fieller (1954), J. R. Stat. Soc. B 16, 175-185.

    Raises
    ------
    ValueError
        If a variance is negative or df is not positive.
    """

    mean1: float
    mean2: float
    var1: float
    var2: float
    cov: float = 0.0
    df: float | None = None
    n: int = 0

    def __post_init__(self) -> None:
        if min(self.var1, self.var2) < 0 or (self.df is not None and not self.df > 0):
            raise ValueError("variances must not be negative, degrees of freedom positive")

    @property
    def theta(self) -> float | None:
        """Ratio of the means; None unless the denominator is positive."""
        return self.mean1 / self.mean2 if self.mean2 > 0 else None

    def _spread(self, tau: float) -> float:
        """Return the standard deviation of mean1 - tau * mean2."""
        return math.sqrt(max(self.var1 - 2 * tau * self.cov + tau * tau * self.var2, 0.0))

    def _p(self, tau: float, sign: int) -> float:
        from audit.stats import student

        if self.mean2 <= 0 or math.isinf(tau) or self._spread(tau) == 0:
            return 1.0
        t = (self.mean1 - tau * self.mean2) / self._spread(tau)
        return student.at_least(sign * t, self.df)

    def p_over(self, tau: float) -> float:
        """Return the p-value of H0: theta <= tau; 1 where no spread was seen."""
        return self._p(tau, 1)

    def p_under(self, tau: float) -> float:
        """Return the p-value of H0: theta >= tau; 1 where no spread was seen."""
        return self._p(tau, -1)

    def _roots(self, alpha: float) -> tuple[float, float]:
        """Return Fieller's limits, infinite where the denominator is not told from 0."""
        from audit.stats import student

        t2 = student.quantile(alpha, self.df) ** 2
        a = self.mean2**2 - t2 * self.var2
        if self.mean2 <= 0 or a <= 0 or self.var1 + self.var2 == 0:
            return -math.inf, math.inf
        b = self.mean1 * self.mean2 - t2 * self.cov
        c = self.mean1**2 - t2 * self.var1
        root = math.sqrt(max(b * b - a * c, 0.0))
        return (b - root) / a, (b + root) / a

    def _bound(self, alpha: float, near: float | None, upward: bool) -> float:
        from audit.stats import inversion

        p = self.p_over if upward else self.p_under
        found = self._roots(alpha)[0 if upward else 1]
        rejected = near is not None and p(near) <= alpha
        if near is not None and rejected and math.isinf(found) and self.theta is not None:
            # the accepted set is unbounded, but not on this side of the margin
            found = inversion.bound(p, alpha, near, self.theta, self.theta)
        return inversion.settle(found, near, rejected, upward)

    def lower(self, alpha: float, near: float | None = None) -> float:
        """Return Fieller's lower bound; minus infinity if it has none."""
        return self._bound(alpha, near, True)

    def upper(self, alpha: float, near: float | None = None) -> float:
        """Return Fieller's upper bound; infinite if it has none."""
        return self._bound(alpha, near, False)

    def interval(self, level: float = 0.95) -> tuple[float, float, str]:
        """Return Fieller's interval."""
        return *self._roots((1 - level) / 2), "Fieller"

    def power(self, at: float, tau: float, alpha: float, side: Side) -> float:
        """Return the power by the non-central t law, mean2 and the spread held."""
        from audit.stats import student

        if self.mean2 <= 0 or self._spread(tau) == 0:
            return 0.0
        shift = (at - tau) * self.mean2 / self._spread(tau)
        return student.power(shift if side == "over" else -shift, alpha, self.df)

    def detectable(self, tau: float, alpha: float, side: Side, target: float = 0.9) -> float | None:
        """Return the nearest ratio with that power."""
        from audit.stats import student

        if self.mean2 <= 0 or self._spread(tau) == 0:
            return None
        reach = student.shift_needed(alpha, self.df, target) * self._spread(tau) / self.mean2
        return tau + reach if side == "over" else tau - reach

    def n_factor(
        self, tau: float, alpha_over: float, alpha_under: float, target: float = 0.9
    ) -> float | None:
        """Return the factor on n; the degrees of freedom grow with it."""
        from audit.stats import student

        theta = self.theta
        if theta is None or theta == tau or self._spread(tau) == 0:
            return None
        shift = abs(theta - tau) * self.mean2 / self._spread(tau)
        alpha = alpha_over if theta > tau else alpha_under
        return student.n_factor(shift, alpha, self.df, target)

    def merge(self, other: MeanRatio) -> MeanRatio:  # noqa: ARG002 - the contract of all evidence
        """Refuse: variances of means do not say how the rows were clustered.

        Raises
        ------
        MergeError
            Always.
        """
        raise MergeError("a ratio of means keeps no sums: merge the rows and measure again")
