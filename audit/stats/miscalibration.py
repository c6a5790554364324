"""Evidence on a calibration error: the law of its square, and that law inverted.

Near zero the debiased squared error is a degenerate quadratic form: no studentised bootstrap gets
its law right, since the resampled bins are miscalibrated by the noise of the sample. (15 bins,
1,000 rows, 300 samples: its 95 % interval covered in 54, 65 and 79 % at true errors of 0, .033 and
.071; this one in 98, 96 and 96 %.) So its law is worked out at every error that could be the true
one. The gaps are taken to be those nearest to what was seen that have that error (the restricted
maximum likelihood estimate, as in a score test at a margin); the first three cumulants of the
estimate follow in closed form, and a Pearson type III law is laid through them. The probabilities
of a value as large as the one seen are a confidence distribution: p-values, bounds and intervals
are readings of one table, and agree.

References
----------
Farrington & Manning (1990), Statist. Med. 9, 1447-1454 (restricted estimates at a margin); Imhof
(1961), Biometrika 48, 419-426, section 4 (three moments of a quadratic form); Berger & Boos (1994),
JASA 89, 1012-1016 (limits on what is nuisance); Cowan et al. (2011),
arXiv:1105.3166 (power-constrained limits).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.stats.calibration import BINS, Binned, bins_for, error, squared_error
from audit.stats.evidence import Draws
from audit.stats.proportions import clopper_pearson

FloatArray = NDArray[np.float64]

METHOD = "inverted law of the squared error"
SMALLEST = 1e-6  # the smallest p-value of the table
FINE = 1_000_000_000  # the law is in closed form: no number of replicates bounds its p-values
IMPLAUSIBLE = 1e-3  # shares outside these limits are not thought of (Berger & Boos 1994)
USUAL = 0.02  # a limit that is commonly asked for, at which the plan promises its power
FEWEST_CLUSTERS = 10  # with fewer, tests at 5 % alarmed in up to 10 % of calibrated samples
SHAPE = (8.0, 2.0)  # Beta law of the probabilities that the plan assumes


class Cumulants(NamedTuple):
    """Mean, variance and third central moment of the debiased squared error."""

    mean: FloatArray
    variance: FloatArray
    third: FloatArray

    def above(self, value: float) -> FloatArray:
        """Return the probability of more than `value`, a tie counted half."""
        from scipy.stats import pearson3

        spread = np.sqrt(self.variance)
        safe = np.where(spread > 0, spread, 1.0)
        tail = pearson3.sf((value - self.mean) / safe, self.third / safe**3)
        return np.asarray(np.where(spread > 0, tail, 0.5 + 0.5 * np.sign(self.mean - value)))

    def quantile(self, p: FloatArray) -> FloatArray:
        """Return quantiles."""
        from scipy.stats import pearson3

        spread = np.sqrt(self.variance)
        safe = np.where(spread > 0, spread, 1.0)
        return np.asarray(self.mean + spread * pearson3.ppf(p, self.third / safe**3))


def cumulants(sums: Binned, gap: FloatArray) -> Cumulants:
    """Return the cumulants of the debiased squared error if the true gaps were `gap`.

    Parameters
    ----------
    sums : Binned
    gap : (..., bins) float array
        Stated minus true share.

    Returns
    -------
    Cumulants
        The variance has a term for the rows that happened to be stated so: the error of the rows
        seen differs from that of all rows.
    """
    w = sums.share
    inner = of_binomials(sums, gap) if sums.covariance is None else of_clusters(sums, gap)
    mean = (w * gap**2).sum(axis=-1)
    rows = ((w * gap**4).sum(axis=-1) - mean**2) / sums.n
    return Cumulants(mean, inner[0] + np.maximum(rows, 0.0), inner[1])


def of_binomials(sums: Binned, gap: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return variance and third moment where the rows of a bin are independent.

    A bin adds ``a x^2 + b x`` and a constant, x the deviation of a binomial count; the moments of x
    up to the sixth follow from its cumulants.
    """
    n, w = sums.rows, sums.share
    p = np.clip(sums.stated - gap, 0.0, 1.0)
    v, skew = p * (1 - p), 1 - 2 * p
    a = 1 / (n * np.maximum(n - 1, 1.0))
    b = -2 * (sums.stated - p) / n - skew * a
    k2, k3, k4 = n * v, n * v * skew, n * v * (1 - 6 * v)
    k5, k6 = k3 * (1 - 12 * v), n * v * (1 - 30 * v + 120 * v**2)
    m4 = k4 + 3 * k2**2
    m5 = k5 + 10 * k3 * k2
    m6 = k6 + 15 * k4 * k2 + 10 * k3**2 + 15 * k2**3
    second = a**2 * (m4 - k2**2) + b**2 * k2 + 2 * a * b * k3
    third = a**3 * (m6 - 3 * m4 * k2 + 2 * k2**3) + 3 * a**2 * b * (m5 - 2 * k3 * k2)
    third += 3 * a * b**2 * (m4 - k2**2) + b**3 * k3
    return (w**2 * second).sum(axis=-1), (w**3 * third).sum(axis=-1)


