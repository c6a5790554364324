"""What trains a scikit-learn estimator, a function's model or a torch module again."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from audit.adapters import python_refits
from audit.adapters.objects import wrap
from audit.adapters.options import ModelOptions, RefitOptions
from audit.adapters.refits import refits_of
from audit.adapters.sklearn_refits import of_estimator
from audit.errors import ConfigError, ModelError
from audit.model import Refits, Sized

OPTIONS = ModelOptions()
RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(90, 4)), columns=list("abcd"))
CODES = (X["a"] + X["b"] > 0).to_numpy().astype(int) + (X["c"] > 1).to_numpy()
NAMES = np.array(["low", "middle", "top"])


def refits(estimator, **asked):
    return of_estimator(wrap(estimator, OPTIONS), RefitOptions(**asked))


def refit(estimator, rows=slice(None), seed=0):
    return refits(estimator).fit(X.iloc[rows], CODES[rows], recipe="clone", seed=seed)


@pytest.mark.parametrize("classes", [NAMES, np.array([3, 5, 9]), np.array([0.0, 1.0, 2.0])])
def test_a_clone_is_what_scikit_learn_fits_itself(classes):
    estimator = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, classes[CODES])
    expected = clone(estimator).fit(X[:40], classes[CODES[:40]])
    found = refit(estimator, slice(40))
    np.testing.assert_array_equal(found.predict(X), expected.predict_proba(X))
    assert found.model.estimator.classes_.dtype == classes.dtype


def test_a_search_is_searched_again():
    search = GridSearchCV(LogisticRegression(), {"C": [0.01, 1]}, cv=3).fit(X, NAMES[CODES])
    expected = clone(search).fit(X[:60], NAMES[CODES[:60]])
    np.testing.assert_array_equal(refit(search, slice(60)).predict(X), expected.predict_proba(X))


def test_a_class_that_the_rows_lack_has_probability_0():
    rows = np.flatnonzero(CODES != 1)
    found = refit(LogisticRegression().fit(X, NAMES[CODES]), rows).predict(X)
    assert found.shape == (90, 3)
    assert (found[:, 1] == 0).all()
    np.testing.assert_allclose(found.sum(1), 1)


def test_rows_of_one_class_teach_that_class():
    found = refit(LogisticRegression().fit(X, NAMES[CODES]), np.flatnonzero(CODES == 2))
    np.testing.assert_array_equal(found.predict(X[:2]), [[0, 0, 1], [0, 0, 1]])


def test_a_classifier_without_probabilities_answers_with_its_label():
    rows = np.flatnonzero(CODES != 1)
    found = refit(RidgeClassifier().fit(X, NAMES[CODES]), rows).predict(X)
    assert set(np.unique(found)) == {0.0, 1.0}
    assert (found[:, 1] == 0).all()


def test_a_regressor_learns_values():
    values = X["a"].to_numpy() * 2
    made = refits(LinearRegression().fit(X, values))
    found = made.fit(X[:20], values[:20], recipe="clone", seed=0)
    np.testing.assert_allclose(found.predict(X), values)


def test_texts_are_given_as_a_list():
    texts = ["a bad film", "a good film"] * 3
    fitted = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, ["n", "p"] * 3)
    found = refits(fitted).fit(texts[:4], np.array([0, 1, 0, 1]), recipe="clone", seed=0)
    assert found.predict(["good", "bad"]).argmax(1).tolist() == [1, 0]


def test_the_seed_reaches_nested_estimators():
    forest = make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=3))
    forest.fit(X, NAMES[CODES])
    one, same, other = (refit(forest, seed=s).predict(X) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    assert refit(forest, seed=1).model.estimator[-1].random_state == 1


def test_the_audited_estimator_stays_as_it_is():
    estimator = LogisticRegression().fit(X, NAMES[CODES])
    before = estimator.predict_proba(X)
    refit(estimator, slice(20))
    np.testing.assert_array_equal(estimator.predict_proba(X), before)


def test_the_fingerprint_follows_parameters_and_not_what_was_learned():
    one, same = (LogisticRegression().fit(X[:n], NAMES[CODES[:n]]) for n in (50, 90))
    other = LogisticRegression(C=2.0).fit(X, NAMES[CODES])
    prints = [refits(e).recipes[0].fingerprint for e in (one, same, other)]
    assert prints[0] == prints[1] != prints[2]


def test_code_without_a_version_is_not_kept_beyond_the_run():
    def double(x):
        return 2 * x

    for function in (double, lambda x: x):
        steps = make_pipeline(FunctionTransformer(function), LogisticRegression())
        assert not refits(steps.fit(X, NAMES[CODES])).recipes[0].cacheable
    assert refits(LogisticRegression().fit(X, NAMES[CODES])).recipes[0].cacheable


def test_only_fits_outside_python_run_side_by_side():
    forest, jobs = RandomForestClassifier(2), RandomForestClassifier(2, n_jobs=2)
    made = [refits(e.fit(X, CODES)) for e in (forest, jobs, LogisticRegression())]
    assert [m.recipes[0].parallel for m in made] == [True, False, False]
    assert isinstance(made[0], Refits)


def test_what_cannot_be_cloned_is_said():
    class Foreign:
        classes_ = NAMES

        def get_params(self, deep=True):
            raise TypeError("no parameters")

        def predict(self, rows):
            return NAMES[[0] * len(rows)]

    from audit.adapters.sklearn_model import wrap as card_of

    model = card_of(Foreign(), OPTIONS, name="foreign", content="")
    assert "cannot be cloned" in of_estimator(model, RefitOptions())


def test_another_recipe_is_refused_for_an_estimator():
    with pytest.raises(ConfigError, match="does not fit a scikit-learn") as caught:
        refits(LogisticRegression().fit(X, CODES), recipe="lora")
    assert "recipe: clone" in caught.value.hint


CARD = wrap(LogisticRegression().fit(X, NAMES[CODES]), OPTIONS).card
NUMBERS = wrap(LinearRegression().fit(X, CODES), OPTIONS).card


def by_function(fit, card=CARD, **asked):
    return python_refits.load(card, OPTIONS, RefitOptions(**asked), base=Path(), fit=fit)


def answers(fit, rows=slice(None), card=CARD, targets=CODES):
    made = by_function(fit, card)
    fitted = made.fit(X.iloc[rows], targets[rows], recipe="user", seed=3)
    assert isinstance(fitted, Sized)
    assert len(fitted.sizes(X)) == 90
    return fitted.predict(X)


def test_a_function_is_given_names_and_a_seed():
    def fit(inputs, targets, seed):
        assert targets.tolist() == NAMES[CODES].tolist()
        assert seed == 3
        return LogisticRegression().fit(inputs, targets)

    expected = LogisticRegression().fit(X, NAMES[CODES]).predict_proba(X)
    np.testing.assert_array_equal(answers(fit), expected)


def test_an_estimator_s_classes_find_their_columns_by_name():
    found = answers(lambda x, y, s: LogisticRegression().fit(x, y), np.flatnonzero(CODES != 0))
    assert (found[:, 0] == 0).all()
    np.testing.assert_allclose(found.sum(1), 1)


@pytest.mark.parametrize(
    ("answer", "first"),
    [([[0.2, 0.3, 0.5]] * 90, [0.2, 0.3, 0.5]), (["top"] * 90, [0, 0, 1])],
    ids=["columns", "names"],
)
def test_a_function_may_return_a_function(answer, first):
    np.testing.assert_array_equal(answers(lambda x, y, s: lambda inputs: answer)[0], first)


def test_a_function_may_return_a_torch_module():
    torch = pytest.importorskip("torch")

    def fit(inputs, targets, seed):
        torch.manual_seed(seed)
        return torch.nn.Linear(4, 3)

    found = answers(fit)
    assert found.shape == (90, 3)
    np.testing.assert_allclose(found.sum(1), 1)


def test_a_function_may_return_values():
    def fit(inputs, targets, seed):
        assert targets.dtype == np.float64
        return LinearRegression().fit(inputs, targets)

    assert answers(fit, card=NUMBERS, targets=X["a"].to_numpy()).shape == (90,)


@pytest.mark.parametrize(
    ("fit", "words"),
    [
        (lambda x, y, s: LogisticRegression().fit(x, CODES), "a model of 0, 1, 2"),
        (lambda x, y, s: LinearRegression().fit(x, CODES), "a model of values"),
        (lambda x, y, s: None, "cannot be audited"),
    ],
)
def test_a_model_with_other_answers_is_refused(fit, words):
    with pytest.raises(ModelError, match=words):
        answers(fit)


def test_a_function_is_imported_and_kept_only_with_a_revision(tmp_path):
    (tmp_path / "mine_to_fit.py").write_text("def fit(inputs, targets, seed):\n    return len\n")
    words = {"fit": "python:mine_to_fit:fit"}
    for revision in ("", "1"):
        asked = RefitOptions(**words, revision=revision)
        recipe = python_refits.load(CARD, OPTIONS, asked, base=tmp_path).recipes[0]
        assert (recipe.name, recipe.cacheable) == ("user", bool(revision))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"recipe": "full", "fit": "python:a:b"}, "does not go with a function"),
        ({"fit": "mine:fit"}, "not of the form"),
        ({"fit": "python:not_there_at_all:fit"}, "cannot be imported"),
    ],
)
def test_a_function_that_cannot_be_had_is_said(asked, words):
    with pytest.raises(ConfigError, match=words):
        python_refits.load(CARD, OPTIONS, RefitOptions(**asked), base=Path())


def test_the_chooser_takes_the_function_before_the_estimator():
    model = wrap(LogisticRegression().fit(X, NAMES[CODES]), OPTIONS)
    with_function = refits_of(model, OPTIONS, RefitOptions(), base=Path(), fit=len)
    without = refits_of(model, OPTIONS, RefitOptions(), base=Path())
    assert [r.recipes[0].name for r in (with_function, without)] == ["user", "clone"]
