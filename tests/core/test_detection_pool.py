"""Halves of rows: whole pieces, equal sizes, and no dependence on the order of rows."""

import dataclasses

import numpy as np
import pytest

from audit.detection.pool import HOME, bank_rows, halves, pooled
from audit.domains import DomainRules, domains_of
from audit.samples import RULES, Rows, reorder, sample_data, sample_examples


def pool_of(data, rules=RULES):
    return pooled(data, domains_of(data, rules))


def renamed(examples, words):
    """Return the rows with other content, so that some can be repeated."""
    digests = np.array([w.encode().ljust(16)[:16] for w in words])
    return dataclasses.replace(examples, digests=digests, inputs=Rows(words))


def test_halves_are_equal_in_every_domain():
    pool = pool_of(sample_data())
    half = halves(pool, 0)
    for d in (0, 1, 2):
        sizes = np.bincount(half[pool.domain == d], minlength=2)
        assert abs(sizes[0] - sizes[1]) <= 1


def test_the_order_of_rows_moves_no_row_to_the_other_half():
    rows = sample_examples()
    order = np.random.default_rng(0).permutation(len(rows))
    a, b = pool_of(sample_data(rows)), pool_of(sample_data(reorder(rows, order)))
    assert (a.digests == b.digests).all()
    assert (a.domain == b.domain).all()
    assert (halves(a, 5) == halves(b, 5)).all()
    assert (halves(a, 5) != halves(a, 6)).any()


def test_clusters_stay_whole_even_across_domains():
    rows = sample_examples(clusters=True)
    pool = pool_of(sample_data(rows))
    half = halves(pool, 0)
    assert all(len(set(half[pool.clusters == c])) == 1 for c in np.unique(pool.clusters))
    assert len({c for c in pool.clusters if len(set(pool.domain[pool.clusters == c])) > 1}) > 50


def test_a_repeated_input_stands_in_one_half():
    rows = sample_examples()
    words = [f"row {i // 20}" if i % 5 > 1 else f"other {i // 20}" for i in range(len(rows))]
    pool = pool_of(sample_data(renamed(rows, words)))
    half = halves(pool, 0)
    assert all(len(set(half[pool.digests == d])) == 1 for d in np.unique(pool.digests))
    assert set(half) == {0, 1}


def test_an_input_at_home_and_abroad_is_left_out():
    rows = sample_examples()
    words = [f"row {i}" for i in range(len(rows))]
    words[0] = words[2]  # away and home
    pool = pool_of(sample_data(renamed(rows, words)))
    assert pool.shared == 1
    assert len(pool) == len(rows) - 2


def test_clusters_of_two_splits_are_never_one():
    more = sample_examples(40, seed=3, clusters=True, split="news")
    data = {**sample_data(sample_examples(clusters=True)), "news": more}
    rules = DomainRules(in_distribution=("home",), splits=("news",))
    pool = pool_of(data, rules)
    of = [set(pool.clusters[pool.split == s]) for s in (0, 1)]
    assert of[0].isdisjoint(of[1])


def test_the_bank_holds_training_rows_of_home_and_none_that_is_tried():
    data = sample_data()
    pool = pool_of(data)
    rows = bank_rows(data, pool, RULES, 100, 0)
    train = data["train"]
    factor = train.groups["source"]
    assert len(rows) == 100
    assert {factor.names[c] for c in factor.codes[rows]} == {"home"}
    data["train"] = dataclasses.replace(train, digests=data["test"].digests[np.arange(1000) % 600])
    assert bank_rows(data, pool, RULES, 100, 0) is None


@pytest.mark.parametrize("missing", ["split", "labels"])
def test_without_labelled_training_rows_there_is_no_bank(missing):
    data = sample_data()
    pool = pool_of(data)
    if missing == "split":
        del data["train"]
    else:
        data["train"] = dataclasses.replace(data["train"], labels=None)
    assert bank_rows(data, pool, RULES, 100, 0) is None
    assert (pool.domain == HOME).any()
