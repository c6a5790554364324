"""Learning curves whose truth is known, measured with the noise of real audits.

Used to learn the interval of an extrapolation, and, with other ranges, to try it.

The noise has four parts. Test rows are shared by all trainings, so their luck is common to the
whole curve; a part of it differs by seed. Training subsets are lucky too: two seeds share as many
of their rows as the subset is a share of the pool, so that at the full size all seeds have the same
luck, which no spread between seeds can show.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import stdtr

from audit.stats.crossed import Crossed
from audit.stats.curves import APART, FEWEST, MOST, MeasuredCurve, pairs_of
from audit.stats.laws import mmf, power, weibull

SMOOTH, ROUGH = 0.97, 2**-0.25  # correlation of neighbouring anchors: test rows, nested trainings


@dataclass(frozen=True)
class Ranges:
    """Where parameters are drawn from, uniformly; those named log, uniformly in the logarithm."""

    asymptote: tuple[float, float] = (0.0, 0.4)
    drop_log: tuple[float, float] = (0.01, 0.45)
    exponent: tuple[float, float] = (0.1, 1.6)
    shift_log: tuple[float, float] = (0.002, 1.0)
    # past the turn of their S: what has hardly begun to fall cannot be told from what never will
    mmf_log: tuple[float, float] = (0.003, 0.5)
    weibull_log: tuple[float, float] = (0.5, 8.0)
    test_log: tuple[float, float] = (300.0, 20_000.0)
    rows_log: tuple[float, float] = (500.0, 50_000.0)
    luck_log: tuple[float, float] = (0.2, 2.0)
    seeds: tuple[int, ...] = (3, 4, 5, 5, 5)
    foreign: float = 0.1  # share of curves that belong to none of the families
    bottomless: float = 0.2  # share of curves that fall to 0
    families: tuple[int, ...] = (0, 1, 2, 3)  # pow3, pow4, mmf4, wbl4


# Power laws with an offset fit most real curves best (LCDB), so they are drawn most often.
CALIBRATION = Ranges(families=(1, 1, 1, 1, 1, 0, 2, 3), foreign=0.04)
# A curve of few sizes has seen less: smaller sets, more luck, and curves that are yet to turn.
SHORT = Ranges(
    mmf_log=(0.003, 20.0),
    weibull_log=(0.05, 8.0),
    test_log=(100.0, 20_000.0),
    rows_log=(50.0, 50_000.0),
    foreign=0.3,
)
# c + a (n + d)^-b with the noise of ordinary audits: inside the calibration's ranges, another law.
PLANTED = Ranges(
    asymptote=(0.03, 0.25),
    drop_log=(0.05, 0.3),
    exponent=(0.3, 1.0),
    shift_log=(0.01, 0.2),
    test_log=(1_000.0, 10_000.0),
    rows_log=(1_000.0, 20_000.0),
    luck_log=(0.4, 1.2),
    seeds=(5,),
    foreign=0.0,
    bottomless=0.0,
    families=(1,),
)
# The same where more data still help, tested on ten thousand rows: what a forecast is asked for.
FALLING = replace(
    PLANTED,
    asymptote=(0.0, 0.05),
    drop_log=(0.25, 0.5),
    exponent=(0.15, 0.5),
    test_log=(5_000.0, 10_000.0),
    rows_log=(10_000.0, 50_000.0),
    luck_log=(0.2, 0.6),
)
# Shapes of all four families, tested on ten thousand rows: so quiet that the shape decides.
SHAPES = replace(PLANTED, families=(0, 1, 2, 3), test_log=(9_999.0, 10_001.0))


@dataclass(frozen=True)
class Planted:
    """m curves: their truth as a function of relative size, and what was measured of them.

    Attributes
    ----------
    x : (k,) float array
        Anchors relative to the largest.
    parts : list of (weight (m,), law, b (m,), k (m,))
        The truth is `c` plus the sum of weight times law.
    c : (m,) float array
    errors : (m, J, k) float array, NaN for seeds that a curve does not have
    means, se : (m, k) float array
    rows, seeds : (m,) int array
        Test rows, and trainings at each size.
    rho : (m,) float array
        Share of the luck of test rows that all seeds have in common.
    """

    x: np.ndarray
    parts: list = field(default_factory=list)
    c: np.ndarray = None
    bump: np.ndarray = None
    errors: np.ndarray = None
    means: np.ndarray = None
    se: np.ndarray = None
    tests: np.ndarray = None
    seeds: np.ndarray = None
    rho: np.ndarray = None

    def truth(self, x):
        """Return the population error at relative sizes, (m, len(x))."""
        x = np.asarray(x, dtype=float)
        out = np.repeat(self.c[:, None], len(x), axis=1)
        for weight, law, b, k in self.parts:
            out = out + weight[:, None] * law(x[None, :], b[:, None], k[:, None])
        if self.bump is not None:
            height, place, width = self.bump.T[:, :, None]
            out = out + height * np.exp(-((np.log2(x)[None, :] - place) ** 2) / (2 * width**2))
        return out


def uniform(rng, span, m, log=False):
    low, high = np.log(span) if log else span
    drawn = rng.uniform(low, high, m)
    return np.exp(drawn) if log else drawn


def draw(rng, m, anchors=15, ranges=CALIBRATION, shape="falling"):
    """Draw m curves and measure them.

    `shape` is ``falling``, ``flat``, ``peaking`` (a hump in the middle) or ``dipping`` (better
    first, then worse to the end).
    """
    x = 2.0 ** (-np.arange(anchors)[::-1] / 2)
    curves = Planted(x, *laws(rng, m, x, ranges, shape))
    return measure(rng, curves, ranges)


def laws(rng, m, x, ranges, shape):
    """Draw the truth: parts, asymptote and hump."""
    parts, total = [], np.zeros((m, 2))
    ends = np.array([x[0], 1.0])
    second = np.where(rng.random(m) < ranges.foreign, rng.uniform(0.2, 0.8, m), 0.0)
    for weight in (1 - second, second):
        b = uniform(rng, ranges.exponent, m)
        which = rng.choice(ranges.families, m)
        shift = np.where(which == 0, 0.0, uniform(rng, ranges.shift_log, m, log=True))
        for law, k, mine in (
            (power, shift, which <= 1),
            (mmf, uniform(rng, ranges.mmf_log, m, log=True), which == 2),
            (weibull, uniform(rng, ranges.weibull_log, m, log=True), which == 3),
        ):
            z = law(ends[None, :], b[:, None], k[:, None])
            fall = np.where(z[:, 0] - z[:, 1] > 1e-4, z[:, 0] - z[:, 1], np.inf)
            share = weight * mine / fall  # each part falls by its weight between the two ends
            parts.append([share, law, b, k])
            total += share[:, None] * z
    drop = uniform(rng, ranges.drop_log, m, log=True)
    if shape == "flat":
        drop = np.zeros(m)
    asymptote = uniform(rng, ranges.asymptote, m) * (rng.random(m) >= ranges.bottomless)
    # no error above 0.75: what would start there is made flatter
    room = 0.75 - asymptote
    drop = np.minimum(drop, room / np.maximum(total[:, 0], 1e-9))
    parts = [(share * drop, law, b, k) for share, law, b, k in parts]
    if shape not in ("peaking", "dipping"):
        return parts, asymptote, None
    peaking = shape == "peaking"
    place = rng.uniform(-4.0, -1.5, m) if peaking else np.full(m, 1.0)
    width = rng.uniform(0.5, 1.0, m) if peaking else rng.uniform(1.0, 2.0, m)
    return (
        parts,
        asymptote,
        humps(Planted(x, parts, asymptote), place, width, rng.uniform(0.04, 0.12, m)),
    )


def humps(curves, place, width, rise):
    """Return humps, (m, 3), that make every curve rise by so much between two of its anchors."""
    low, high = np.zeros(len(place)), np.full(len(place), 2.0)
    for _ in range(30):
        middle = (low + high) / 2
        bump = np.stack([middle, place, width], axis=1)
        e = Planted(curves.x, curves.parts, curves.c, bump).truth(curves.x)
        reached = (e - np.minimum.accumulate(e, axis=1)).max(axis=1) >= rise
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    return np.stack([high, place, width], axis=1)


def chained(rng, shape, correlation):
    """Draw standard normals whose neighbours along the last axis are correlated."""
    z = rng.normal(size=shape)
    for k in range(1, shape[-1]):
        z[..., k] = correlation * z[..., k - 1] + np.sqrt(1 - correlation**2) * z[..., k]
    return z


def measure(rng, curves, ranges):
    """Add noise, and take means and standard errors as an audit would."""
    e = np.clip(curves.truth(curves.x), 1e-4, 0.9999)
    m, k = e.shape
    most = max(ranges.seeds)
    tests = np.round(uniform(rng, ranges.test_log, m, log=True))
    rows = uniform(rng, ranges.rows_log, m, log=True)
    luck = uniform(rng, ranges.luck_log, m, log=True)
    seeds = rng.choice(ranges.seeds, m)
    rho = rng.uniform(0.4, 0.9, m)
    spread = np.sqrt(e * (1 - e))
    of_test = spread / np.sqrt(tests)[:, None]
    common = np.sqrt(rho)[:, None] * of_test * chained(rng, (m, k), SMOOTH)
    own = np.sqrt(1 - rho)[:, None, None] * of_test[:, None] * chained(rng, (m, most, k), ROUGH)
    of_training = luck[:, None] * spread / np.sqrt(rows[:, None] * curves.x)
    shared = np.sqrt(curves.x) * chained(rng, (m, k), ROUGH)
    alone = np.sqrt(1 - curves.x) * chained(rng, (m, most, k), ROUGH)
    trained = of_training[:, None] * (shared[:, None] + alone)
    errors = e[:, None] + common[:, None] + own + trained
    errors = np.where((np.arange(most) < seeds[:, None])[:, :, None], errors, np.nan)
    made = Planted(
        curves.x, curves.parts, curves.c, curves.bump, errors, np.nanmean(errors, axis=1), None,
        tests, seeds, rho,
    )  # fmt: skip
    k = len(curves.x)
    total = [parts_of(made, np.eye(k)[i]) for i in range(k)]
    return replace(made, se=np.sqrt(np.stack([sum(p) for p in total], axis=1)))


def parts_of(curves, contrast):
    """Return the three parts of the variance of a contrast of the means, each (m,).

    As `MeasuredCurve.combined` takes them, for m curves at once.
    """
    rows, by_seed = covariances(curves)
    of_rows = np.einsum("k,mkl,l->m", contrast, rows, contrast)
    apart = np.einsum("k,mkl,l->m", contrast, by_seed, contrast)
    among = np.nanvar(curves.errors @ contrast, axis=1, ddof=1) / curves.seeds
    x = curves.x
    small = np.flatnonzero(x <= APART)[-MOST:]
    own = np.nanvar(curves.errors[:, :, small], axis=1, ddof=1)
    own = np.maximum(own - by_seed[:, small, small] * curves.seeds[:, None], 0.0)
    unit = (own * x[small] / (1 - x[small])).mean(axis=1)
    shape = np.sqrt(np.minimum.outer(x, x) / np.maximum.outer(x, x))
    return of_rows, np.maximum(among - apart, 0.0), unit * (contrast @ shape @ contrast)


def covariances(curves):
    """Return the covariance of means from test rows, and that of it which is by seed, (m, k, k)."""
    e = np.clip(curves.truth(curves.x), 1e-4, 0.9999)
    of_test = np.sqrt(e * (1 - e) / curves.tests[:, None])
    apart = np.abs(np.subtract.outer(np.arange(e.shape[1]), np.arange(e.shape[1])))
    outer = of_test[:, :, None] * of_test[:, None, :]
    rho = curves.rho[:, None, None]
    by_seed = (1 - rho) * outer * ROUGH**apart / curves.seeds[:, None, None]
    return rho * outer * SMOOTH**apart + by_seed, by_seed


def rising(curves, alpha=0.05):
    """Return which of m curves rise significantly: the first step of Holm decides."""
    pairs = pairs_of(len(curves.x))
    smallest = np.ones(len(curves.means))
    for i, j in pairs:
        contrast = np.zeros(len(curves.x))
        contrast[i], contrast[j] = -1.0, 1.0
        rows, seeds, luck = parts_of(curves, contrast)
        both, more = rows + seeds + luck, curves.seeds - 1
        df = both**2 / (rows**2 / curves.tests + seeds**2 / more + luck**2 / (more * FEWEST))
        p = stdtr(df, -(curves.means @ contrast) / np.sqrt(both))
        smallest = np.minimum(smallest, p)
    return smallest <= alpha / len(pairs)


def one(curves, i, largest):
    """Return curve i as an audit holds it, with `largest` training rows."""
    rows, by_seed = covariances(pick(curves, [i]))
    errors = curves.errors[i, : curves.seeds[i]]
    among = np.cov(errors, rowvar=False) / curves.seeds[i]
    values, vectors = np.linalg.eigh(among - by_seed[0])
    seeds = (vectors * np.maximum(values, 0)) @ vectors.T
    crossed = Crossed(
        curves.means[i], rows[0], seeds, float(curves.tests[i] - 1), float(curves.seeds[i] - 1),
        int(curves.tests[i]),
    )  # fmt: skip
    return MeasuredCurve(largest * curves.x, errors, crossed)


def pick(curves, which):
    """Return some of the curves."""
    return Planted(
        curves.x,
        [(w[which], law, b[which], k[which]) for w, law, b, k in curves.parts],
        curves.c[which],
        None if curves.bump is None else curves.bump[which],
        *(
            getattr(curves, name)[which]
            for name in ("errors", "means", "se", "tests", "seeds", "rho")
        ),
    )
