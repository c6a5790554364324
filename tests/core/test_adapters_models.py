"""Estimators, functions and recorded predictions are models."""

import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from skops import io

from audit.adapters import python_model, recorded, sklearn_model
from audit.adapters.objects import wrap
from audit.adapters.options import ModelOptions, SplitRoles
from audit.adapters.rows import examples_from
from audit.errors import ModelError
from audit.model import Predicts, Recorded

X = pd.DataFrame({"age": [20, 30, 40, 50], "sex": ["F", "M", "F", "M"]})
Y = ["no", "no", "yes", "yes"]
OPTIONS = ModelOptions()


@pytest.fixture(scope="module")
def tabular():
    encode = make_column_transformer((OneHotEncoder(), ["sex"]), remainder="passthrough")
    return make_pipeline(encode, LogisticRegression()).fit(X, Y)


def test_a_skops_file_gives_probabilities_by_class(tmp_path, tabular):
    io.dump(tabular, tmp_path / "m.skops")
    model = sklearn_model.load("m.skops", OPTIONS, base=tmp_path)
    assert isinstance(model, Predicts)
    assert model.card.labels == ("no", "yes")
    np.testing.assert_array_equal(model.predict(X), tabular.predict_proba(X))


def test_columns_are_given_as_in_training(tabular):
    model = sklearn_model.from_object(tabular, OPTIONS)
    mixed = X[["sex", "age"]].assign(extra=1)
    np.testing.assert_array_equal(model.predict(mixed), tabular.predict_proba(X))


def test_a_column_that_the_model_needs_is_named(tabular):
    with pytest.raises(ModelError, match="does not name") as caught:
        sklearn_model.from_object(tabular, OPTIONS).predict(X[["age"]].assign(sexe="F"))
    assert "missing: sex" in caught.value.where


@pytest.mark.parametrize("suffix", ["joblib", "pkl", "pickle"])
def test_a_pickle_is_refused_unless_it_is_allowed(tmp_path, tabular, suffix):
    joblib.dump(tabular, tmp_path / f"m.{suffix}")
    with pytest.raises(ModelError, match="can run any code") as caught:
        sklearn_model.load(f"m.{suffix}", OPTIONS, base=tmp_path)
    assert "allow_pickle" in caught.value.hint
    allowed = sklearn_model.load(f"m.{suffix}", ModelOptions(allow_pickle=True), base=tmp_path)
    assert allowed.predict(X).shape == (4, 2)


def test_types_that_skops_does_not_know_are_listed(tmp_path):
    from sklearn.preprocessing import FunctionTransformer

    model = make_pipeline(FunctionTransformer(joblib.hash), LogisticRegression())
    model[-1].fit([[0.0], [1.0]], [0, 1])
    io.dump(model, tmp_path / "m.skops")
    with pytest.raises(ModelError, match="does not vouch") as caught:
        sklearn_model.load("m.skops", OPTIONS, base=tmp_path)
    assert "joblib" in caught.value.where
    assert "trusted_types" in caught.value.hint


def test_types_that_the_user_names_are_trusted_and_no_others(tmp_path):
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(max_iter=2).fit([[0.0], [1.0]] * 30, [0, 1] * 30)
    io.dump(model, tmp_path / "m.skops")
    with pytest.raises(ModelError, match="does not vouch"):
        sklearn_model.load("m.skops", OPTIONS, base=tmp_path)
    tree = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"
    named = ModelOptions(trusted_types=(tree,))
    assert sklearn_model.load("m.skops", named, base=tmp_path).card.labels == ("0", "1")


def test_a_classifier_without_probabilities_answers_with_its_label():
    model = sklearn_model.from_object(RidgeClassifier().fit([[0.0], [1.0]], Y[1:3]), OPTIONS)
    np.testing.assert_array_equal(model.predict([0.0, 1.0]), [[1, 0], [0, 1]])
    assert model.card.settings["outputs"] == "labels only"


def test_a_regressor_answers_with_numbers():
    model = sklearn_model.from_object(LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0]), OPTIONS)
    assert model.card.task == "regression"
    np.testing.assert_allclose(model.predict([0.5]), [1.0])


def test_a_text_pipeline_is_given_a_list():
    fitted = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(["a bad", "a good"], [0, 1])
    model = sklearn_model.from_object(fitted, OPTIONS)
    assert model.card.labels == ("0", "1")
    assert model.predict(["good", "bad"]).argmax(1).tolist() == [1, 0]


def test_labels_in_another_order_are_refused_rather_than_swapped(tabular):
    with pytest.raises(ModelError, match="another order"):
        sklearn_model.from_object(tabular, ModelOptions(labels=("yes", "no")))
    renamed = ModelOptions(labels=("declined", "granted"))
    assert sklearn_model.from_object(tabular, renamed).card.labels == ("declined", "granted")


def test_an_estimator_that_is_not_fitted_is_refused():
    with pytest.raises(ModelError, match="not fitted"):
        sklearn_model.from_object(LogisticRegression(), OPTIONS)


