"""Equal content has equal digests, and only equal content."""

import numpy as np
import pandas as pd
import pytest

from audit.adapters.digests import cells_of, fingerprint_of, hex_of, row_digests, text_digests
from audit.errors import DataError


def cells(values, dtype=None):
    return [bytes(row) for row in cells_of(pd.Series(values, dtype=dtype), "x")]


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float32", "float64", "Int64"])
def test_a_number_is_the_same_in_every_type(dtype):
    assert cells([0, 1, 42], dtype) == cells([0, 1, 42], object)


def test_a_text_is_the_same_in_every_type():
    texts = ["a", "é", "a"]
    assert cells(texts, "str") == cells(texts, object) == cells(texts, "category")


def test_every_kind_of_missing_is_one():
    found = {cells([None], "float64")[0], cells(["a", None], "str")[1]}
    found |= {cells([pd.NA], "Int64")[0], cells([None, 1, "b"], object)[0], cells([pd.NaT])[0]}
    assert len(found) == 1


def test_a_number_is_not_its_text():
    assert cells([1]) != cells(["1"])


def test_large_integers_that_share_a_double_differ():
    assert len(set(cells([2**53, 2**53 + 1, 2**63 - 1, 2**63 - 2]))) == 4


def test_signed_zeros_are_equal_and_neighbours_are_not():
    assert cells([0.0]) == cells([-0.0])
    assert cells([0.1]) != cells([np.nextafter(0.1, 1)])


def test_the_order_of_input_columns_is_content():
    one, two = cells_of(pd.Series([1]), "a"), cells_of(pd.Series([2]), "b")
    assert row_digests([("a", one), ("b", two)]) != row_digests([("b", two), ("a", one)])


def test_digests_are_sixteen_bytes_and_spelled_in_full():
    digests = text_digests(["a", "", "☂", "\ud800"])
    assert digests.dtype == "S16"
    assert len(set(hex_of(digests))) == 4
    assert {len(h) for h in hex_of(digests)} == {32}


def test_a_repeated_row_does_not_cancel_itself():
    rows = text_digests(["a", "b", "b"])
    assert fingerprint_of(["t"], rows) != fingerprint_of(["t"], rows[:1])
    assert fingerprint_of(["t"], rows) == fingerprint_of(["t"], rows[::-1].copy())


def test_cells_that_are_lists_are_refused_by_column():
    with pytest.raises(DataError, match='"x"'):
        cells_of(pd.Series([[1, 2], [3]]), "x")
