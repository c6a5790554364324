"""Evidence on the training size at which a falling curve reaches a level."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from functools import lru_cache
from itertools import pairwise, takewhile

import msgspec

from audit.stats.contract import MergeError, Side

Table = tuple[float, ...]
HALVINGS = 60  # of a bracket, when a bound is looked for between two sizes
# Probabilities at which a law is tabled: dense in the tails, down to about 1 / 6000.
PROBS: Table = (
    0.00015, 0.0003, 0.0006, 0.001, 0.002, 0.0035, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.025, 0.035,
    0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.965, 0.975,
    0.98, 0.985, 0.99, 0.9925, 0.995, 0.9965, 0.998, 0.999, 0.9994, 0.9997, 0.99985,
)  # fmt: skip


class Crossing(msgspec.Struct, frozen=True, tag=True):
    """The size at which a falling curve reaches a level, minus an offset.

    The law of (estimated gap - gap) / scale is tabled. "The curve is above the level at a size"
    and "the level is reached later" say the same of a falling curve.

    That it is reached earlier (`p_under`) is tested from the largest size down, until one is not
    rejected: the hypotheses are nested, so each is tested at the full level. The largest p-value on
    the way counts. That it is reached later (`p_over`) is tested at the size itself, and at all
    later ones from `since` on, whose gaps come from one fit and err together: the smallest p-value
    counts. Gaps that err apart are not pooled so, or many looks would find something by luck.

    Outside the sizes there is no basis but that the curve falls. No p-value is smaller than the
    tail that a table leaves out.

    Attributes
    ----------
    sizes : (k,) tuple of float
        Training sizes, ascending; in between, everything is linear in their logarithm.
    gaps : (k,) tuple of float
        Estimate of the curve minus the level.
    scales : (k,) tuple of float
        What their errors are measured in.
    probs : (q,) tuple of float
        Ascending probabilities of the tables.
    quantiles : tuple of (q,) tuples of float
        One table for each size, or a single one for all.
    offset : float
        The parameter is the crossing minus this.
    n : int
        Observations behind each gap.
    since : int
        Index of the first size whose gap errs together with all later ones.

    References
    ----------
    Maurer, Hothorn & Lehmacher (1995), Biometrie in der chemisch-pharmazeutischen Industrie 6,
    3-18 (tests in an order that is fixed beforehand).
    """

    sizes: Table
    gaps: Table
    scales: Table
    probs: Table
    quantiles: tuple[Table, ...]
    offset: float = 0.0
    n: int = 0
    since: int = 0

    def __post_init__(self) -> None:
        if not len(self.sizes) == len(self.gaps) == len(self.scales) >= 2:
            raise ValueError("a crossing needs a gap and a scale for each of at least two sizes")
        if any(b <= a for a, b in pairwise(self.sizes)) or self.sizes[0] <= 0:
            raise ValueError("the sizes of a crossing must increase from above 0")
        if len(self.quantiles) not in (1, len(self.sizes)):
            raise ValueError("a crossing needs one table, or one for each size")
        if any(len(table) != len(self.probs) for table in self.quantiles):
            raise ValueError("a table of a crossing needs one quantile for each probability")

    @property
    def theta(self) -> float | None:
        """The size from which on the estimate lies at or below the level, minus the offset."""
        above = [k for k, gap in enumerate(self.gaps) if gap > 0]
        if not above:
            return self.sizes[0] - self.offset
        last = above[-1]
        if last == len(self.gaps) - 1:
            return None
        high, low = self.gaps[last], self.gaps[last + 1]
        return self._between(last, high / (high - low)) - self.offset

    def _between(self, k: int, share: float) -> float:
        """Return the size a share of the way from size ``k`` to the next, in logarithms."""
        return float(self.sizes[k] * (self.sizes[k + 1] / self.sizes[k]) ** share)

    def _read(self, size: float) -> tuple[float, float, Table]:
        """Return gap, scale and table at a size within the sizes."""
        k = min(max(bisect_right(self.sizes, size) - 1, 0), len(self.sizes) - 2)
        share = math.log(size / self.sizes[k]) / math.log(self.sizes[k + 1] / self.sizes[k])
        share = min(max(share, 0.0), 1.0)

        def mixed(a: float, b: float) -> float:
            return a + share * (b - a)

        table = self.quantiles[0]
        if len(self.quantiles) > 1:
            ends = self.quantiles[k], self.quantiles[k + 1]
            table = tuple(mixed(a, b) for a, b in zip(*ends, strict=True))
        return (
            mixed(self.gaps[k], self.gaps[k + 1]),
            mixed(self.scales[k], self.scales[k + 1]),
            table,
        )

    def _p(self, size: float, over: bool) -> float:
        """Return the p-value of "at this size the curve is not above (below) the level"."""
        gap, scale, table = self._read(size)
        if not scale > 0:
            return 1.0
        below = below_of(gap / scale, self.probs, table)
        return 1 - below if over else below

    def p_over(self, tau: float) -> float:
        """Return the p-value of H0: the level is reached at tau or before."""
        size = tau + self.offset
        if size > self.sizes[-1]:
            return 1.0
        later = [self._p(s, True) for s in self.sizes[self.since :] if s > size]
        own = [self._p(size, True)] if size >= self.sizes[0] else []
        return min(later + own)

    def p_under(self, tau: float) -> float:
        """Return the p-value of H0: the level is reached at tau or later."""
        size = tau + self.offset
        if size < self.sizes[0]:
            return 1.0
        on_the_way = [self._p(s, False) for s in self.sizes if s > size]
        return max([self._p(min(size, self.sizes[-1]), False), *on_the_way])

    def lower(self, alpha: float, near: float | None = None) -> float:
        """Return the largest size before which the level is provably not reached; 0 rows if none.

        The offset is taken off.
        """
        from audit.stats import inversion

        shown = self._joint(alpha) or self._run(range(self.since), alpha, True)
        bound = -self.offset
        if shown:
            bound = self._edge(shown[-1], 1, alpha) - self.offset
        rejected = near is not None and self.p_over(near) <= alpha
        return inversion.settle(bound, near, rejected, True)

    def upper(self, alpha: float, near: float | None = None) -> float:
        """Return the smallest size by which the level is provably reached; infinite if none is.

        The offset is taken off.
        """
        from audit.stats import inversion

        shown = self._run(range(len(self.sizes) - 1, -1, -1), alpha, False)
        bound = math.inf
        if shown:
            bound = self._edge(shown[-1], -1, alpha) - self.offset
        rejected = near is not None and self.p_under(near) <= alpha
        return inversion.settle(bound, near, rejected, False)

    def _joint(self, alpha: float) -> list[int]:
        """Return the sizes that err together at which the curve is provably above the level."""
        places = range(self.since, len(self.sizes))
        return [k for k in places if self._p(self.sizes[k], True) <= alpha]

    def _run(self, places: range, alpha: float, over: bool) -> list[int]:
        """Return the places in their order up to the first with p > alpha: a fixed sequence."""
        return list(takewhile(lambda k: self._p(self.sizes[k], over) <= alpha, places))

    def _edge(self, k: int, step: int, alpha: float) -> float:
        """Return the last size, from size ``k`` towards its neighbour, at which p <= alpha."""
        inside = math.log(self.sizes[k])
        if not 0 <= k + step < len(self.sizes):
            return self.sizes[k]
        outside = math.log(self.sizes[k + step])
        for _ in range(HALVINGS):
            middle = (inside + outside) / 2
            if self._p(math.exp(middle), step > 0) <= alpha:
                inside = middle
            else:
                outside = middle
        return math.exp(inside)

    def interval(self, level: float = 0.95) -> tuple[float, float, str]:
        """Return the interval that inverts both tests."""
        tail = (1 - level) / 2
        return self.lower(tail), self.upper(tail), "inverted along the curve"

    def power(self, at: float, tau: float, alpha: float, side: Side) -> float:
        """Return the power at tau where the curve is moved so that it crosses at `at`."""
        size, truth = tau + self.offset, at + self.offset
        first, last = self.sizes[0], self.sizes[-1]
        if not (first <= size <= last and first <= truth <= last):
            return 0.0
        gap, scale, table = self._read(size)
        if not scale > 0:
            return 0.0
        moved = (gap - self._read(truth)[0]) / scale
        if side == "over":
            return 1 - below_of(
                quantile_of(1 - alpha, self.probs, table) - moved, self.probs, table
            )
        return below_of(quantile_of(alpha, self.probs, table) - moved, self.probs, table)

    def detectable(self, tau: float, alpha: float, side: Side, target: float = 0.9) -> float | None:
        """Return the crossing nearest to tau, on the curve as it is shaped, with that power."""
        size = tau + self.offset
        if not self.sizes[0] <= size <= self.sizes[-1]:
            return None
        over = side == "over"
        places = [s for s in self.sizes if (s > size if over else s < size)]
        places = places if over else places[::-1]
        before = size
        for place in places:
            if self.power(place - self.offset, tau, alpha, side) >= target:
                return self._nearest(before, place, tau, alpha, side, target) - self.offset
            before = place
        return None

    def _nearest(
        self, weak: float, strong: float, tau: float, alpha: float, side: Side, target: float
    ) -> float:
        """Return the first size from `weak` to `strong` with the power."""
        for _ in range(HALVINGS):
            middle = math.sqrt(weak * strong)
            if self.power(middle - self.offset, tau, alpha, side) >= target:
                strong = middle
            else:
                weak = middle
        return strong

    def n_factor(
        self,
        tau: float,  # noqa: ARG002 - the contract of all evidence
        alpha_over: float,  # noqa: ARG002
        alpha_under: float,  # noqa: ARG002
        target: float = 0.9,  # noqa: ARG002
    ) -> float | None:
        """Return None: how the error of a curve falls with more test rows is not known."""
        return None

    def merge(self, other: Crossing) -> Crossing:  # noqa: ARG002 - the contract of all evidence
        """Refuse: two crossings are not the crossing of both curves together.

        Raises
        ------
        MergeError
            Always.
        """
        raise MergeError("crossings do not merge: merge the trainings and measure again")


def below_of(t: float, probs: Table, table: Table) -> float:
    """Return P(T <= t), no further out than the table reaches."""
    i = bisect_right(table, t)
    if i == 0 or i == len(table):
        return probs[0] if i == 0 else probs[-1]
    a, b = table[i - 1], table[i]
    return probs[i - 1] + (t - a) / (b - a) * (probs[i] - probs[i - 1])


def quantile_of(p: float, probs: Table, table: Table) -> float:
    """Return t with P(T <= t) = p; infinite beyond the table."""
    if not probs[0] <= p <= probs[-1]:
        return -math.inf if p < 0.5 else math.inf
    i = bisect_left(probs, p)
    if i == 0:
        return table[0]
    a, b = probs[i - 1], probs[i]
    return table[i - 1] + (p - a) / (b - a) * (table[i] - table[i - 1])


@lru_cache(maxsize=256)
def t_table(df: float) -> tuple[Table, Table]:
    """Return the probabilities, and Student's t at them; the normal law where df is infinite."""
    from scipy.special import ndtri, stdtrit

    law = ndtri(PROBS) if math.isinf(df) else stdtrit(df, PROBS)
    return PROBS, tuple(float(q) for q in law)
