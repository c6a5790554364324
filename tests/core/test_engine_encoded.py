"""The columns of a table as numbers."""

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

from audit.adapters.objects import wrap
from audit.adapters.options import ModelOptions, SplitRoles
from audit.adapters.rows import examples_from
from audit.engine.dispatch import Dispatcher
from audit.engine.encoded import Encoder
from audit.engine.store import Store
from audit.requests import Embed, packed

FRAME = pd.DataFrame({"x": [1.0, 2.0, 6.0, np.nan], "w": ["u", "v", "u", None], "k": [1, 2, 3, 4]})


def test_numbers_are_standardised_as_scikit_learn_does():
    whole = FRAME[["k"]]
    ours = Encoder.of(whole).encode(whole)
    np.testing.assert_allclose(ours[:, :1], StandardScaler().fit_transform(whole))


def test_what_is_missing_is_said_and_stands_at_the_centre():
    found = Encoder.of(FRAME[["x"]]).encode(FRAME[["x"]])
    np.testing.assert_array_equal(found[:, 1], [0, 0, 0, 1])
    assert found[3, 0] == 0


def test_words_are_indicators_and_new_words_are_none_of_them():
    encoder = Encoder.of(FRAME[["w"]])
    np.testing.assert_array_equal(encoder.encode(FRAME[["w"]])[:, 0], [1, 0, 1, 0])
    assert not encoder.encode(pd.DataFrame({"w": ["new"]})).any()


def test_a_constant_column_does_not_divide_by_zero():
    flat = pd.DataFrame({"x": [3.0, 3.0]})
    assert np.isfinite(Encoder.of(flat).encode(flat)).all()


def test_a_table_is_encoded_by_its_test_rows_and_no_model_is_called():
    def refuse(_):
        raise AssertionError

    data = {"test": examples_from(FRAME, "test", SplitRoles(input=("x", "w", "k")))}
    model = wrap(refuse, ModelOptions(labels=("no", "yes"), revision="1"))
    at = Dispatcher(model, None, Store())
    request = Embed("test", rows=packed([2, 0]))
    back = at.run(at.plan([request], data))
    expected = Encoder.of(FRAME).encode(FRAME.iloc[[2, 0]])
    np.testing.assert_array_equal(back.answers[request].outputs, expected)


def test_texts_without_a_network_have_no_features_and_say_so():
    data = {"test": examples_from({"t": ["a", "b"]}, "test", SplitRoles(input=("t",)))}
    model = wrap(lambda x: [[1, 0]] * len(x), ModelOptions(labels=("no", "yes"), revision="1"))
    at = Dispatcher(model, None, Store())
    seen = at.run(at.plan([Embed("test")], data)).answers[Embed("test")]
    assert len(seen.failed) == 2
    assert "no features" in seen.reason
