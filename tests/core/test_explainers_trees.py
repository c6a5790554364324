"""TreeSHAP: held against every coalition written out, against shap, and on the second example."""

from itertools import combinations
from math import factorial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from audit.adapters.objects import wrap
from audit.adapters.options import ModelOptions, SplitRoles
from audit.adapters.rows import examples_from
from audit.adapters.tree_columns import sources
from audit.adapters.trees import opened
from audit.engine.dispatch import Dispatcher
from audit.engine.store import Store
from audit.errors import NotApplicable
from audit.explainer import Job
from audit.explainers import trees as tree_explainer
from audit.explainers.branches import interventional
from audit.requests import Explain, packed
from audit.transform import Chance

ADULT = Path(__file__).parents[2] / "examples/adult/work"
RNG = np.random.default_rng(7)
NUMBERS = RNG.normal(size=(160, 5))
SIGNAL = NUMBERS[:, 0] * NUMBERS[:, 1] + NUMBERS[:, 2] - 0.5 * NUMBERS[:, 3]
TABLE = pd.DataFrame(NUMBERS, columns=list("abcde"))
TWO = np.where(SIGNAL > 0, "yes", "no")
THREE = np.digitize(SIGNAL, [-0.7, 0.7])
SMALL = {"random_state": 0, "max_depth": 4}
FOREST = {"n_estimators": 5, **SMALL}
HIST = {"max_iter": 8, "min_samples_leaf": 3, "random_state": 0}
CLASSIFIERS = [
    DecisionTreeClassifier(**SMALL),
    RandomForestClassifier(**FOREST),
    ExtraTreesClassifier(class_weight="balanced", **FOREST),
    GradientBoostingClassifier(**FOREST),
    HistGradientBoostingClassifier(**HIST),
]
REGRESSORS = [
    DecisionTreeRegressor(**SMALL),
    RandomForestRegressor(**FOREST),
    ExtraTreesRegressor(**FOREST),
    GradientBoostingRegressor(loss="huber", **FOREST),
    HistGradientBoostingRegressor(**HIST),
]


def named(estimators):
    return [pytest.param(e, id=type(e).__name__) for e in estimators]


def margin_of(estimator, classes):
    """Return the margin of a fitted estimator as its own methods give it."""
    if classes is None:
        return lambda x: estimator.predict(x)
    last = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    if "Boosting" not in type(last).__name__:
        return lambda x: estimator.predict_proba(x)[:, classes] @ [1, -1]

    def logits(x):
        logs = np.log(estimator.predict_proba(x))
        return logs[:, classes[0]] - logs[:, classes[1]]

    return logits


def written_out(margin, row, background):
    """Shapley values by their definition: every coalition, every background row."""
    names = list(row.columns)
    worth = {}
    for size in range(len(names) + 1):
        for held in combinations(names, size):
            mixed = background.copy()
            for name in held:
                mixed[name] = pd.Series([row[name].iloc[0]] * len(mixed), dtype=row[name].dtype)
            worth[held] = margin(mixed).mean()
    out = dict.fromkeys(names, 0.0)
    k = len(names)
    for held, value in worth.items():
        for name in names:
            s = len(held)
            if name in held:
                out[name] += value * factorial(s - 1) * factorial(k - s) / factorial(k)
            else:
                out[name] -= value * factorial(s) * factorial(k - s - 1) / factorial(k)
    return np.array(list(out.values()))


def explained(estimator, inputs, classes, others, **settings):
    """Explain rows with a fitted estimator, as the engine asks for it."""
    model = wrap(estimator, ModelOptions())
    n = len(inputs)
    pairs = None if classes is None else np.tile(classes, (n, 1))
    job = Job(
        inputs, inputs, np.full(n, inputs.shape[1]), pairs,
        Chance(np.array([f"{i}".encode() for i in range(n)], dtype="S16"), 1, others),
        {"background": len(others), **settings}, 2**28,
    )  # fmt: skip
    return tree_explainer.explain(model.trees(), job)


