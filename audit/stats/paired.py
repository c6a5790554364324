"""Evidence from pairs: the same items under two conditions."""

from __future__ import annotations

import math

import msgspec

from audit.stats.contract import Side


class Paired(msgspec.Struct, frozen=True, tag=True):
    """Of n items, b succeed only under the first condition and c only under the second.

    theta = (b - c) / n. At tau = 0 with b + c < 25 McNemar's exact test decides; elsewhere Tango's
    (1998) score test, replaced by its E p-value (Lloyd 2008) where a restricted expected
    discordant cell is below 30. Plain interval: Tango. For power the discordant share is held as
    observed, or raised where it could not carry the difference.

    Raises
    ------
    ValueError
        If b, c are negative or b + c exceeds n.
    """

    b: int
    c: int
    n: int

    def __post_init__(self) -> None:
        if min(self.b, self.c) < 0 or self.b + self.c > self.n:
            raise ValueError(f"discordant counts {self.b} and {self.c} do not fit {self.n} pairs")

    @property
    def theta(self) -> float | None:
        """Difference of the two shares of successes; None without pairs."""
        return (self.b - self.c) / self.n if self.n else None

    def _exchanged(self) -> Paired:
        return Paired(self.c, self.b, self.n)

    def p_over(self, tau: float) -> float:
        """Return the p-value of H0: theta <= tau."""
        from audit.stats import sparse

        return sparse.paired_p(self.b, self.c, self.n, tau)

    def p_under(self, tau: float) -> float:
        """Return the p-value of H0: theta >= tau."""
        return self._exchanged().p_over(-tau)

    def lower(self, alpha: float, near: float | None = None) -> float:
        """Return `p_over` inverted."""
        from audit.stats import inversion

        return inversion.bound(self.p_over, alpha, -1.0, 1.0, self.theta, near)

    def upper(self, alpha: float, near: float | None = None) -> float:
        """Return `p_under` inverted."""
        from audit.stats import inversion

        return inversion.bound(self.p_under, alpha, 1.0, -1.0, self.theta, near)

    def interval(self, level: float = 0.95) -> tuple[float, float, str]:
        """Return Tango's interval."""
        from audit.stats import intervals

        return *intervals.tango_interval(self.b, self.c, self.n, level), "Tango"

    def power(self, at: float, tau: float, alpha: float, side: Side) -> float:
        """Return the power, the discordant share held."""
        return self.power_scaled(1.0, at, tau, alpha, side)

    def power_scaled(self, factor: float, at: float, tau: float, alpha: float, side: Side) -> float:
        """Return the power when n is multiplied by `factor`."""
        from audit.stats import power

        if self.n == 0:
            return 0.0
        if side == "under":
            at, tau = -at, -tau
        n, discordant = math.ceil(self.n * factor), (self.b + self.c) / self.n
        return power.paired_power(at, tau, alpha, n, discordant)

    def detectable(self, tau: float, alpha: float, side: Side, target: float = 0.9) -> float | None:
        """Return the nearest difference with that power, the discordant share held."""
        from audit.stats import power

        if self.n == 0:
            return None
        sign = 1 if side == "over" else -1
        discordant = (self.b + self.c) / self.n
        found = power.paired_detectable(sign * tau, alpha, self.n, discordant, target)
        return None if found is None else sign * found

    def n_factor(
        self, tau: float, alpha_over: float, alpha_under: float, target: float = 0.9
    ) -> float | None:
        """Return the factor on n."""
        from audit.stats import power

        return power.n_factor(self, tau, alpha_over, alpha_under, target)

    def merge(self, other: Paired) -> Paired:
        """Return the evidence of both sets of pairs together."""
        return Paired(self.b + other.b, self.c + other.c, self.n + other.n)
