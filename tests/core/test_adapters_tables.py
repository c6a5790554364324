"""Data sets become examples by role, whatever file they come from."""

import datasets
import numpy as np
import pandas as pd
import pytest

from audit.adapters import tables
from audit.adapters.options import SplitRoles, TableOptions
from audit.adapters.rows import examples_from
from audit.data import MISSING
from audit.errors import DataError

FRAME = pd.DataFrame(
    {
        "text": ["good", "bad", "good", "ünïcödé ☂"],
        "label": [1, 0, 1, 0],
        "age": [24, 25, 39, 65],
        "sex": ["F", "M", None, "F"],
        "score": [0.9, 0.2, 0.8, 0.1],
    }
)
ROLES = SplitRoles(input=("text",), label="label", groups=("sex",))


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "hf")


@pytest.mark.parametrize("kind", ["csv", "json", "parquet", "arrow"])
def test_every_file_kind_gives_the_same_rows(tmp_path, kind):
    write = {
        "csv": lambda p: FRAME.to_csv(p, index=False),
        "json": lambda p: FRAME.to_json(p, orient="records", lines=True),
        "parquet": lambda p: FRAME.to_parquet(p, index=False),
        "arrow": lambda p: datasets.Dataset.from_pandas(FRAME).save_to_disk(p),
    }
    write[kind](tmp_path / "data")
    loaded = getattr(tables, f"load_{kind}")("data", TableOptions(), base=tmp_path)
    examples = examples_from(loaded, "test", ROLES)
    assert examples.inputs.take(np.array([3, 0])) == ["ünïcödé ☂", "good"]
    assert examples.labels.names == ("0", "1")
    assert examples.groups["sex"].names == ("F", "M", MISSING)
    assert examples.fingerprint == examples_from(FRAME, "test", ROLES).fingerprint


def test_a_function_may_return_records(tmp_path):
    (tmp_path / "rowmaker.py").write_text("def rows():\n    return [{'text': 'a', 'label': 'x'}]\n")
    loaded = tables.load_python("rowmaker:rows", TableOptions(), base=tmp_path)
    assert loaded[0] == {"text": "a", "label": "x"}


def test_a_missing_column_is_named_with_a_suggestion():
    with pytest.raises(DataError, match='"lable"') as caught:
        examples_from(FRAME, "test", SplitRoles(input=("text",), label="lable"))
    assert caught.value.exit_code == 2
    assert "found: text, label" in str(caught.value)
    assert 'did you mean "label"' in str(caught.value)


