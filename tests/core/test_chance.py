"""Luck follows from content and seed, and from nothing else."""

import numpy as np
from scipy import stats

from audit.chance import uniforms
from audit.transform import Chance

DIGESTS = np.array([f"row {i}".encode().ljust(16, b"x") for i in range(20_000)])


def test_luck_is_uniform():
    assert stats.kstest(uniforms(DIGESTS, 1), "uniform").pvalue > 0.01


def test_other_seeds_and_streams_are_unrelated():
    one = uniforms(DIGESTS, 1)
    for other in (uniforms(DIGESTS, 2), uniforms(DIGESTS, 1, 1), uniforms(DIGESTS, 2, 1)):
        assert abs(stats.spearmanr(one, other).statistic) < 0.03


def test_luck_goes_with_the_row_and_not_with_its_place():
    back = uniforms(DIGESTS[::-1], 3)
    assert (back[::-1] == uniforms(DIGESTS, 3)).all()


def test_a_generator_of_an_input_is_its_own():
    chance = Chance(DIGESTS[:3], 5)
    moved = Chance(DIGESTS[[2, 0, 1]], 5)
    assert chance.generator(2).random() == moved.generator(0).random()
    assert chance.generator(0).random() != chance.generator(1).random()