def of_clusters(sums: Binned, gap: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return variance and third moment of a quadratic form in normal gaps that hang together."""
    w, spread = sums.share, spread_of(sums)
    form = w[:, None] * spread
    pull = gap * w
    once = pull @ spread
    twice = (once * w) @ spread
    second = 2 * np.trace(form @ form) + 4 * (once * pull).sum(axis=-1)
    third = 8 * np.trace(form @ form @ form) + 24 * (twice * pull).sum(axis=-1)
    return second, third


def spread_of(sums: Binned) -> FloatArray:
    """Return the covariance of clustered gaps, widened for what it cannot know.

    Few clusters: by the square of Student's quantile over the normal one. Few errors: a bin has at
    least the variance of one independent row from each of its clusters (Agresti & Coull 1998).
    """
    from scipy.special import ndtri, stdtrit

    if sums.covariance is None or sums.trials is None:
        raise ValueError("these rows do not come in clusters")
    widening = (stdtrit(sums.clusters - 1, 0.975) / ndtri(0.975)) ** 2
    smooth = (sums.observed * sums.trials + 1) / (sums.trials + 2)
    least = smooth * (1 - smooth) / sums.trials
    own = np.diagonal(sums.covariance) * widening
    return np.asarray(sums.covariance * widening + np.diag(np.maximum(least - own, 0.0)))


def nearest(sums: Binned) -> FloatArray:
    """Return gaps of growing error, ``(errors, bins)``: for each, those nearest to what was seen.

    Nearest in squared deviations over their variances. With a multiplier k the gap of a bin is
    ``seen / (1 + k r)``, r its share of the noise: k from infinity (no error) to -1, where the
    noisiest bin takes it all. A gap of exactly 0 is moved off it by a trace, so that it can grow;
    one that has no room left, because its share would be implausible, grows on the other side.
    """
    smooth = (sums.right + 1) / (sums.rows + 2)  # Agresti & Coull (1998): never without spread
    noise = smooth * (1 - smooth) / sums.rows
    trace = 1e-3 * np.sqrt(noise)
    seen = np.maximum(np.abs(sums.gap), trace)
    weight = sums.share * noise
    shrunk, grown = np.geomspace(1e6, 1e-2, 120), np.geomspace(1.0, 1e-5, 120) - 1
    k = np.concatenate([shrunk, grown])[:, None]
    size = seen / (1 + k * weight / weight.max())
    above, below = room(sums)
    up = sums.gap > 0
    same, other = np.where(up, above, below), np.where(up, below, above)
    way = np.where(up == ((size <= same) | (same >= other)), 1.0, -1.0)
    gaps = way * np.minimum(size, np.maximum(same, other))
    return np.vstack([np.zeros(len(seen)), gaps])


def room(sums: Binned) -> tuple[FloatArray, FloatArray]:
    """Return how far the true gap of each bin may lie above and below 0: exact binomial limits."""
    trials = sums.rows if sums.trials is None else sums.trials
    low, high = clopper_pearson(sums.observed * trials, trials, 1 - IMPLAUSIBLE / len(trials))
    return np.maximum(sums.stated - low, 0.0), np.maximum(high - sums.stated, 0.0)


def evidence(sums: Binned) -> Draws | None:
    """Return the evidence on the calibration error, as a table of its confidence distribution.

    An estimate that is lower than that of an ordinary calibrated model (its median) earns no
    tighter upper bound than that: else a lucky sample would prove that there is no error at all.
    None for one row, or for fewer clusters than `FEWEST_CLUSTERS`.
    """
    if sums.n < 2 or (sums.covariance is not None and sums.clusters < FEWEST_CLUSTERS):
        return None
    gaps = nearest(sums)
    law = cumulants(sums, gaps)
    middle = cumulants(sums, gaps[0]).quantile(np.array(0.5))
    seen = max(squared_error(sums), float(middle))
    return table(error(sums), np.sqrt(law.mean), law.above(seen), sums.n)


def table(estimate: float, errors: FloatArray, over: FloatArray, n: int) -> Draws:
    """Return the p-values of "at most this error", by error, as a table of studentised quantiles.

    Parameters
    ----------
    estimate : float
    errors : (m,) float array
        Increasing from 0.
    over : (m,) float array
        P-value of each.
    """
    # where the law is not monotone, each side takes the p-value that claims less
    least = np.minimum.accumulate(over[::-1])[::-1]
    over = np.clip(0.5, least, np.maximum.accumulate(over))
    tail = np.geomspace(SMALLEST, 0.5, 48)
    free = 1 - over[0]  # beyond this probability the lower bound is 0
    probs = np.unique(np.concatenate([tail, 1 - tail]))
    probs = probs[np.abs(probs - free) > SMALLEST / 10]
    bounds = np.interp(1 - probs, over, errors)
    se = max((float(np.interp(0.84, over, errors)) - float(np.interp(0.16, over, errors))) / 2,
             float(np.finfo(float).eps))  # fmt: skip
    quantiles = (estimate - bounds) / se
    edge = estimate / se
    # a hair beyond 0, so that the p-value at a limit of 0 is not that of the end of the table
    hair = max(abs(edge), 1.0) * 1e-13
    quantiles = np.where(probs > free, edge + hair, np.minimum(quantiles, edge))
    if probs[0] < free < probs[-1]:
        at = int(np.searchsorted(probs, free))
        probs, quantiles = np.insert(probs, at, free), np.insert(quantiles, at, edge)
    return Draws(
        estimate, se, tuple(probs.tolist()), tuple(np.maximum.accumulate(quantiles).tolist()), n,
        FINE, METHOD,
    )  # fmt: skip


def promised(n: int, most: int = BINS) -> Draws | None:
    """Return what so many rows promise, from a model whose probabilities are all too high alike.

    The detectable error is that of a limit of `USUAL`: the upper half of the table is the law of
    the estimate there, the lower half that at the error which is proven nine times in ten.
    """
    if n < 2:
        return None
    sums = expected(n, most)
    tail = np.geomspace(SMALLEST, 0.5, 48)
    upper = roots(sums, USUAL, 1 - tail[::-1]) - USUAL
    critical = float(roots(sums, USUAL, np.array([0.95]))[0])
    trials = np.linspace(USUAL, 0.5, 400)
    lows = np.array([roots(sums, t, np.array([0.1]))[0] for t in trials])
    proven = float(trials[min(int(np.searchsorted(lows, critical)), len(trials) - 1)])
    lower = roots(sums, proven, tail) - proven
    probs = np.concatenate([tail, 1 - tail[::-1][1:]])
    quantiles = np.maximum.accumulate(np.concatenate([lower, upper[1:]]))
    return Draws(0.0, 1.0, tuple(probs.tolist()), tuple(quantiles.tolist()), n, FINE, METHOD)


def expected(n: int, most: int = BINS) -> Binned:
    """Return bins of a calibrated model with probabilities of the assumed law."""
    from scipy.special import betaincinv

    bins = bins_for(n, most)
    level = betaincinv(*SHAPE, (np.arange(bins * 40) + 0.5) / (bins * 40)).reshape(bins, 40)
    stated = level.mean(axis=1)
    rows = np.full(bins, n / bins)
    return Binned(rows, rows * stated, stated)


def roots(sums: Binned, size: float, probs: FloatArray) -> FloatArray:
    """Return quantiles of the estimated error where every bin is off by `size`."""
    law = cumulants(sums, np.full(len(sums.rows), size))
    return np.sqrt(np.maximum(law.quantile(probs), 0.0))