def check_written_out(estimator, table, classes, rows=2, size=8):
    """Hold attributions, value and start against the definition."""
    background = table.iloc[100 : 100 + size].reset_index(drop=True)
    made = explained(estimator, table.iloc[:rows].reset_index(drop=True), classes, background)
    margin = margin_of(estimator, classes)
    for i in range(rows):
        truth = written_out(margin, table.iloc[[i]], background)
        assert made.attributions[i] == pytest.approx(truth, abs=1e-9)
        assert made.value[i] - made.start[i] == pytest.approx(truth.sum(), abs=1e-9)
    assert made.start == pytest.approx(margin(background).mean(), abs=1e-9)
    assert made.value == pytest.approx(margin(table.iloc[:rows]), abs=1e-9)


@pytest.mark.parametrize("estimator", named(CLASSIFIERS))
def test_two_classes_are_explained_as_every_coalition_written_out(estimator):
    check_written_out(estimator.fit(TABLE, TWO), TABLE, [1, 0])
    check_written_out(estimator, TABLE, [0, 1], rows=1)


@pytest.mark.parametrize("estimator", named(CLASSIFIERS))
def test_three_classes_are_explained_as_every_coalition_written_out(estimator):
    check_written_out(estimator.fit(TABLE, THREE), TABLE, [2, 0])


@pytest.mark.parametrize("estimator", named(REGRESSORS))
def test_a_regression_is_explained_as_every_coalition_written_out(estimator):
    check_written_out(estimator.fit(TABLE, SIGNAL), TABLE, None)


def test_the_exponential_loss_is_explained_in_logits():
    model = GradientBoostingClassifier(loss="exponential", init="zero", **FOREST).fit(TABLE, TWO)
    check_written_out(model, TABLE, [1, 0])


def test_missing_values_go_where_the_trees_send_them():
    holed = TABLE.mask(np.random.default_rng(1).random(TABLE.shape) < 0.2)
    check_written_out(HistGradientBoostingClassifier(**HIST).fit(holed, TWO), holed, [1, 0])
    check_written_out(RandomForestClassifier(**FOREST).fit(holed, TWO), holed, [1, 0])


def mixed():
    """A table of numbers and words."""
    rng = np.random.default_rng(3)
    town = rng.choice(["north", "south", "east", "west"], len(TABLE))
    return TABLE[["a", "b"]].assign(
        town=town, size=rng.choice(["s", "m", "l"], len(TABLE)), c=TABLE.c
    )


WORDS, PLAIN = ["town", "size"], ["a", "b", "c"]
STEPS = {
    "one-hot": OneHotEncoder(handle_unknown="ignore"),
    "one-hot without the first": OneHotEncoder(drop="first", sparse_output=False),
    "one-hot of frequent ones": OneHotEncoder(max_categories=3, sparse_output=False),
    "ordinal": OrdinalEncoder(),
}


@pytest.mark.parametrize("words", STEPS.values(), ids=STEPS)
def test_a_pipeline_is_explained_on_the_columns_before_it(words):
    table = mixed()
    target = (table.town.isin(["north", "west"]) ^ (table.a > 0)) & (table["size"] != "m")
    columns = ColumnTransformer([("words", words, WORDS), ("rest", StandardScaler(), PLAIN)])
    model = make_pipeline(columns, GradientBoostingClassifier(**FOREST)).fit(table, target)
    check_written_out(model, table, [1, 0])


def test_sets_of_categories_are_followed():
    table = mixed().astype(dict.fromkeys(WORDS, "category"))
    target = (table.town.isin(["north", "west"])) ^ (table.a > 0)
    model = HistGradientBoostingClassifier(categorical_features="from_dtype", **HIST)
    model.fit(table, target)
    assert any(t.categories for t in wrap(model, ModelOptions()).trees().trees)
    check_written_out(model, table, [1, 0])


