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
from planted_curves import CALIBRATION, PLANTED, draw, one, pick, rising
from scipy.optimize import nnls

from audit.stats.crossing import PROBS
from audit.stats.extrapolation import (
    FACTORS,
    FULL,
    TABLES,
    Kind,
    Refusal,
    answer,
    extrapolate,
    features,
    rows_needed,
)
from audit.stats.laws import fit_all, forecast

CURVES = 24_000
SEED = 20261124


def learn(rng, anchors):
    """Learn the scale and its quantiles on curves that pass the test for rises."""
    curves = draw(rng, CURVES, anchors, CALIBRATION)
    curves = pick(curves, np.flatnonzero(~rising(curves)))
    fits = fit_all(curves.x, curves.means, curves.se)
    x = np.array(FACTORS)
    point, spread = forecast(fits, x)
    truth = curves.truth(x)
    seen = features(point, spread, curves.means[:, -1], curves.se[:, -1])
    out = {"curves": len(truth)}
    for what, off in (
        ("level", point - truth),
        ("gain", (point[:, :1] - point) - (truth[:, :1] - truth)),
    ):
        weights, quantiles = [], []
        for k in range(len(x)):
            # in units of the curve's own noise, so that loud curves do not decide alone
            unit = curves.se[:, -1] + 0.002
            own, _ = nnls(seen[:, k] / unit[:, None], np.abs(off[:, k]) / unit)
            own = np.maximum(own, [0.5, 0.05, 0.02, 0.02])
            score = off[:, k] / (seen[:, k] @ own)
            weights.append([round(float(w), 4) for w in own])
            table = np.maximum.accumulate(np.quantile(score, PROBS, method="weibull"))
            quantiles.append([round(float(q), 4) + 1e-6 * i for i, q in enumerate(table)])
        out[what] = {"weights": weights, "quantiles": quantiles}
    return out


def write():
    """Learn both tables and store them."""
    rng = np.random.default_rng(SEED)
    settings = {str(anchors): learn(rng, anchors) for anchors in (FULL, 8)}
    text = json.dumps({"version": 1, "seed": SEED, "settings": settings}, indent=None)
    TABLES.write_text(text.replace('], "', '],\n"') + "\n", encoding="utf-8")


def planted(audits=1000, anchors=FULL, seed=SEED + 1):
    """Try planted curves one by one, as an audit would; return a dictionary of figures."""
    rng = np.random.default_rng(seed)
    curves = draw(rng, audits, anchors, PLANTED)
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
    """Return what flat curves answer to a target two points below them."""
    rng = np.random.default_rng(seed)
    curves = draw(rng, audits, FULL, PLANTED, "flat")
    kinds = []
    for i in range(audits):
        kinds.append(answer(one(curves, i, 1000.0), max(float(curves.c[i]) - 0.02, 0.0)).kind)
    return {kind.value: kinds.count(kind) / audits for kind in Kind}


def main():
    if "--write" in sys.argv[1:]:
        begun = time.perf_counter()
        write()
        print(f"learned on {CURVES:,} curves twice: {time.perf_counter() - begun:.0f} s")
    for anchors in (FULL, 8):
        figures = planted(anchors=anchors)
        print(f"planted curves, {anchors} sizes, 5 seeds, 1,000 audits, at x2, x4, x8:")
        for name in ("coverage", "width", "error", "unchanged"):
            print(f"  {name:<10}", np.round(figures[name], 4))
        print(
            f"  refused {figures['refused']:.3f}; gain from doubling covered {figures['gain']:.3f}; "
            f"rows for the error at a true x2 ({figures['falls']} curves that gain half a point): "
            f"finite upper end {figures['finite']:.3f}; at the boundary, false fail "
            f"{figures['fail']:.3f}, false pass {figures['succeed']:.3f}"
        )
    print("refused:", shapes())
    print("flat curves, target two points below:", flat())


if __name__ == "__main__":
    main()