def test_a_missing_file_is_named_with_a_suggestion(tmp_path):
    (tmp_path / "test.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match=r"tset\.csv") as caught:
        tables.load_csv("tset.csv", TableOptions(), base=tmp_path)
    assert 'did you mean "test.csv"?' in caught.value.hint


def test_a_saved_folder_with_several_splits_needs_a_name(tmp_path):
    one = datasets.Dataset.from_pandas(FRAME)
    datasets.DatasetDict(train=one, test=one.select([0])).save_to_disk(tmp_path / "d")
    with pytest.raises(DataError, match="several splits"):
        tables.load_arrow("d", TableOptions(), base=tmp_path)
    assert len(tables.load_arrow("d", TableOptions(split="test"), base=tmp_path)) == 1


def test_an_empty_data_set_is_refused():
    with pytest.raises(DataError, match="no rows"):
        examples_from(FRAME.head(0), "test", ROLES)


def test_a_text_that_is_missing_is_named_by_row():
    with pytest.raises(DataError, match="1 rows without a text") as caught:
        examples_from(pd.DataFrame({"text": ["a", None], "label": [0, 1]}), "test", SplitRoles(
            input=("text",), label="label"))  # fmt: skip
    assert "row 1" in caught.value.where


def test_a_row_without_a_label_is_named():
    with pytest.raises(DataError, match="missing in 1 of 2") as caught:
        examples_from([{"t": "a", "y": "p"}, {"t": "b", "y": None}], "test", SplitRoles(
            input=("t",), label="y"))  # fmt: skip
    assert "row 1" in caught.value.where


def test_a_score_that_is_no_number_is_named_by_row():
    rows = [{"y": "a", "s": "0.5"}, {"y": "b", "s": "high"}]
    with pytest.raises(DataError, match="must hold numbers") as caught:
        examples_from(rows, "test", SplitRoles(label="y", score="s"))
    assert "row 1" in caught.value.where


def test_a_numeric_target_is_read_as_numbers():
    roles = SplitRoles(input=("text",), label="score", target_is_number=True)
    examples = examples_from(FRAME, "test", roles)
    assert examples.labels is None
    np.testing.assert_array_equal(examples.targets, FRAME["score"])


def test_class_label_features_and_a_map_give_names():
    features = datasets.Features(
        {"t": datasets.Value("string"), "y": datasets.ClassLabel(names=["neg", "pos"])}
    )
    loaded = datasets.Dataset.from_dict({"t": ["a", "b"], "y": [1, 0]}, features=features)
    roles = SplitRoles(input=("t",), label="y", label_map={"pos": "good"})
    labels = examples_from(loaded, "test", roles).labels
    assert [labels.names[c] for c in labels.codes] == ["good", "neg"]


def test_ages_fall_into_ranges_that_include_their_lower_edge():
    roles = SplitRoles(input=("text",), groups=("age",), bins={"age": [25, 40, 65]})
    ages = examples_from(FRAME, "test", roles).groups["age"]
    words = [ages.names[c] for c in ages.codes]
    assert words == ["under 25", "25 to 39", "25 to 39", "65 and over"]


def test_ranges_of_fractions_say_under():
    rows = {"t": ["a", "b", "c"], "x": [0.25, 0.5, None]}
    roles = SplitRoles(input=("t",), groups=("x",), bins={"x": [0.5, 1.5]})
    group = examples_from(rows, "test", roles).groups["x"]
    assert group.names == ("under 0.5", "0.5 to under 1.5", MISSING)


def test_the_fingerprint_knows_contents_and_not_the_order_of_rows_or_columns():
    one = examples_from(FRAME, "test", ROLES).fingerprint
    shuffled = FRAME.sample(frac=1, random_state=1)[FRAME.columns[::-1]]
    changed = FRAME.assign(label=[1, 0, 1, 1])
    assert examples_from(shuffled, "test", ROLES).fingerprint == one
    assert examples_from(changed, "test", ROLES).fingerprint != one
    assert examples_from(pd.concat([FRAME, FRAME]), "test", ROLES).fingerprint != one


def test_filtered_data_sets_keep_their_rows_together():
    loaded = datasets.Dataset.from_pandas(FRAME).select([3, 1])
    examples = examples_from(loaded, "test", ROLES)
    assert examples.inputs.take(np.arange(2)) == ["ünïcödé ☂", "bad"]
    assert [examples.groups["sex"].names[c] for c in examples.groups["sex"].codes] == ["F", "M"]


def test_rows_without_a_cluster_stand_alone():
    rows = {"t": list("abcd"), "c": ["x", None, "x", None]}
    codes = examples_from(rows, "test", SplitRoles(input=("t",), cluster="c")).clusters
    assert codes[0] == codes[2]
    assert len(set(codes)) == 3


def test_recorded_predictions_need_no_input():
    roles = SplitRoles(label="label", prediction="label", score="score")
    examples = examples_from(FRAME, "test", roles)
    assert set(examples.recorded) == {"prediction", "score"}
    assert len(examples.inputs) == 4


def test_several_input_columns_are_taken_as_a_frame():
    examples = examples_from(FRAME, "test", SplitRoles(input=("age", "sex"), label="label"))
    taken = examples.inputs.take(np.array([3, 1]))
    assert list(taken.columns) == ["age", "sex"]
    assert taken["age"].tolist() == [65, 25]
    assert taken.index.tolist() == [0, 1]
