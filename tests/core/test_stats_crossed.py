"""The mean over trainings and test rows: its interval covers, whichever of the two varies."""

import numpy as np
import pytest

from audit.stats.crossed import crossed_mean


def covered(rng, spread_rows, spread_trainings, spread_cells, clusters=False, audits=600):
    hits = 0
    for _ in range(audits):
        codes = np.repeat(np.arange(60), 5) if clusters else np.arange(300)
        rows = spread_rows * rng.normal(size=codes.max() + 1)[codes]
        trainings = spread_trainings * rng.normal(size=(5, 1))
        values = 1.0 + rows + trainings + spread_cells * rng.normal(size=(5, 300))
        low, high, _ = crossed_mean(values, codes if clusters else None).interval()
        hits += low <= 1.0 <= high
    return hits / audits


@pytest.mark.parametrize(
    ("rows", "trainings", "cells"), [(1, 0, 0.3), (0.1, 0.2, 0.1), (1, 0.06, 1), (0, 0, 1)]
)
def test_the_interval_covers_whatever_varies(rows, trainings, cells):
    assert covered(np.random.default_rng(1), rows, trainings, cells) >= 0.93


def test_clustered_rows_are_not_counted_as_if_they_were_independent():
    assert covered(np.random.default_rng(2), 1, 0, 0.2, clusters=True) >= 0.93
    values = np.repeat(np.random.default_rng(3).normal(size=(1, 60)), 5, axis=1).repeat(3, axis=0)
    alone = crossed_mean(values)
    assert crossed_mean(values, np.repeat(np.arange(60), 5)).se > 1.8 * alone.se


def test_one_training_has_the_error_of_its_rows_alone():
    row = np.random.default_rng(0).normal(size=(1, 50))
    assert crossed_mean(row).se == pytest.approx(row.std(ddof=1) / 50**0.5)


def test_what_does_not_vary_is_no_evidence():
    assert crossed_mean(np.ones((3, 10))).p_over(0.5) == 1.0
