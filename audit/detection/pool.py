"""The rows that detectors are tried on, and their halves: one to choose on, one to measure on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from audit.chance import uniforms
from audit.config import TRAIN
from audit.domains import Domain, DomainRules
from audit.examples import Examples, IntArray

HOME = 0  # place of the in-distribution rows among the domains
CHOOSE, MEASURE = 0, 1


@dataclass(frozen=True)
class Pool:
    """Rows of several domains, in an order that follows from their content.

    Attributes
    ----------
    splits : tuple of str
    split, row : (n,) int arrays
        Which of `splits` a row stands in, and where.
    domain : (n,) int array
        Which of the domains; `HOME` for the rows in distribution.
    digests : (n,) array of 16-byte strings
    label : (n,) int array
        Label of the row, 0 in a split without labels.
    clusters : (n,) int array, optional
        Codes that no two splits share.
    shared : int
        Distinct inputs that stand both in distribution and out of it, and were left out.
    """

    splits: tuple[str, ...]
    split: IntArray
    row: IntArray
    domain: IntArray
    digests: np.ndarray
    label: IntArray
    clusters: IntArray | None
    shared: int = 0

    def __len__(self) -> int:
        return len(self.row)

    def take(self, rows: np.ndarray) -> Pool:
        """Return some of the rows, by mask or position."""
        names = ("split", "row", "domain", "digests", "label")
        parts = {f: getattr(self, f)[rows] for f in names}
        clusters = None if self.clusters is None else self.clusters[rows]
        return dataclasses.replace(self, **parts, clusters=clusters)


def pooled(data: Mapping[str, Examples], domains: Sequence[Domain]) -> Pool:
    """Gather the rows of all domains; the first is the one in distribution.

    An input that stands in it and in another one says nothing of either, and is left out.
    """
    splits = tuple(dict.fromkeys(d.split for d in domains))
    pool = Pool(
        splits=splits,
        split=np.concatenate([np.full(len(d), splits.index(d.split)) for d in domains]),
        row=np.concatenate([d.rows for d in domains]).astype(np.int64),
        domain=np.repeat(np.arange(len(domains)), [len(d) for d in domains]),
        digests=np.concatenate([data[d.split].digests[d.rows] for d in domains]),
        label=np.concatenate([labels_of(data[d.split])[d.rows] for d in domains]),
        clusters=clusters_of(data, domains),
    )
    home = pool.domain == HOME
    both = np.intersect1d(pool.digests[home], pool.digests[~home])
    kept = pool.take(~np.isin(pool.digests, both))
    order = np.lexsort((kept.label, kept.domain, kept.digests))
    return dataclasses.replace(kept.take(order), shared=len(both))


def labels_of(examples: Examples) -> IntArray:
    """Return the label code of each row, 0 where there are no labels."""
    return (
        np.zeros(len(examples), dtype=np.int64)
        if examples.labels is None
        else (examples.labels.codes)
    )


def clusters_of(data: Mapping[str, Examples], domains: Sequence[Domain]) -> IntArray | None:
    """Return clusters with codes that no two splits share; None where no split has any.

    Rows of a split without clusters stand each alone.
    """
    if all(data[d.split].clusters is None for d in domains):
        return None
    start, codes = 0, {}
    for name in dict.fromkeys(d.split for d in domains):
        own = data[name].clusters
        own = np.arange(len(data[name])) if own is None else own
        codes[name] = start + own
        start += int(own.max(initial=0)) + 1
    return np.concatenate([codes[d.split][d.rows] for d in domains]).astype(np.int64)


def tied(pool: Pool) -> IntArray:
    """Return a code for each row, the same where rows belong together.

    They do if they hold the same input or are of one cluster, and if both belong with a third.
    """
    _, content = np.unique(pool.digests, return_inverse=True)
    links = [content]
    if pool.clusters is not None:
        _, cluster = np.unique(pool.clusters, return_inverse=True)
        links.append(cluster + int(content.max(initial=0)) + 1)
    rows = np.tile(np.arange(len(pool)), len(links))
    ends = len(pool) + np.concatenate(links)
    size = int(ends.max(initial=0)) + 1
    graph = coo_matrix((np.ones(len(rows)), (rows, ends)), shape=(size, size))
    _, code = connected_components(graph, directed=False)
    return np.asarray(code[: len(pool)], dtype=np.int64)


def halves(pool: Pool, seed: int, stream: int = 0) -> IntArray:
    """Deal every domain's rows into two halves, `CHOOSE` and `MEASURE`.

    What belongs together (`tied`) stays together. The luck of each piece follows from its content
    and the seed; the halves of a domain differ by no more than its largest piece, as far as
    pieces that lie in several domains allow.
    """
    _, first, piece = np.unique(tied(pool), return_index=True, return_inverse=True)
    luck = uniforms(pool.digests[first], seed, stream)  # rows are sorted: the least of its digests
    side = np.full(len(first), -1)
    for domain in np.unique(pool.domain):
        sizes = np.bincount(piece[pool.domain == domain], minlength=len(first))
        open_ = np.flatnonzero((sizes > 0) & (side < 0))
        open_ = open_[np.argsort(luck[open_], kind="stable")]
        room = -(-int(sizes.sum()) // 2) - int(sizes[side == CHOOSE].sum())
        filled = np.cumsum(sizes[open_]) - sizes[open_] // 2
        side[open_] = np.where(filled <= room, CHOOSE, MEASURE)
    return np.asarray(side[piece], dtype=np.int64)


def bank_rows(
    data: Mapping[str, Examples], pool: Pool, rules: DomainRules, limit: int, seed: int
) -> IntArray | None:
    """Return the training rows that detectors are fitted on, at most `limit`, by content.

    Rows of other domains than those in distribution are left out where the split tells them
    apart, and so is every input that detectors are tried on.

    Returns
    -------
    (n,) int array or None
        Positions in the train split. None where there is none with labels, or nothing is left.
    """
    train = data.get(TRAIN)
    if train is None or (train.labels is None and train.targets is None):
        return None
    usable = ~np.isin(train.digests, pool.digests)
    if train.domain and rules.in_distribution:
        factor = train.groups[train.domain]
        inside = np.isin(np.array(factor.names, dtype=object), list(rules.in_distribution))
        usable &= inside[factor.codes]
    rows = np.flatnonzero(usable)
    rows = rows[np.argsort(labels_of(train)[rows], kind="stable")]  # of repeated inputs, one label
    distinct, first = np.unique(train.digests[rows], return_index=True)
    if len(distinct) < 2:
        return None
    order = np.argsort(uniforms(distinct, seed, 2), kind="stable")[:limit]
    return np.asarray(rows[first[order]], dtype=np.int64)
