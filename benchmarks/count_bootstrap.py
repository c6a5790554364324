"""CPU time and agreement of the count bootstrap against resampling rows.

Run ``python benchmarks/count_bootstrap.py``. Times are CPU seconds of this process (the wall clock
of a shared machine says little); slow sides are timed on few replicates and extrapolated, which
the output says. Five metrics (accuracy, selection rate, TPR, FPR, precision) in eight groups.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from audit.stats import resampling

GROUPS = 8
REPLICATES = 1000
Rows = tuple[NDArray[np.int64], NDArray[np.int8], NDArray[np.int8]]


def make_rows(n: int, seed: int = 0) -> Rows:
    """Return group codes, labels and predictions of a classifier that is worse for some."""
    rng = np.random.default_rng(seed)
    group = rng.choice(GROUPS, n, p=[0.3, 0.2, 0.15, 0.1, 0.1, 0.08, 0.05, 0.02])
    y = (rng.random(n) < 0.3 + 0.02 * group).astype(np.int8)
    rate = np.where(y == 1, 0.75 - 0.01 * group, 0.15 + 0.01 * group)
    return group, y, (rng.random(n) < rate).astype(np.int8)


def cpu_seconds(work: Callable[[], object], repeat: int = 1) -> float:
    """Return the least CPU time of `repeat` calls."""
    times = []
    for _ in range(repeat):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def count_bootstrap(rows: Rows, replicates: int, seed: int = 1) -> NDArray[np.float64]:
    """Return replicates by our method, counting included."""
    counts = resampling.count_cells(*rows, GROUPS)
    return resampling.count_bootstrap(counts, replicates=replicates, seed=seed).values


def plain_metrics(group: NDArray[np.int64], y: NDArray[np.int8], predicted: NDArray[np.int8]):
    """Return the metrics by group from masks over rows, shape (groups, metrics)."""
    out = np.full((GROUPS, 5), np.nan)
    for g in range(GROUPS):
        a, b = y[group == g], predicted[group == g]
        if len(a):
            out[g, :2] = (a == b).mean(), b.mean()
        for column, mask, value in ((2, a == 1, b), (3, a == 0, b), (4, b == 1, a)):
            if mask.any():
                out[g, column] = value[mask].mean()
    return out


def row_bootstrap(rows: Rows, replicates: int, seed: int = 2) -> NDArray[np.float64]:
    """Return replicates by drawing rows with replacement, one by one."""
    rng, n = np.random.default_rng(seed), len(rows[0])
    out = np.empty((replicates, GROUPS, 5))
    for b in range(replicates):
        drawn = rng.integers(0, n, n)
        out[b] = plain_metrics(*(column[drawn] for column in rows))
    return out


def row_bootstrap_tallied(rows: Rows, replicates: int, seed: int = 2) -> NDArray[np.float64]:
    """Return the replicates of `row_bootstrap` from a tally of each one's drawn rows.

    Rows are drawn one by one all the same; only their metrics are computed from the tally.
    """
    group, y, predicted = rows
    cell = group * 4 + y * 2 + predicted
    rng, n = np.random.default_rng(seed), len(cell)
    out = np.empty((replicates, GROUPS, 5))
    for b in range(replicates):
        tally = np.bincount(cell[rng.integers(0, n, n)], minlength=4 * GROUPS)
        tn, fp, fn, tp = tally.reshape(GROUPS, 4).T
        with np.errstate(invalid="ignore", divide="ignore"):
            columns = [(tp + tn) / (tn + fp + fn + tp), (fp + tp) / (tn + fp + fn + tp)]
            columns += [tp / (tp + fn), fp / (fp + tn), tp / (tp + fp)]
        out[b] = np.stack(columns, axis=-1)
    return out


def fairlearn_seconds(rows: Rows, replicates: int) -> float:
    """Return the CPU time that `replicates` bootstrap replicates add to fairlearn's MetricFrame."""
    from fairlearn import metrics
    from sklearn.metrics import accuracy_score, precision_score

    functions = {
        "accuracy": accuracy_score,
        "selection-rate": metrics.selection_rate,
        "tpr": metrics.true_positive_rate,
        "fpr": metrics.false_positive_rate,
        "precision": precision_score,
    }
    group, y, predicted = rows
    common = {"metrics": functions, "y_true": y, "y_pred": predicted, "sensitive_features": group}
    boot = {"n_boot": replicates, "ci_quantiles": [0.025, 0.975], "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        point = cpu_seconds(lambda: metrics.MetricFrame(**common))
        return cpu_seconds(lambda: metrics.MetricFrame(**common, **boot)) - point


def report_speed(n: int) -> None:
    """Print the times at `n` rows and their ratios to ours."""
    rows = make_rows(n)
    ours = cpu_seconds(lambda: count_bootstrap(rows, REPLICATES), repeat=3)
    print(f"{n:,} rows, {REPLICATES:,} replicates, 5 metrics x {GROUPS} groups, CPU seconds")
    print(f"  count bootstrap, counting included   {ours:10.4f}  (least of 3)")
    few = 3
    plain = cpu_seconds(lambda: row_bootstrap(rows, few)) / few * REPLICATES
    print(
        f"  numpy row bootstrap                  {plain:10.1f}  (extrapolated from {few})", end=""
    )
    print(f"  {plain / ours:,.0f} times")
    few = 2
    theirs = fairlearn_seconds(rows, few) / few * REPLICATES
    print(f"  fairlearn MetricFrame(n_boot={few})      {theirs:10.1f}", end="")
    print(f"  (extrapolated from {few})  {theirs / ours:,.0f} times", flush=True)


def report_agreement(n: int = 5000, replicates: int = 20_000) -> None:
    """Print how far interval ends differ between the two bootstraps, in shares of the width."""
    rows = make_rows(n, seed=3)
    same = np.allclose(row_bootstrap(rows, 5), row_bootstrap_tallied(rows, 5), equal_nan=True)
    print(f"{n:,} rows, {replicates:,} replicates each, 95 % intervals of 40 group metrics")
    print(f"  tallied replicates equal those from masks over rows: {same}")
    probs = [0.025, 0.975]
    by_rows = np.nanquantile(row_bootstrap_tallied(rows, replicates), probs, axis=0)
    by_counts = np.nanquantile(count_bootstrap(rows, replicates), probs, axis=0)
    again = np.nanquantile(count_bootstrap(rows, replicates, seed=4), probs, axis=0)
    width = by_rows[1] - by_rows[0]
    for name, other in (("row bootstrap", by_rows), ("itself, other seed", again)):
        share = np.abs(by_counts - other).mean(axis=0) / width
        print(f"  against {name}: mean {share.mean():.2%}, largest {share.max():.2%} of the width")


if __name__ == "__main__":
    report_speed(1_000_000)
    report_agreement()
