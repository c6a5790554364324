"""What trains a scikit-learn estimator, a function's model or a torch module again."""

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

from audit.adapters.objects import wrap
from audit.adapters.options import ModelOptions, RefitOptions
from audit.adapters.sklearn_refits import of_estimator
from audit.errors import ConfigError
from audit.model import Refits

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
