"""Evidence that is an estimate with its standard error."""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from audit.stats.contract import MergeError, Side


class Mean(msgspec.Struct, frozen=True, tag=True):
    """An estimate whose error is normal, or t with df, on `scale`.

    On the logit and log scales the standard error is carried over by the delta method. A standard
    error of 0 (or an estimate on the limit of its scale) is no evidence: a sample without
    variation does not know its own error. Both p-values are then 1 and the bounds are the limits
    of the scale.

    Attributes
    ----------
    estimate, se : float
        On the natural scale.
    df : float or None
        Degrees of freedom; None for the normal law.
    scale : {'identity', 'logit', 'log'}
        Where the error is taken as symmetric.
    n : int
        Observations behind the estimate.

    Raises
    ------
    ValueError
        If se is negative or df is not positive.
    """

    estimate: float
    se: float
    df: float | None = None
    scale: Literal["identity", "logit", "log"] = "identity"
    n: int = 0

    def __post_init__(self) -> None:
        if not self.se >= 0 or (self.df is not None and not self.df > 0):
            raise ValueError(f"a standard error of {self.se} with df {self.df} is impossible")

    @property
    def theta(self) -> float | None:
        """The estimate."""
        return self.estimate

    def _range(self) -> tuple[float, float]:
        low = -math.inf if self.scale == "identity" else 0.0
        return low, 1.0 if self.scale == "logit" else math.inf

    def _forward(self, x: float) -> float:
        low, high = self._range()
        if self.scale == "identity":
            return x
        if x <= low or x >= high:
            return -math.inf if x <= low else math.inf
        return math.log(x) if self.scale == "log" else math.log(x) - math.log1p(-x)

    def _backward(self, y: float) -> float:
        if self.scale == "identity":
            return y
        if self.scale == "log":
            return math.exp(min(y, 700.0))
        return 1 / (1 + math.exp(-y)) if y > -700 else 0.0

    def _scaled_se(self) -> float | None:
        """Return the standard error on the scale; None where there is no evidence."""
        low, high = self._range()
        if self.se == 0 or not low < self.estimate < high:
            return None
        if self.scale == "identity":
            return self.se
        slope = self.estimate if self.scale == "log" else self.estimate * (1 - self.estimate)
        return self.se / slope

    def _p(self, tau: float, sign: int) -> float:
        from audit.stats import student

        se = self._scaled_se()
        if se is None:
            return 1.0
        return student.at_least(
            sign * (self._forward(self.estimate) - self._forward(tau)) / se, self.df
        )

    def p_over(self, tau: float) -> float:
        """Return the p-value of H0: theta <= tau."""
        return self._p(tau, 1)

    def p_under(self, tau: float) -> float:
        """Return the p-value of H0: theta >= tau."""
        return self._p(tau, -1)

    def _bound(self, alpha: float, sign: int) -> float:
        from audit.stats import student

        se = self._scaled_se()
        if se is None:
            return self._range()[0 if sign > 0 else 1]
        return self._backward(
            self._forward(self.estimate) + sign * student.quantile(alpha, self.df) * se
        )

    def lower(self, alpha: float, near: float | None = None) -> float:
        """Return the lower t bound."""
        from audit.stats import inversion

        rejected = near is not None and self.p_over(near) <= alpha
        return inversion.settle(self._bound(alpha, 1), near, rejected, True)

    def upper(self, alpha: float, near: float | None = None) -> float:
        """Return the upper t bound."""
        from audit.stats import inversion

        rejected = near is not None and self.p_under(near) <= alpha
        return inversion.settle(self._bound(alpha, -1), near, rejected, False)

    def interval(self, level: float = 0.95) -> tuple[float, float, str]:
        """Return the two-sided t interval."""
        tail = (1 - level) / 2
        law = "normal" if self.df is None else "t"
        method = law if self.scale == "identity" else f"{law}, {self.scale} scale"
        return self._bound(tail, 1), self._bound(tail, -1), method

    def power(self, at: float, tau: float, alpha: float, side: Side) -> float:
        """Return the power by the non-central t law, the error on the scale held."""
        from audit.stats import student

        se = self._scaled_se()
        if se is None:
            return 0.0
        sign = 1 if side == "over" else -1
        shift = sign * (self._forward(at) - self._forward(tau)) / se
        if not math.isfinite(shift):
            return float(shift > 0)
        return student.power(shift, alpha, self.df)

    def detectable(self, tau: float, alpha: float, side: Side, target: float = 0.9) -> float | None:
        """Return the nearest theta with that power."""
        from audit.stats import student

        se, start = self._scaled_se(), self._forward(tau)
        if se is None or not math.isfinite(start):
            return None
        shift = student.shift_needed(alpha, self.df, target) * se
        return self._backward(start + (shift if side == "over" else -shift))

    def n_factor(
        self, tau: float, alpha_over: float, alpha_under: float, target: float = 0.9
    ) -> float | None:
        """Return the factor on n; the degrees of freedom grow with it."""
        from audit.stats import student

        se = self._scaled_se()
        if se is None or self.estimate == tau:
            return None
        shift = abs(self._forward(self.estimate) - self._forward(tau)) / se
        return student.n_factor(
            shift, alpha_over if self.estimate > tau else alpha_under, self.df, target
        )

    def merge(self, other: Mean) -> Mean:
        """Return the mean of both samples, exactly as from the rows together.

        Raises
        ------
        MergeError
            Unless both are plain means of independent rows: identity scale and df = n - 1.
        """
        for part in (self, other):
            if part.scale != "identity" or part.df != part.n - 1:
                raise MergeError("only plain means of independent rows (df = n - 1) can merge")
        n = self.n + other.n
        mean = (self.n * self.estimate + other.n * other.estimate) / n
        between = self.n * other.n / n * (self.estimate - other.estimate) ** 2
        within = sum(part.se**2 * part.n * (part.n - 1) for part in (self, other))
        return Mean(mean, math.sqrt((within + between) / (n - 1) / n), n - 1.0, "identity", n)