def test_a_column_that_no_tree_looks_at_gets_nothing():
    model = DecisionTreeRegressor(**SMALL).fit(TABLE.assign(e=0.0), SIGNAL)
    made = explained(model, TABLE[:9], None, TABLE[100:140])
    assert all(a[4] == 0 for a in made.attributions)


def test_a_model_that_uses_two_columns_alike_shares_alike():
    double = pd.DataFrame({"x": NUMBERS[:, 0], "y": NUMBERS[:, 0]})
    halves = [
        DecisionTreeRegressor(random_state=0).fit(double.assign(**{gone: 0.0}), SIGNAL)
        for gone in ("x", "y")
    ]
    forest = RandomForestRegressor(2, bootstrap=False, random_state=0).fit(double, SIGNAL)
    forest.estimators_ = halves
    made = explained(forest, double[:9], None, double[100:140])
    for own in made.attributions:
        assert own[0] == pytest.approx(own[1], abs=1e-12)


def test_the_package_shap_gives_the_same_where_it_can():
    shap = pytest.importorskip("shap")
    model = HistGradientBoostingClassifier(max_iter=30, random_state=0).fit(NUMBERS, TWO)
    back = shap.maskers.Independent(NUMBERS[100:150], max_samples=50)
    theirs = shap.TreeExplainer(model, back, feature_perturbation="interventional")
    made = explained(model, TABLE[:60], [1, 0], TABLE[100:150])
    assert np.array(made.attributions) == pytest.approx(theirs.shap_values(NUMBERS[:60]), abs=1e-5)


@pytest.mark.parametrize("target", [TWO, THREE], ids=["two", "three"])
@pytest.mark.parametrize("estimator", named(CLASSIFIERS))
def test_without_a_background_attributions_are_complete(estimator, target):
    pytest.importorskip("shap")
    made = explained(estimator.fit(TABLE, target), TABLE[:20], [1, 0], TABLE[100:], background=0)
    whole = np.array(made.attributions).sum(axis=1)
    assert whole == pytest.approx(made.value - made.start, abs=1e-9)
    assert np.ptp(made.start) == pytest.approx(0, abs=1e-12)


def test_without_shap_the_path_dependent_way_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "shap", None)
    model = DecisionTreeRegressor(**SMALL).fit(TABLE, SIGNAL)
    with pytest.raises(NotApplicable, match=r"defect-audit\[trees\]"):
        explained(model, TABLE[:2], None, TABLE, background=0)


def test_the_company_and_the_order_of_rows_change_nothing():
    model = HistGradientBoostingClassifier(**HIST).fit(TABLE, THREE)
    whole = np.array(explained(model, TABLE[:40], [2, 1], TABLE[100:]).attributions)
    turned = explained(model, TABLE[:40][::-1], [2, 1], TABLE[100:]).attributions
    alone = explained(model, TABLE[7:8], [2, 1], TABLE[100:]).attributions
    assert np.array(turned)[::-1] == pytest.approx(whole, abs=1e-13)
    assert alone[0] == pytest.approx(whole[7], abs=1e-13)


def test_a_small_budget_gives_the_same():
    ensemble = opened(RandomForestRegressor(**FOREST).fit(NUMBERS, SIGNAL), lambda x: x)
    rows, back, speaks = NUMBERS[:50], NUMBERS[100:], np.ones((50, 1))
    large, small = (
        interventional(ensemble, rows, back, speaks, np.arange(5), 5, budget)
        for budget in (2**30, 1)
    )
    assert small == pytest.approx(large, abs=1e-13)


def test_columns_of_the_inputs_that_the_model_does_not_take_get_nothing():
    model = DecisionTreeRegressor(**SMALL).fit(TABLE[["b", "a"]], SIGNAL)
    own = explained(model, TABLE[:9], None, TABLE[100:])
    same = explained(model, TABLE[["b", "a"]][:9], None, TABLE[100:][["b", "a"]])
    for wide, narrow in zip(own.attributions, same.attributions, strict=True):
        assert wide[[1, 0]] == pytest.approx(narrow, abs=1e-15)
        assert not wide[2:].any()


