import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from audit.config import TRAIN, SplitSpec
from audit.errors import ConfigError, NotApplicable
from audit.examples import Examples, Factor
from audit.learning.anchors import schedule
from audit.learning.flipped import fitted, line
from audit.learning.noise import Flips, Folded, as_confused, evenly
from audit.measurement import Ask
from audit.model import ModelCard
from audit.observations import Observation, Observations
from audit.requests import Refit, unpacked
from audit.samples import CARD, Rows, sample_answer, sample_data, sample_examples, sample_outputs
from audit.task import Classification, Regression
from audit.testing import check_probe, make, measured
from probes.label_noise import LabelNoise

SAMPLE = sample_examples(2_000)
NAMES = ("a", "b", "c")


def families(evidence):
    return {f"{f.ask.metric}.{f.ask.statistic}": f for f in evidence.families}


def figure(evidence, name):
    return families(evidence)[name].measurements[0]


def split(name, x, codes):
    """Build a split whose inputs are rows of numbers."""
    n = len(codes)
    words = [f"{name} {i}" for i in range(n)]
    return Examples(
        split=name,
        inputs=Rows(list(x)),
        digests=np.array([w.encode().ljust(16) for w in words]),
        ids=np.array(words, dtype=object),
        labels=Factor(codes.astype(np.int64), NAMES),
    )


