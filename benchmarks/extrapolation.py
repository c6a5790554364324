"""Learn the interval of an extrapolated learning curve, and try it on curves it has not seen.

    python benchmarks/extrapolation.py            try the shipped tables
    python benchmarks/extrapolation.py --write    learn them anew first

Prints the coverage of the 90 % interval at 2, 4 and 8 times the rows (1,000 planted audits each),
how often a target gets a finite upper end, how often curves are refused, and the same on real
curves of scikit-learn's own learners and data sets, beside the baseline of no change.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from planted_curves import CALIBRATION, FALLING, PLANTED, SHAPES, SHORT, draw, one, pick, rising
from real_curves import audits

from audit.stats.crossing import PROBS
from audit.stats.extrapolation import (
    FACTORS,
    FULL,
    TABLES,
    Refusal,
    extrapolate,
    features,
)
from audit.stats.laws import mixture
from audit.stats.rows_needed import Kind, answer, rows_needed

CURVES = 12_000
SEED = 20261124


def learn(rng, anchors, ranges):
    """Learn the scale and its quantiles on curves that pass the test for rises."""
    curves = draw(rng, CURVES, anchors, ranges)
    curves = pick(curves, np.flatnonzero(~rising(curves)))
    x = np.array(FACTORS)
    parts = np.array_split(np.arange(len(curves.means)), 48)
    found = [mixture(curves.x, curves.means[i], curves.se[i]).at(x) for i in parts]
    point, unsure = (np.concatenate(column) for column in zip(*found, strict=True))
    truth = curves.truth(x)
    seen = features(point, unsure, curves.means[:, -1], curves.se[:, -1])
    out = {"curves": len(truth)}
    for what, off in (
        ("level", point - truth),
        ("gain", (point[:, :1] - point) - (truth[:, :1] - truth)),
    ):
        weights, quantiles = [], []
        for k in range(len(x)):
            own = np.linalg.lstsq(seen[:, k], np.log(np.abs(off[:, k]) + 3e-4), rcond=None)[0]
            score = off[:, k] / np.exp(seen[:, k] @ own)
            weights.append([round(float(w), 4) for w in own])
            table = np.maximum.accumulate(np.quantile(score, PROBS, method="weibull"))
            quantiles.append([round(float(q), 4) + 1e-6 * i for i, q in enumerate(table)])
        out[what] = {"weights": weights, "quantiles": quantiles}
    return out


def write():
    """Learn both tables and store them."""
    rng = np.random.default_rng(SEED)
    settings = {"15": learn(rng, FULL, CALIBRATION), "8": learn(rng, 8, SHORT)}
    text = json.dumps({"version": 1, "seed": SEED, "settings": settings}, indent=None)
    TABLES.write_text(text.replace('], "', '],\n"') + "\n", encoding="utf-8")


def planted(audits=1000, anchors=FULL, seed=SEED + 1, ranges=PLANTED):
    """Try planted curves one by one, as an audit would; return a dictionary of figures."""
    rng = np.random.default_rng(seed)
    curves = draw(rng, audits, anchors, ranges)
    sizes = np.array([2.0, 4.0, 8.0])
    truth = curves.truth(np.r_[1.0, sizes])
    inside, width, refused, finite, falls = [], [], 0, 0, 0
    fail, succeed, gains, miss, still = 0, 0, [], [], []
    for i in range(audits):
        curve = one(curves, i, 1000.0)
        ahead = extrapolate(curve, 1000.0 * sizes)
        if isinstance(ahead, Refusal):
            refused += 1
            inside.append([False] * 3)
            continue
        inside.append((ahead.low <= truth[i, 1:]) & (truth[i, 1:] <= ahead.high))
        width.append(ahead.high - ahead.low)
        miss.append(np.abs(ahead.point - truth[i, 1:]))
        still.append(np.abs(ahead.last - truth[i, 1:]))
        low, high, _ = ahead.gain(2.0).interval(0.9)
        gains.append(low <= truth[i, 0] - truth[i, 1] <= high)
        if truth[i, 0] - truth[i, 1] >= 0.005:
            falls += 1
            needed = rows_needed(curve, truth[i, 1])
            finite += np.isfinite(needed.interval(0.9)[1])
            fail += needed.p_over(2000.0) <= 0.05
            succeed += needed.p_under(2000.0) <= 0.05
    return {
        "coverage": np.mean(inside, axis=0),
        "width": np.median(width, axis=0),
        "error": np.mean(miss, axis=0),
        "unchanged": np.mean(still, axis=0),
        "refused": refused / audits,
        "gain": np.mean(gains),
        "finite": finite / max(falls, 1),
        "falls": falls,
        "fail": fail / max(falls, 1),
        "succeed": succeed / max(falls, 1),
    }


def shapes(audits=1000, seed=SEED + 2):
    """Return how often peaking, dipping and flat curves are refused."""
    rng = np.random.default_rng(seed)
    return {
        shape: float(rising(draw(rng, audits, FULL, PLANTED, shape)).mean())
        for shape in ("peaking", "dipping", "flat")
    }


def flat(audits=300, seed=SEED + 3):
    """Return what flat curves answer to a target five points below them."""
    rng = np.random.default_rng(seed)
    curves = draw(rng, audits, FULL, PLANTED, "flat")
    targets = np.maximum(curves.c - 0.05, 0.0)
    kinds = [answer(one(curves, i, 1000.0), float(targets[i])).kind for i in range(audits)]
    return {kind.value: kinds.count(kind) / audits for kind in Kind}


def show(title, figures):
    """Print the figures of planted curves."""
    print(f"{title}, 5 seeds, 1,000 audits, at x2, x4, x8:")
    for name in ("coverage", "width", "error", "unchanged"):
        print(f"  {name:<10}", np.round(figures[name], 4))
    print(
        f"  refused {figures['refused']:.3f}; gain of doubling covered {figures['gain']:.3f}\n"
        f"  rows for the error at a true x2 ({figures['falls']} curves that gain half a point): "
        f"finite upper end {figures['finite']:.3f}; at the boundary, false fail "
        f"{figures['fail']:.3f}, false pass {figures['succeed']:.3f}"
    )


def real():
    """Try real curves; print coverage, and the mean error beside that of no change."""
    found, refused, total = {2: [], 4: [], 8: []}, 0, 0
    for _, _, curve, known in audits():
        factors = np.array(sorted(known))
        ahead = extrapolate(curve, curve.sizes[-1] * factors)
        total += 1
        if isinstance(ahead, Refusal):
            refused += 1
            continue
        for i, f in enumerate(factors):
            covered = ahead.low[i] <= known[f] <= ahead.high[i]
            off = abs(ahead.point[i] - known[f]), abs(ahead.last - known[f])
            found[f].append((covered, ahead.high[i] - ahead.low[i], *off))
    print(f"real curves: {total}, of which {refused} are refused (too few sizes, or a rise)")
    for f, rows in found.items():
        covered, width, error, unchanged = np.array(rows, dtype=float).T
        print(
            f"  x{f}: {len(rows)} curves, coverage {covered.mean():.3f}, width "
            f"{np.median(width):.3f}, error {error.mean():.4f}, unchanged {unchanged.mean():.4f}"
        )


def main():
    if "--write" in sys.argv[1:]:
        begun = time.perf_counter()
        write()
        print(f"learned on {CURVES:,} curves twice: {time.perf_counter() - begun:.0f} s")
    for name, ranges, anchors in (
        ("ordinary", PLANTED, FULL),
        ("still falling", FALLING, FULL),
        ("all four families, quiet", SHAPES, FULL),
        ("ordinary", PLANTED, 8),
    ):
        show(f"{name} planted curves, {anchors} sizes", planted(anchors=anchors, ranges=ranges))
    print("refused:", shapes())
    print("flat curves, target five points below:", flat())
    real()


if __name__ == "__main__":
    main()
