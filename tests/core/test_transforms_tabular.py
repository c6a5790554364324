"""Transforms of tables: seeded by row and column name, true to columns and types."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.transform import SEVERITIES, Chance
from audit.transforms import tabular_columns
from audit.transforms.tabular import transforms

KINDS = {k.sheet.name: k for k in transforms()}
every = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def people(n=400, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "hours": rng.integers(5, 70, n),
            "height": rng.normal(1.7, 0.1, n),
            "weight": rng.normal(70, 12, n),
            "work": rng.choice(["state", "own", "firm"], n),
            "town": rng.choice(["Ulm", "Bonn", "Jena"], n),
            "rank": pd.Categorical(rng.choice(["low", "high"], n)),
        }
    )


def chance(n, reference=None, seed=3, start=0):
    return Chance(np.array([b"%016d" % i for i in range(start, start + n)], "S16"), seed, reference)


def same(a, b):
    pd.testing.assert_frame_equal(a, b)
    return True


def differs(a, b):
    """Return which cells differ, as an (n, columns) array."""
    pairs = [(a.iloc[:, j].astype(object), b.iloc[:, j].astype(object)) for j in range(a.shape[1])]
    return np.array([~((x == y) | (x.isna() & y.isna())).to_numpy(dtype=bool) for x, y in pairs]).T


@every
def test_the_same_seed_gives_the_same_table_and_another_one_another(kind):
    frame = people()
    first = kind.apply(frame, 4, chance(400))
    assert same(first, kind.apply(frame, 4, chance(400)))
    if kind.sheet.name != "rounding":
        assert not first.equals(kind.apply(frame, 4, chance(400, seed=4)))


@every
def test_columns_rows_and_types_are_kept_and_nothing_changes_in_place(kind):
    frame = people()
    frame.index = frame.index[::-1]
    before = frame.copy(deep=True)
    changed = kind.apply(frame, 5, chance(400))
    assert same(frame, before)
    assert list(changed.columns) == list(frame.columns)
    assert changed.index.equals(frame.index)
    for name in frame:
        if kind.sheet.name == "missing-values" and name in ("age", "hours"):
            assert changed[name].dtype == np.float64
        elif name == "rank":
            assert isinstance(changed[name].dtype, pd.CategoricalDtype)
        else:
            assert changed[name].dtype == frame[name].dtype


@every
def test_a_higher_severity_changes_more_cells_or_moves_them_further(kind):
    frame = people(2000)
    changed = [kind.apply(frame, s, chance(2000)) for s in SEVERITIES]
    cells = [differs(frame, c).mean() for c in changed]
    far = [(c["weight"] - frame["weight"]).abs().mean() for c in changed]
    assert cells[0] > 0
    assert all(np.diff(cells) > 0) or all(np.diff(far) > 0), (cells, far)
    assert all(np.diff(cells) >= -0.001)


@every
def test_neither_the_order_of_rows_nor_of_columns_nor_neighbours_matter(kind):
    frame = people()
    whole = kind.apply(frame, 4, chance(400, frame))
    rows = np.random.default_rng(1).permutation(400)[:150]
    columns = [3, 6, 0, 5, 1, 4, 2]
    some = frame.iloc[rows, columns]
    luck = Chance(chance(400).digests[rows], 3, frame.sample(frac=1, random_state=0))
    assert same(kind.apply(some, 4, luck), whole.iloc[rows, columns])


@every
def test_odd_tables_do_not_break(kind):
    n = 12
    odd = pd.DataFrame(
        {
            "nothing": np.full(n, np.nan),
            "none": pd.Series([None] * n, dtype=object),
            "constant": np.full(n, 7),
            "flag": np.arange(n) % 2 == 0,
            "day": pd.date_range("2020-01-01", periods=n),
            "small": np.arange(n, dtype=np.uint8),
            "large": np.array([2**62, *range(n - 1)]),
            "wide": np.array([1e308, -1e308, np.inf, *np.ones(n - 3)]),
            "nullable": pd.array([1, None] * 6, dtype="Int64"),
            "maybe": pd.array([True, None] * 6, dtype="boolean"),
            "half": np.arange(n, dtype=np.float16),
            "mixed": pd.Series(["a", 1, None, ["list"]] * 3, dtype=object),
            "coded": pd.Categorical([3, 4] * 6),
            "sparse": pd.array([0.0, 1.0] * 6, dtype=pd.SparseDtype("float")),
            "arrow": pd.array([1, 2] * 6, dtype="int64[pyarrow]"),
            "said": pd.array(["x", "y"] * 6, dtype="string[pyarrow]"),
        }
    )
    for severity in SEVERITIES:
        changed = kind.apply(odd, severity, chance(n))
        assert changed.shape == odd.shape
        if kind.sheet.name != "missing-values":
            assert list(changed.dtypes) == list(odd.dtypes)
            assert changed["large"][0] == 2**62 or kind.sheet.name == "swapped-columns"
        assert changed["flag"].equals(odd["flag"])


@every
def test_empty_tables_and_tables_of_one_row_or_no_column_do_not_break(kind):
    frame = people(5)
    assert kind.apply(frame.iloc[:0], 5, chance(0, frame)).shape == (0, 7)
    assert kind.apply(frame.iloc[:1], 5, chance(1)).shape == (1, 7)
    assert kind.apply(frame[[]], 5, chance(5)).shape == (5, 0)


@every
def test_columns_of_one_name_do_not_break(kind):
    frame = people(50)[["age", "age", "work", "work"]]
    assert list(kind.apply(frame, 5, chance(50)).columns) == ["age", "age", "work", "work"]


@every
def test_a_reference_that_lacks_a_column_is_made_up_for_by_the_table_itself(kind):
    frame = people(60)
    partly = kind.apply(frame, 5, chance(60, frame[["age"]]))
    assert same(partly, kind.apply(frame, 5, chance(60)))


columns = {
    "int64": st.integers(-(2**63), 2**63 - 1),
    "int8": st.integers(-128, 127),
    "float64": st.floats(allow_nan=True, allow_infinity=True),
    "float32": st.floats(width=32),
    "bool": st.booleans(),
    "object": st.one_of(st.none(), st.text(max_size=3), st.integers(0, 3)),
    "string": st.one_of(st.none(), st.sampled_from(["a", "A", "b c"])),
    "category": st.sampled_from(["u", "v", "unseen"]),
}


@st.composite
def tables(draw):
    n = draw(st.integers(0, 12))
    types = draw(st.lists(st.sampled_from(sorted(columns)), max_size=5))
    made = {
        f"c{i}": pd.Series(draw(st.lists(columns[t], min_size=n, max_size=n)), dtype=t)
        for i, t in enumerate(types)
    }
    return pd.DataFrame(made, index=range(n))


@settings(max_examples=100, deadline=None)
@given(tables(), st.sampled_from(sorted(KINDS)), st.integers(1, 5), st.randoms())
def test_any_table_keeps_its_shape_and_types_and_ignores_the_order_of_rows(
    frame, name, severity, random
):
    apply, n = KINDS[name].apply, len(frame)
    before = frame.copy(deep=True)
    changed = apply(frame, severity, chance(n, frame))
    assert same(frame, before)
    assert changed.shape == frame.shape
    for column in frame if name != "missing-values" else []:
        was, now = frame[column].dtype, changed[column].dtype
        assert was == now or (str(was), str(now)) == ("category", "category")
    rows = random.sample(range(n), n)
    luck = Chance(chance(n).digests[rows], 3, frame)
    assert same(apply(frame.iloc[rows], severity, luck), changed.iloc[rows])


def test_missing_values_leave_out_their_share_of_the_cells():
    changed = KINDS["missing-values"].apply(people(3000), 4, chance(3000))
    # 21,000 cells: four standard errors of a share of 0.2.
    assert changed.isna().to_numpy().mean() == pytest.approx(0.2, abs=0.011)


def test_noise_is_measured_in_spreads_of_the_reference():
    frame = people(3000)
    wide = frame.assign(weight=frame["weight"] * 10)
    apply = KINDS["column-noise"].apply
    moved = apply(frame, 3, chance(3000, wide))["weight"] - frame["weight"]
    assert moved.std() == pytest.approx(0.2 * wide["weight"].std(), rel=0.06)
    assert abs(moved.mean()) < 4 * moved.std() / np.sqrt(3000)


def test_the_luck_of_two_columns_is_not_the_same():
    frame = pd.DataFrame({"a": np.zeros(2000), "b": np.zeros(2000)})
    reference = pd.DataFrame({"a": [0.0, 2.0], "b": [0.0, 2.0]})
    changed = KINDS["column-noise"].apply(frame, 3, chance(2000, reference))
    assert abs(np.corrcoef(changed["a"], changed["b"])[0, 1]) < 4 / np.sqrt(2000)


def test_outliers_are_pushed_by_the_stated_number_of_spreads():
    frame = people(2000)
    moved = KINDS["outliers"].apply(frame, 4, chance(2000))["weight"] - frame["weight"]
    hit = moved != 0
    assert hit.mean() == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / 2000))
    np.testing.assert_allclose(moved[hit].abs(), 7 * np.std(frame["weight"]), rtol=1e-9)


def test_rounding_gives_short_numbers_that_are_near():
    frame = people()
    changed = KINDS["rounding"].apply(frame, 4, chance(400))
    assert set(changed["age"] % 5) == {0}
    assert (changed["age"] - frame["age"]).abs().max() <= 2
    assert changed["height"].map(lambda v: len(repr(float(v)))).max() <= 4


def test_a_slip_of_unit_multiplies_by_a_known_factor():
    frame = people(2000)
    ratio = KINDS["unit-slips"].apply(frame, 5, chance(2000))["weight"] / frame["weight"]
    slipped = set(ratio[ratio != 1].round(6))
    assert {10.0, 0.1, 100.0, 0.01, 1000.0, 0.001, 2.54} <= slipped
    assert len(slipped) == 11


def test_an_unseen_category_is_new_even_where_its_word_is_taken():
    frame = people().assign(work=lambda f: f["work"].replace("own", "unseen"))
    changed = KINDS["unseen-category"].apply(frame, 5, chance(400, frame))
    assert set(changed["work"]) - set(frame["work"]) == {"unseen-too"}
    assert set(changed["rank"]) - set(frame["rank"]) == {"unseen"}


def test_free_text_is_not_taken_for_a_category():
    frame = pd.DataFrame({"note": [f"note {i}" for i in range(300)]})
    for name in ("unseen-category", "category-spelling"):
        assert same(KINDS[name].apply(frame, 5, chance(300)), frame)


def test_another_spelling_is_the_same_word_and_no_other_category():
    frame = pd.DataFrame({"work": ["own", "OWN", "firm"] * 200})
    changed = KINDS["category-spelling"].apply(frame, 5, chance(600))
    new = set(changed["work"]) - set(frame["work"])
    assert {v.strip().lower() for v in new} == {"own", "firm"}
    moved = changed["work"][changed["work"] != frame["work"]]
    assert not set(moved) & {"own", "OWN", "firm"}


def test_swapped_columns_hold_the_same_values_row_by_row():
    frame = people(2000)
    changed = KINDS["swapped-columns"].apply(frame, 5, chance(2000))
    rows = differs(frame, changed).any(axis=1)
    assert rows.mean() == pytest.approx(0.35, abs=0.08)  # some exchanged cells are equal
    for pair in (["age", "hours"], ["height", "weight"], ["town", "work"]):
        sorted_rows = [np.sort(f[pair].to_numpy(dtype=object), axis=1) for f in (frame, changed)]
        assert (sorted_rows[0] == sorted_rows[1]).all()


def test_a_spread_agrees_with_numpy_and_is_zero_where_nothing_varies():
    values = pd.Series([1.0, 5.0, np.nan, 2.0, np.inf])
    assert tabular_columns.spread(values) == pytest.approx(np.std([1, 2, 5]))
    for same_ in ([3.0, 3.0], [], [np.nan], [1.0]):
        assert tabular_columns.spread(pd.Series(same_, dtype=float)) == 0.0
