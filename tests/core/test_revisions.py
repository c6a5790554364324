"""Other revisions of a model answer the same rows, and nothing else changes."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from audit import AuditSpec
from audit.engine.dispatch import Dispatcher
from audit.engine.store import Store
from audit.errors import ConfigError, ModelError
from audit.load import identity, load
from audit.requests import Predict

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.normal(size=(200, 2)), columns=["a", "b"])
FRAME["y"] = np.where(FRAME["a"] + RNG.normal(size=200) > 0, "yes", "no")


def fitted(strength=1.0, names=("no", "yes")):
    return LogisticRegression(C=strength).fit(
        FRAME[["a", "b"]], FRAME["y"].map({"no": names[0], "yes": names[1]})
    )


def spec(revisions, **more):
    words = {"input": ["a", "b"], "label": "y", "positive": "yes"} | more
    return AuditSpec.from_objects(fitted(), FRAME, revisions=revisions, **words)


def test_every_revision_is_asked_about_the_same_rows():
    loaded = load(spec({"weak": fitted(1e-4), "same": fitted()}))
    assert loaded.card.revisions == ("weak", "same")
    at = Dispatcher(loaded.model, None, Store(), revisions=loaded.revisions)
    requests = [Predict("test"), Predict("test", revision="weak"), Predict("test", revision="same")]
    work = at.plan(requests, loaded.examples)
    back = at.run(work)
    own, weak, same = (back.answers[r].outputs for r in requests)
    np.testing.assert_array_equal(own, same)
    assert np.ptp(weak[:, 1]) < np.ptp(own[:, 1]) / 10
    assert work.distinct == back.predicted == 600


def test_a_revision_with_other_labels_is_refused_with_both_sides():
    with pytest.raises(ConfigError, match="does not answer as the audited model") as caught:
        load(spec({"odd": fitted(names=("bad", "good"))}))
    assert "bad, good" in caught.value.hint
    assert "no, yes" in caught.value.hint


def test_a_revision_that_is_not_there_is_an_error_of_its_request():
    loaded = load(spec({}))
    with pytest.raises(ModelError, match='no revision "gone"'):
        Dispatcher(loaded.model, None, Store()).plan(
            [Predict("test", revision="gone")], loaded.examples
        )


def test_a_rerun_must_meet_the_same_revisions():
    one, two = spec({"v1": fitted(1.0)}), spec({"v1": fitted(0.5)})
    assert identity(one, load(one)) != identity(two, load(two))


def test_domains_are_said_with_the_data():
    table = FRAME.assign(site=np.where(FRAME["b"] > 0, "east", "west"))
    words = {"roles": {"domain": "site"}, "domains": {"in_distribution": ["east"]}}
    made = AuditSpec.from_objects(
        fitted(), table, input=["a", "b"], label="y", positive="yes", **words
    )
    assert load(made).examples["test"].domain == "site"
    wrong = AuditSpec.from_objects(
        fitted(), table, input=["a", "b"], label="y", positive="yes",
        roles={"domain": "site"}, domains={"in_distribution": ["eats"]},
    )  # fmt: skip
    with pytest.raises(Exception, match="eats") as caught:
        load(wrong)
    assert "east" in caught.value.hint