CLOSED = [
    LogisticRegression().fit(TABLE, TWO),
    make_pipeline(PCA(2), DecisionTreeClassifier()).fit(TABLE, TWO),
    make_pipeline(Normalizer(), DecisionTreeClassifier()).fit(TABLE, TWO),
    HistGradientBoostingRegressor(loss="poisson", max_iter=2).fit(TABLE, np.exp(SIGNAL)),
    GradientBoostingClassifier(init=LogisticRegression(), n_estimators=2).fit(TABLE, TWO),
    DecisionTreeRegressor().fit(TABLE, NUMBERS[:, :2]),
]


@pytest.mark.parametrize("estimator", named(CLOSED))
def test_what_is_no_sum_of_readable_trees_is_not_opened(estimator):
    model = wrap(estimator, ModelOptions(task="regression" if hasattr(estimator, "loss") else ""))
    assert model.card.opens == ()
    assert model.trees() is None


def test_trees_that_do_not_add_up_to_the_answers_are_refused():
    model = RandomForestClassifier(**FOREST).fit(TABLE, TWO)
    held = wrap(model, ModelOptions()).trees()
    model.estimators_ = model.estimators_[:2]
    job = Job(TABLE[:5], TABLE[:5], np.full(5, 5), np.tile([1, 0], (5, 1)),
              Chance(np.array([b"a"] * 5), 1, TABLE), {"background": 10}, 2**28)  # fmt: skip
    with pytest.raises(NotApplicable, match="do not add up"):
        tree_explainer.explain(held, job)


def test_the_way_back_through_steps_is_found():
    table = mixed()
    both = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder())
    step = ColumnTransformer(
        [("words", both, ["size", "town"]),
         ("bins", KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf"), ["b"])],
        remainder="passthrough",
    ).fit(table)  # fmt: skip
    assert sources(step).tolist() == [3] * 3 + [2] * 4 + [1] * 3 + [0, 4]


@pytest.mark.skipif(not (ADULT / "model.skops").exists(), reason="make prepare-adult")
def test_the_second_example_is_explained_in_logits_on_its_ten_columns():
    from audit.adapters.sklearn_model import load

    trusted = ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",)
    model = load("model.skops", ModelOptions(trusted_types=trusted), base=ADULT)
    people = pd.read_parquet(ADULT / "test.parquet")[list(model.estimator.feature_names_in_)]
    made = explained(model.estimator, people[:100], [1, 0], people[1000:1100])
    chances = model.predict(people[:100])
    assert made.value == pytest.approx(np.log(chances[:, 1] / chances[:, 0]), abs=1e-9)
    whole = np.array(made.attributions).sum(axis=1)
    assert whole == pytest.approx(made.value - made.start, abs=1e-9)


def through_engine(estimator, **given):
    """Explain four rows as an audit does, and return what came back."""
    columns = {name: NUMBERS[:, j] for j, name in enumerate(TABLE)}
    data = {"test": examples_from(columns, "test", SplitRoles(input=tuple(TABLE)))}
    request = Explain(
        "test", "tree-shap", packed(range(4)), packed([1, 0] * 4), settings=tuple(given.items())
    )
    at = Dispatcher(wrap(estimator, ModelOptions()), None, Store())
    return at.run(at.plan([request], data)).answers[request]


def test_the_engine_explains_a_forest_on_the_rows_of_its_split():
    seen = through_engine(RandomForestClassifier(**FOREST).fit(TABLE, TWO), background=30.0)
    assert not seen.unable
    assert seen.explained.parts.tolist() == [5] * 4
    assert seen.explained.completeness_error == pytest.approx(0, abs=1e-9)


def test_a_model_without_trees_is_unable_and_says_why():
    seen = through_engine(LogisticRegression().fit(TABLE, TWO))
    assert seen.unable
    assert "no ensemble of trees" in seen.reason