def test_the_fingerprint_of_an_estimator_follows_its_weights(tabular):
    one = sklearn_model.from_object(tabular, OPTIONS).card.fingerprint
    other = make_pipeline(LogisticRegression(C=0.1)).fit(X[["age"]], Y)
    assert sklearn_model.from_object(tabular, OPTIONS).card.fingerprint == one
    assert sklearn_model.from_object(other, OPTIONS).card.fingerprint != one


LABELS = ModelOptions(labels=("no", "yes"), positive="yes")


@pytest.mark.parametrize(
    "answer",
    [[[0.75, 0.25], [0.0, 1.0]], [0.25, 1.0], pd.Series([0.25, 1.0])],
    ids=["columns", "scores", "series"],
)
def test_a_function_may_return_columns_or_scores(answer):
    model = python_model.from_callable(lambda inputs: answer, LABELS)
    np.testing.assert_array_equal(model.predict(["a", "b"]), [[0.75, 0.25], [0.0, 1.0]])


def test_a_function_may_return_labels_by_name():
    model = python_model.from_callable(lambda inputs: ["yes", "no"], LABELS)
    np.testing.assert_array_equal(model.predict(["a", "b"]), [[0, 1], [1, 0]])


def test_a_label_that_is_not_one_is_refused():
    model = python_model.from_callable(lambda inputs: ["yse"], LABELS)
    with pytest.raises(ModelError, match='"yse"') as caught:
        model.predict(["a"])
    assert "yes" in caught.value.hint


def test_one_number_a_row_needs_a_positive_label():
    model = python_model.from_callable(lambda inputs: [0.5], ModelOptions(labels=("a", "b")))
    with pytest.raises(ModelError, match="one number") as caught:
        model.predict(["x"])
    assert "positive:" in caught.value.hint


def test_a_function_is_kept_beyond_the_run_only_with_a_revision():
    assert not python_model.from_callable(len, LABELS).card.cacheable
    pinned = ModelOptions(labels=("a", "b"), revision="v1")
    assert python_model.from_callable(len, pinned).card.cacheable


def test_a_function_is_imported_from_beside_the_specification(tmp_path):
    before = list(sys.path)
    for name, value in (("one", 1.0), ("two", 2.0)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mymodel.py").write_text(f"def f(x):\n    return [{value}] * len(x)\n")
        model = python_model.load("mymodel:f", OPTIONS, base=tmp_path / name)
        assert model.predict(["a"]).tolist() == [value]
    assert sys.path == before


def test_a_function_that_is_not_there_is_suggested(tmp_path):
    (tmp_path / "nearly.py").write_text("def predict(x):\n    return x\n")
    with pytest.raises(ModelError, match='no function "predcit"') as caught:
        python_model.load("nearly:predcit", LABELS, base=tmp_path)
    assert "predict" in caught.value.hint


def test_objects_in_memory_are_wrapped_by_kind(tabular):
    model = wrap(tabular, OPTIONS)
    assert model.card.kind == "sklearn"
    assert wrap(model, OPTIONS) is model
    assert wrap(lambda x: x, LABELS).card.kind == "python"
    with pytest.raises(ModelError, match="cannot be audited"):
        wrap(3, OPTIONS)


ROWS = [
    {"y": "no", "p": "no", "s": 0.4},
    {"y": "yes", "p": "yes", "s": 0.4},
    {"y": "yes", "p": None, "s": 0.9},
]


def bound(options, **roles):
    examples = examples_from(ROWS, "test", SplitRoles(label="y", **roles))
    return recorded.load("", options, base=None).bound_to({"test": examples}), examples


def test_recorded_labels_are_ones_and_a_missing_one_is_nan():
    model, examples = bound(OPTIONS, prediction="p")
    assert isinstance(model, Recorded)
    assert (model.card.labels, model.scored) == (("no", "yes"), False)
    np.testing.assert_array_equal(model.recall(examples), [[1, 0], [0, 1], [np.nan, np.nan]])


def test_a_recorded_score_is_the_probability_and_the_prediction_the_decision():
    model, examples = bound(LABELS, prediction="p", score="s")
    assert model.scored
    np.testing.assert_allclose(model.recall(examples)[:, 1], [0.4, 0.4, 0.9])
    assert model.decisions(examples).tolist() == [0, 1, -1]


def test_a_recorded_score_needs_a_positive_label():
    with pytest.raises(ModelError, match="needs positive"):
        bound(OPTIONS, score="s")


def test_a_recorded_label_outside_the_labels_is_counted():
    model, examples = bound(ModelOptions(labels=("no", "maybe")), prediction="p")
    with pytest.raises(ModelError, match=r'1 rows .* "yes"'):
        model.recall(examples)


def test_recorded_numbers_are_values():
    rows = {"y": [1.0, 2.0], "p": [1.5, None]}
    roles = SplitRoles(label="y", prediction="p", target_is_number=True)
    examples = examples_from(rows, "test", roles)
    options = ModelOptions(task="regression")
    model = recorded.load("", options, base=None).bound_to({"test": examples})
    np.testing.assert_array_equal(model.recall(examples), [1.5, np.nan])
