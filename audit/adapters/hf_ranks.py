"""How common the words of a text are, by the order of a tokenizer's vocabulary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from audit.examples import FloatArray

# Places in a vocabulary that stand for no word: [unused12], <extra_id_3>, bytes, padding to a size.
RESERVED = re.compile(r"\[unused\d+\]|<unused\d+>|<extra_id_\d+>|<0x[0-9A-F]{2}>|madeupword\d+")


def log_ranks(tokenizer: Any) -> FloatArray:
    """Return ln(1 + rank) by token id; NaN for an id that stands for no word.

    The rank is the place of the token among those that stand for something, in the order of their
    ids. That is an order of frequency, most frequent first, as far as the vocabulary was built so:
    WordPiece and BPE add pieces in the order in which they paid on the training texts, and unigram
    vocabularies are sorted by probability. The single characters of the alphabet stand before them,
    so a rare character ranks as common.
    """
    words = tokenizer.get_vocab()
    special = set(tokenizer.all_special_ids)
    kept = sorted(i for w, i in words.items() if i not in special and not RESERVED.fullmatch(w))
    out = np.full(max([*words.values(), *special], default=-1) + 1, np.nan)
    out[kept] = np.log1p(np.arange(len(kept)))
    return out


def mean_ranks(rows: Sequence[Sequence[int]], ranks: FloatArray) -> FloatArray:
    """Return the ``(n,)`` mean of the ranks of each row's tokens; NaN for a row without any."""
    known = [ranks[np.asarray(row, dtype=np.int64)] for row in rows]
    kept = [values[~np.isnan(values)] for values in known]
    return np.array([values.mean() if len(values) else np.nan for values in kept])
