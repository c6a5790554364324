"""Which rows a probe looks at closely, where looking at all would cost too much."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from audit.chance import uniforms
from audit.domains import TEST, DomainRules, own
from audit.errors import NotApplicable
from audit.examples import Examples, Factor, IntArray
from audit.model import ModelCard

ROWS_STREAM = 41  # of the luck that chooses rows


def home(examples: Examples, rules: DomainRules) -> IntArray:
    """Return the rows in distribution, where the rules tell; every row elsewhere."""
    if examples.split == TEST and examples.domain and rules.in_distribution:
        return own(examples, rules)[0].rows
    return np.arange(len(examples))


def chosen_rows(examples: Examples, rows: IntArray, most: int, seed: int) -> IntArray:
    """Return about so many of some rows, by the luck of their content; equal inputs together.

    Parameters
    ----------
    examples : Examples
    rows : (n,) int array
        Positions.
    most : int
        0 for all. The last input is taken with all of its rows.
    seed : int
    """
    if not most or len(rows) <= most:
        return rows
    luck = uniforms(examples.digests[rows], seed, ROWS_STREAM)
    order = np.lexsort((examples.digests[rows], luck))
    last = rows[order[most - 1]]
    ranks = np.empty(len(rows), dtype=np.int64)
    ranks[order] = np.arange(len(rows))
    same = examples.digests[rows] == examples.digests[last]
    return np.asarray(rows[(ranks < most) | same])


def part(examples: Examples, rows: IntArray) -> Examples:
    """Return some rows of a split, as far as answers are scored and grouped by them."""
    labels, clusters = examples.labels, examples.clusters
    return replace(
        examples,
        digests=examples.digests[rows],
        ids=examples.ids[rows],
        labels=None if labels is None else Factor(labels.codes[rows], labels.names),
        targets=None if examples.targets is None else examples.targets[rows],
        groups={k: Factor(f.codes[rows], f.names) for k, f in examples.groups.items()},
        clusters=None if clusters is None else clusters[rows],
        recorded={},
    )


def answerable(examples: Examples, card: ModelCard) -> None:
    """Refuse a model that cannot be asked about changed inputs.

    Raises
    ------
    NotApplicable
        With the reason.
    """
    if card.kind == "recorded":
        raise NotApplicable(
            "recorded predictions say nothing of changed inputs; name a model under model.load"
        )
    if not len(examples):
        raise NotApplicable(f'split "{examples.split}" has no rows')
