"""Explanation stability from end to end: rows and a model in files, a verdict."""

import joblib
import msgspec
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from audit import AuditSpec, run_audit
from audit.engine.progress import Silent
from audit.pricing import price

GOOD = ("great", "fine", "lovely", "clever", "warm")
BAD = ("poor", "dull", "awful", "flat", "cold")
PLAIN = ("the", "plot", "scene", "actor", "music", "light", "story", "camera", "city", "voice")


def texts(n, seed):
    """Return texts of plain words with two that decide, and their labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    words = [
        [*rng.choice(PLAIN, 8), *rng.choice(GOOD if y else BAD, 2, replace=False)] for y in labels
    ]
    return pd.DataFrame(
        {"text": [" ".join(rng.permutation(w)) for w in words], "label": labels.astype(str)}
    )


SPEC = """
audit: 1
model: {{load: "sklearn:m.joblib", allow_pickle: true, task: {task}}}
data:
  test: {{load: "csv:test.csv", input: {input}, label: label}}
  train: {{load: "csv:train.csv"}}
probes:
  explanation-stability: {{{options}}}
require:
  - {{id: told, measure: explanation-stability.identifiability.overall, min: {limit}}}
  - {{id: again, measure: explanation-stability.retrained.agreement, min: 0.3}}
"""


def run(folder, options, limit=0.6, task="text-classification", columns="text"):
    words = {"options": options, "limit": limit, "task": task, "input": columns}
    (folder / "audit.yaml").write_text(SPEC.format(**words))
    result = run_audit(AuditSpec.from_file(folder / "audit.yaml"))
    (probe,) = (p for p in result.probes if p.probe == "explanation-stability")
    assert probe.outcome == "passed", (probe.reason, probe.error)
    verdicts = {v.requirement: v for v in result.verdicts}
    return result, probe, verdicts


@pytest.fixture
def text_model(tmp_path):
    """Write a bag of words, and texts to learn from and to test on."""
    train = texts(200, 1)
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10.0))
    joblib.dump(model.fit(train["text"], train["label"]), tmp_path / "m.joblib")
    train.to_csv(tmp_path / "train.csv", index=False)
    texts(60, 2).to_csv(tmp_path / "test.csv", index=False)
    return tmp_path


@pytest.mark.parametrize("explainer", ["occlusion", "kernel-shap"])
def test_a_bag_of_words_is_explained_by_its_words(text_model, explainer):
    options = f"explainer: {explainer}, inputs: 40, perturbations: 2, seeds: 2, margin: 0.3"
    result, probe, verdicts = run(text_model, options)
    assert verdicts["told"].outcome == "passed", verdicts["told"].explanation
    assert verdicts["again"].outcome == "passed", verdicts["again"].explanation
    assert result.run.explained > 0
    assert [type(e).__name__ for e in probe.exhibits][:2] == ["Density", "Attributions"]


def test_a_second_run_explains_nothing_anew(text_model):
    options = "explainer: occlusion, inputs: 30, perturbations: 1, margin: 0.3"
    first, probe, _ = run(text_model, options)
    again, other, _ = run(text_model, options)
    assert again.run.explained == 0
    assert again.run.explained_before == first.run.explained
    assert msgspec.json.encode(probe.families) == msgspec.json.encode(other.families)


def test_what_is_announced_covers_what_is_done(text_model):
    options = "explainer: kernel-shap, inputs: 20, perturbations: 2, seeds: 2, margin: 0.3"
    words = {"options": options, "limit": 0.6, "task": "text-classification", "input": "text"}
    (text_model / "audit.yaml").write_text(SPEC.format(**words))
    said = price(AuditSpec.from_file(text_model / "audit.yaml"), Silent(), timed=False)
    assert "explanations after the first answers" in said.cost()
    result, _, _ = run(text_model, options)
    assert 0 < result.run.explained <= said.explanations == 20 * 4
    assert 0 < result.run.predicted - said.distinct <= said.versions


def test_trees_on_a_table_come_to_a_clear_end(tmp_path):
    rng = np.random.default_rng(0)
    for name, n in (("train", 300), ("test", 80)):
        x = pd.DataFrame(rng.normal(size=(n, 5)), columns=list("abcde"))
        x["label"] = (x["a"] - x["b"] + 0.3 * rng.normal(size=n) > 0).astype(int).astype(str)
        x.to_csv(tmp_path / f"{name}.csv", index=False)
    train = pd.read_csv(tmp_path / "train.csv", dtype={"label": str})
    model = GradientBoostingClassifier(n_estimators=20, random_state=0)
    model.fit(train[list("abcde")], train["label"])
    joblib.dump(model, tmp_path / "m.joblib")
    options = "inputs: 60, perturbations: 3, transforms: [column-noise, rounding, outliers]"
    _, probe, verdicts = run(tmp_path, options, 0.5, "tabular-classification", "[a, b, c, d, e]")
    assert verdicts["told"].outcome in ("passed", "inconclusive", "failed")
    density = next(e for e in probe.exhibits if type(e).__name__ == "Density")
    assert "TreeSHAP" in density.caption or "tree" in density.caption.lower()