def gaussians(n, apart, flipped, seed=0):
    """Return a test split, training rows, and which of their labels were flipped."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 3, 2 * n)
    x = rng.normal(size=(2 * n, 4))
    x[np.arange(2 * n), codes] += apart
    wrong = np.zeros(n, dtype=bool)
    wrong[rng.permutation(n)[: round(flipped * n)]] = True
    given = codes[n:].copy()
    given[wrong] = (given[wrong] + rng.integers(1, 3, wrong.sum())) % 3
    return {"test": split("test", x[:n], codes[:n]), TRAIN: split(TRAIN, x[n:], given)}, wrong


def logistic(request, data):
    """Answer as a logistic regression that is trained as asked."""
    x = {name: np.array(rows.inputs.values) for name, rows in data.items()}
    rows = unpacked(request.fit.rows)
    labels = unpacked(request.fit.labels) if request.fit.labels else data[TRAIN].labels.codes[rows]
    model = LogisticRegression(max_iter=300).fit(x[TRAIN][rows], labels)
    asked = unpacked(request.rows) if request.rows else np.arange(len(data[request.split]))
    return Observation(model.predict_proba(x[request.split][asked]))


def audited(data, answer, task=None, **options):
    """Let a probe ask until it has what it needs, and measure."""
    task = task or Classification(NAMES)
    asks = tuple(LabelNoise.default_asks({"test": SplitSpec(label="label")}, task))
    card = ModelCard(name="m", kind="m", task="t", labels=task.labels, recipes=CARD.recipes)
    probe, seen = LabelNoise(asks=asks, task=task, seed=1, **options), Observations(data, card=card)
    while asked := [r for r in probe.plan(data, card, seen) if r not in seen.answers]:
        answers = {r: answer(r, data) for r in asked}
        seen = Observations(data, {**seen.answers, **answers}, card)
    return probe.measure(seen), seen


def test_the_probe_keeps_its_contract():
    check_probe(LabelNoise)


def test_the_planted_slope_is_found():
    """The sample model loses half a point of accuracy for every point of flipped labels."""
    m = figure(measured(make(LabelNoise), SAMPLE, sample_outputs(SAMPLE)), "uniform.slope")
    assert m.interval.low < 0.5 < m.interval.high
    assert m.interval.high - m.interval.low < 0.15


def test_a_model_that_flips_do_not_touch_has_no_slope(make):
    def deaf(request, data):
        fit = request.fit
        plain = Refit(fit.split, fit.recipe, fit.seed, fit.rows)
        noisy = fit.seed if not fit.labels else fit.seed + fit.labels[0] + fit.labels[-1] + 9
        heard = Refit(plain.split, plain.recipe, noisy, plain.rows)
        return sample_answer(type(request)(request.split, heard, request.rows), data, None)

    task = Classification(SAMPLE.labels.names)
    found = families(audited(sample_data(SAMPLE), deaf, task)[0])["uniform.slope"]
    interval = found.measurements[0].interval
    assert interval.low < 0 < interval.high
    assert make.verdict(found, max=0.4).outcome == "passed"


def test_intervals_of_slopes_cover_the_truth_at_their_rate():
    """Rows differ in how hard they are, and trainings in how good and how sensitive they are."""
    rng, shares = np.random.default_rng(0), np.array([0.0, 0.05, 0.1, 0.2])
    hits, audits = 0, 400
    for _ in range(audits):
        slope = 0.5 + rng.normal(0, 0.1, (5, 1, 1)) + rng.normal(0, 0.3, 400)
        level = 0.15 + rng.normal(0, 0.01, (5, 1, 1)) + slope * shares[:, None]
        errors = (rng.random((5, 4, 400)) < level).astype(float)
        low, high, _ = fitted(shares, errors, None)[0].interval()
        hits += low <= 0.5 <= high
    assert 0.93 <= hits / audits <= 0.99


def test_the_line_is_that_of_least_squares():
    shares, y = np.array([0.0, 0.05, 0.1, 0.2]), np.array([0.1, 0.11, 0.15, 0.18])
    assert line(shares) @ y == pytest.approx(np.polyfit(shares, y, 1)[0])


def laid(data, levels=(0.1, 0.3), towards=None):
    plan = schedule(data, CARD, 0, seeds=2)
    train = data[TRAIN]
    towards = evenly([0, 1, 2], 3) if towards is None else towards
    return Flips(train, train.labels.codes, plan, levels, towards)


def test_flips_are_nested_of_the_stated_share_and_never_to_the_same_label():
    data, _ = gaussians(500, 3.0, 0.0)
    none, few, many = (r.fit for r in laid(data).requests("test")[:3])
    old = data[TRAIN].labels.codes[unpacked(none.rows)]
    assert not none.labels
    first, second = unpacked(few.labels), unpacked(many.labels)
    assert (first != old).sum() == 50
    assert (second != old).sum() == 150
    assert (second[first != old] == first[first != old]).all()


def test_flips_go_where_the_model_confuses():
    given, chosen = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, 2, 2])
    towards = as_confused(given, chosen, evenly([0, 1, 2], 3))
    assert towards.tolist() == [[0, 1, 0], [0, 0, 1], [0.5, 0.5, 0]]
    data, _ = gaussians(500, 3.0, 0.0)
    fit = laid(data, towards=towards).requests("test")[2].fit
    old, new = data[TRAIN].labels.codes[unpacked(fit.rows)], unpacked(fit.labels)
    assert set(new[(old == 0) & (new != old)]) == {1}
    assert set(new[(old == 1) & (new != old)]) == {2}


def test_equal_inputs_stay_in_one_fold_and_every_row_is_answered_once():
    data, _ = gaussians(300, 3.0, 0.0)
    train = data[TRAIN]
    train.digests[:40] = train.digests[40:80]
    folded = Folded.of(train, train.labels.codes, schedule(data, CARD, 0), 5)
    fold = np.empty(300, dtype=int)
    fold[folded.rows] = folded.fold
    assert (fold[:40] == fold[40:80]).all()
    asked = [unpacked(r.rows) for r in folded.requests()]
    assert sorted(np.concatenate(asked)) == list(range(300))
    assert not any(set(unpacked(r.rows)) & set(unpacked(r.fit.rows)) for r in folded.requests())


def test_the_clean_trainings_are_those_of_a_learning_curve():
    data = sample_data()
    asked = make(LabelNoise).plan(data, CARD, Observations(data))
    curve = schedule(data, CARD, 1)
    largest = {curve.refit(j, curve.sizes[-1]) for j in range(5)}
    assert largest <= {r.fit for r in asked}


def test_two_labels_need_no_trainings_of_the_second_shape():
    _, seen = audited(
        sample_data(), lambda r, d: sample_answer(r, d, None), Classification(CARD.labels)
    )
    assert len(seen.answers) == 5 + 5 * (1 + 3)  # folds; seeds, each on clean labels and 3 levels


def test_planted_flips_are_counted_and_found(make):
    data, wrong = gaussians(1_500, 4.5, 0.10)
    evidence, _ = audited(data, logistic, seeds=2, levels=(0.2,))
    m = figure(evidence, "labels.rate")
    assert m.interval.low < 0.10 < m.interval.high
    (cases,) = (e for e in evidence.exhibits if e.id == "label-noise-suspects")
    assert np.mean([wrong[c.row] for c in cases.cases]) >= 0.9
    assert "upper estimate" not in cases.caption
    assert make.verdict(families(evidence)["labels.rate"], max=0.05).outcome == "failed"


def test_overlapping_classes_give_an_upper_estimate_and_no_verdict(make):
    data, _ = gaussians(1_500, 1.2, 0.0)
    evidence, _ = audited(data, logistic, seeds=2, levels=(0.2,))
    m = figure(evidence, "labels.rate")
    assert m.value > 0.05
    assert m.evidence is None
    assert "upper estimate" in evidence.warnings[0]
    assert all(
        "upper estimate" in e.caption for e in evidence.exhibits if e.id != "label-noise-test"
    )
    verdict = make.verdict(families(evidence)["labels.rate"], sight=True, max=0.02)
    assert verdict.outcome == "inconclusive"
    assert "upper estimate" in verdict.explanation
    assert "no number of rows" not in verdict.settle


def test_trainings_that_are_too_sure_claim_no_rate():
    def by_heart(request, data):
        soft = logistic(request, data).outputs
        return Observation(np.eye(3)[soft.argmax(axis=1)])

    data, _ = gaussians(600, 2.0, 0.1)
    m = figure(audited(data, by_heart, seeds=2)[0], "labels.rate")
    assert m.evidence is None
    assert "surer than held-out labels bear out" in m.why


def test_a_label_in_one_fold_alone_leaves_the_rate_undefined_with_a_reason():
    data, _ = gaussians(300, 3.0, 0.0)
    train = data[TRAIN]
    train.digests[train.labels.codes == 2] = b"all the same"
    m = figure(audited(data, logistic, seeds=2)[0], "labels.rate")
    assert m.value is None
    assert m.why == "label c lies in a single fold, and no other can learn it"


def test_clusters_of_test_rows_widen_the_interval():
    rng, shares = np.random.default_rng(0), np.array([0.0, 0.1, 0.2])
    errors = np.repeat((rng.random((5, 3, 50)) < 0.2).astype(float), 8, axis=2)
    alone = fitted(shares, errors, None)[0]
    together = fitted(shares, errors, np.repeat(np.arange(50), 8))[0]
    assert together.se > 1.5 * alone.se


def test_it_says_why_it_does_not_apply():
    data = sample_data()
    ask = (Ask(probe="label-noise", metric="uniform", statistic="slope"),)
    blank = ModelCard(name="m", kind="m", task="t", fixed="a callable cannot be trained again")
    with pytest.raises(NotApplicable, match="numbers"):
        LabelNoise(asks=ask, task=Regression()).plan(data, CARD, Observations(data))
    with pytest.raises(NotApplicable, match="trained again"):
        make(LabelNoise).plan(data, blank, Observations(data))
    with pytest.raises(NotApplicable, match="no training rows"):
        make(LabelNoise).plan({"test": data["test"]}, CARD, Observations(data))


@pytest.mark.parametrize("options", [{"levels": (0.6,)}, {"levels": ()}, {"folds": 1}])
def test_options_that_mean_nothing_are_refused(options):
    with pytest.raises(ConfigError):
        LabelNoise(task=Classification(NAMES), **options)


def test_groups_are_refused():
    ask = Ask(probe="label-noise", metric="labels", statistic="rate", by=("sex",))
    with pytest.raises(ConfigError, match="leave out by"):
        LabelNoise.complete(ask, SplitSpec(label="label"))


@pytest.mark.parametrize(("names", "later"), [(NAMES, 15), (NAMES[:2], 0)])
def test_trainings_that_wait_for_the_first_answers_are_announced(names, later):
    task, (data, _) = Classification(names), gaussians(400, 3.0, 0.0)
    if len(names) == 2:
        data = sample_data()
        task = Classification(CARD.labels)
    asks = tuple(LabelNoise.default_asks({"test": SplitSpec(label="label")}, task))
    probe = LabelNoise(asks=asks, task=task, seed=1)
    assert probe.later(data, CARD) == later
    first = probe.plan(data, CARD, Observations(data, card=CARD))
    answers = {r: sample_answer(r, data, sample_outputs(data["test"])) for r in first if later == 0}
    if later == 0:  # two labels: with the first answers back, nothing new is asked
        seen = Observations(data, answers, CARD)
        assert set(probe.plan(data, CARD, seen)) == set(first)
