from dataclasses import replace
from itertools import combinations
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from audit import AuditSpec, registry, run_audit
from audit.errors import ConfigError, ModelError, NotApplicable
from audit.exhibits import Curve, Forest, Table
from audit.explainer import ByModel, ExplainerSheet
from audit.faithful.figures import Curves, area, infidelity
from audit.faithful.found import explained_scale
from audit.faithful.versions import Sizes, steps, versions_of
from audit.groups import GroupRules
from audit.judge import judge
from audit.measurement import Ask
from audit.model import ModelCard
from audit.observations import Explanations, Observation, Observations
from audit.requests import Explain, Predict, unpacked
from audit.samples import CARD, SPLIT, reorder, sample_examples, sample_outputs
from audit.task import Classification, Regression
from audit.testing import check_probe, encode, measured
from audit.verdict import Requirement
from probes.explanation_faithfulness import ExplanationFaithfulness

LABELS = ("negative", "positive")
TASK = Classification(LABELS, "positive")
START = -0.3  # value of the empty input


def sheet_of(name, **changes):
    about = {"title": name, "says": ".", "needs": "gradients", "seeded": False, "complete": True}
    return ExplainerSheet(name=name, **about | changes)


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    """Offer an explainer, and two baselines of texts, whatever is installed."""
    sheets = [sheet_of("integrated-gradients"), sheet_of("gradient", complete=False)]
    kinds = {s.name: ByModel(s, None) for s in sheets}
    monkeypatch.setattr(registry, "explainers", lambda: kinds)

    def modality(name):
        if name != "text":
            raise ConfigError(f'unknown modality "{name}"')
        return SimpleNamespace(baselines=("removed", "resampled"))

    monkeypatch.setattr(registry, "modality", modality)


def probe_for(*names, **options):
    """Return a probe of some measures, by default all, with one baseline."""
    asks = ExplanationFaithfulness.default_asks({"test": SPLIT}, TASK)
    asks = tuple(a for a in asks if not names or a.measure.split(".", 1)[1] in names)
    given = {"asks": asks, "task": TASK, "seed": 1, "inputs": 0, "baselines": ("removed",)}
    return ExplanationFaithfulness(**given | options)


def rows_of(n, clusters=None):
    return replace(sample_examples(n), domain="", labels=None, clusters=clusters)


def weights_of(n, parts=6, seed=0):
    return np.random.default_rng(seed).normal(size=(n, parts))


class World:
    """A model that adds the weights of the parts that stay, and what is said to explain it."""

    def __init__(self, weights, attributions=None, parts=None, task=TASK, start=START):
        self.weights, self.task, self.start = weights, task, start
        self.said = weights if attributions is None else attributions
        self.parts = np.full(len(weights), weights.shape[1]) if parts is None else parts
        self.asked = []

    def outputs(self, value):
        if isinstance(self.task, Regression):
            return value
        second = 1 / (1 + np.exp(-value))
        return np.column_stack([1 - second, second])

    def answer(self, request):
        self.asked.append(request)
        rows = unpacked(request.rows)
        own = self.weights[rows]
        if isinstance(request, Explain):
            return self.explain(rows, unpacked(request.classes).reshape(-1, 2))
        if request.masks is None:
            return Observation(self.outputs(self.start + own.sum(axis=1)))
        kept = np.zeros(own.shape, dtype=bool)
        for place, stays in zip(kept, request.masks.each(), strict=True):
            place[: len(stays)] = stays
        return Observation(self.outputs(self.start + (own * kept).sum(axis=1)))

    def explain(self, rows, classes):
        sign = np.ones(len(rows))
        if len(classes):
            sign = np.where(classes[:, 0] == 1, 1.0, -1.0)
        said = sign[:, None] * self.said[rows]
        said = np.where(np.arange(said.shape[1]) < self.parts[rows, None], said, np.nan)
        value = sign * (self.start + self.weights[rows].sum(axis=1))
        found = Explanations(
            said, self.parts[rows], value, sign * self.start, np.nansum(said, axis=1),
            np.zeros(len(rows)),
        )  # fmt: skip
        return Observation(said, explained=found)


def audited(world, probe=None, rows=None, card=CARD):
    """Let a probe measure a world, stage by stage."""
    probe = probe or probe_for(task=world.task)
    rows = rows_of(len(world.weights)) if rows is None else rows
    data = {"test": rows}
    seen = Observations(data, card=card)
    while new := [r for r in probe.plan(data, card, seen) if r not in seen.answers]:
        seen = Observations(data, {**seen.answers, **{r: world.answer(r) for r in new}}, card)
    return probe.measure(seen)


def figure(evidence, metric, baseline="removed"):
    family = next(f for f in evidence.families if f.ask.metric == metric)
    name = f"baseline={baseline}"
    return next(m for m in family.measurements if str(m.slice) in (name, "all rows"))


def verdict(evidence, metric, **limit):
    found = next(f for f in evidence.families if f.ask.metric == metric)
    r = Requirement(id="r", title=found.title, ask=found.ask, **limit)
    return judge([r], {found.ask.key: found})["r"]


def test_the_contract_is_kept():
    check_probe(ExplanationFaithfulness)


def test_the_area_is_that_of_trapezoids():
    assert area(np.array([0, 0.5, 1]), np.array([0.8, 0.6, 0.2])) == pytest.approx(0.55)
    uneven = area(np.array([0, 0.2, 1]), np.array([1.0, 0.0, 0.5]))
    assert uneven == pytest.approx(0.1 + 0.2)


def test_curves_pass_through_the_versions_that_their_names_say():
    found = versions_of(np.array([0.1, 0.9, -0.5]), Sizes(2, 10, 0), seed=3)
    deleted = found.kept[found.deletion].astype(int).tolist()
    inserted = found.kept[found.insertion].astype(int).tolist()
    assert deleted == [[1, 1, 1], [1, 0, 1], [0, 0, 1], [0, 0, 0]]
    assert inserted == [[1, 1, 1], [1, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert (found.kept[found.chance].sum(axis=2) == [3, 2, 1, 0]).all()
    assert found.share.tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])


def test_steps_are_even_and_few_parts_have_one_each():
    assert steps(100, 10).tolist() == list(range(0, 101, 10))
    assert steps(3, 10).tolist() == [0, 1, 2, 3]
    assert steps(1, 10).tolist() == [0, 1]
    assert steps(25, 10)[[0, -1]].tolist() == [0, 25]


def test_versions_are_distinct_and_the_whole_input_is_the_last():
    found = versions_of(np.ones(4), Sizes(10, 10, 50), seed=3)
    assert len(np.unique(found.kept, axis=0)) == len(found.kept) == 16
    assert found.kept[-1].all()


def test_the_gain_of_a_linear_value_is_that_of_its_closed_form():
    weights = weights_of(40)
    probe = probe_for("deletion.gain", "insertion.gain", task=Regression(), orders=150)
    found = audited(World(weights, task=Regression()), probe)
    whole = weights.sum(axis=1)
    down = np.sort(weights, axis=1)[:, ::-1]
    left = whole[:, None] - np.column_stack([np.zeros(40), np.cumsum(down, axis=1)])
    deleted = (left[:, :-1] + left[:, 1:]).mean(axis=1) / 2
    # a random order falls along a straight line on average
    truth = (whole / 2 - deleted) / (START + whole).std()
    for metric in ("deletion", "insertion"):
        assert figure(found, metric).value == pytest.approx(truth.mean(), abs=0.03)
    assert truth.mean() > 0.3


def test_the_gain_of_a_probability_is_that_of_all_subsets():
    weights = weights_of(30, parts=4)
    probe = probe_for("deletion.gain", "insertion.gain", orders=300)
    found = audited(World(weights), probe)
    sign = np.where(START + weights.sum(axis=1) > 0, 1.0, -1.0)
    deletion, insertion = [], []
    for s, w in zip(sign, weights, strict=True):
        places = np.argsort(-s * w)

        def level(kept, s=s, w=w):
            return 1 / (1 + np.exp(-s * (START + w[list(kept)].sum())))

        random = [np.mean([level(c) for c in combinations(range(4), 4 - j)]) for j in range(5)]
        taken = [level(places[j:]) for j in range(5)]
        given = [level(places[: 4 - j]) for j in range(5)]
        mean = area(np.linspace(0, 1, 5), np.array([random, taken, given]))
        deletion.append(mean[0] - mean[1])
        insertion.append(mean[2] - mean[0])
    assert figure(found, "deletion").value == pytest.approx(np.mean(deletion), abs=0.004)
    assert figure(found, "insertion").value == pytest.approx(np.mean(insertion), abs=0.004)


def test_true_explanations_pass_and_reversed_ones_fail():
    weights = weights_of(60)
    right, wrong = audited(World(weights)), audited(World(weights, -weights))
    for metric in ("deletion", "insertion"):
        assert figure(right, metric).value > 0.1
        assert verdict(right, metric, min=0.0).outcome == "passed"
        assert figure(wrong, metric).value < -0.1
        assert verdict(wrong, metric, min=0.0).outcome == "failed"


def null_audits(times, n=50, **options):
    """Return gains of explanations that have nothing to do with the model, and verdicts."""
    out = []
    for t in range(times):
        probe = probe_for("deletion.gain", seed=t, **options)
        world = World(weights_of(n, seed=t), weights_of(n, seed=10_000 + t))
        found = audited(world, probe)
        m = figure(found, "deletion")
        out.append((m.value, m.interval.low <= 0 <= m.interval.high,
                    str(verdict(found, "deletion", min=0.0).outcome)))  # fmt: skip
    return out


def check_null(found):
    """Check that the mean is 0, that 95 % of intervals cover it, and that errors are rare."""
    values = np.array([v for v, _, _ in found])
    times = len(found)
    slack = 3 * np.sqrt(0.05 * 0.95 / times)
    assert abs(values.mean()) < 3.5 * values.std() / np.sqrt(times)
    assert np.mean([c for _, c, _ in found]) >= 0.95 - slack
    for wrong in ("failed", "passed"):  # both ends: 0 is the limit itself
        assert np.mean([o == wrong for _, _, o in found]) <= 0.05 + slack


def test_random_explanations_gain_nothing():
    check_null(null_audits(40, orders=4, fractions=5))


@pytest.mark.slow
def test_random_explanations_are_rarely_called_better_or_worse_than_chance():
    check_null(null_audits(300))


def power_of(times, orders=4, fractions=5):
    """Return how often a true gain is found where the evidence of many inputs promises 90 %."""

    def world(n, seed):
        weights = weights_of(n, seed=seed)
        return World(weights, weights + 6.0 * weights_of(n, seed=50_000 + seed))

    options = {"orders": orders, "fractions": fractions, "groups": GroupRules(min_n=2)}
    many = audited(world(700, 1), probe_for("deletion.gain", **options))
    m = figure(many, "deletion")
    spread = m.evidence.se * np.sqrt(m.n)
    n = round((2.96 * spread / m.value) ** 2)  # the t quantiles of 0.95 and 0.9
    assert 30 <= n <= 120, n
    found = [
        verdict(audited(world(n, s), probe_for("deletion.gain", **options | {"seed": s})),
                "deletion", min=0.0).outcome == "passed"
        for s in range(100, 100 + times)
    ]  # fmt: skip
    return np.mean(found)


def test_a_gain_is_found_as_often_as_its_evidence_promises():
    assert 0.7 <= power_of(25) <= 1.0


@pytest.mark.slow
def test_a_gain_is_found_nine_times_in_ten_where_the_evidence_promises_it():
    assert power_of(250) == pytest.approx(0.9, abs=0.06)


def test_a_constant_factor_on_attributions_changes_nothing():
    weights = weights_of(40)
    said = weights + weights_of(40, seed=5)
    one, seven = audited(World(weights, said)), audited(World(weights, 7 * said))
    for metric in ("deletion", "insertion", "infidelity"):
        assert figure(one, metric).value == pytest.approx(figure(seven, metric).value, abs=1e-12)
    assert 0.05 < figure(one, "infidelity").value < 0.95


def test_infidelity_is_0_for_exact_additive_explanations_and_near_1_for_noise():
    weights = weights_of(60, parts=20)
    exact = audited(World(weights))
    assert figure(exact, "infidelity").value == pytest.approx(0, abs=1e-12)
    assert verdict(exact, "infidelity", max=0.1).outcome == "passed"
    noise = audited(World(weights, weights_of(60, parts=20, seed=5)))
    assert figure(noise, "infidelity").value > 0.8
    assert figure(audited(World(weights, -weights)), "infidelity").value == 1.0


def test_infidelity_is_the_residual_of_a_least_squares_fit():
    attributions, rng = np.array([1.0, 2.0, -1.0, 0.5]), np.random.default_rng(0)
    found = versions_of(attributions, Sizes(0, 10, 30), seed=3)
    margins = found.kept @ np.array([1.0, 1.0, -2.0, 0.3]) + 0.1 * rng.normal(size=len(found.kept))
    x = ~found.kept[found.subsets] @ attributions
    y = margins[-1] - margins[found.subsets]
    left = np.linalg.lstsq(x[:, None], y, rcond=None)[1][0]
    assert infidelity(found, attributions, margins) == pytest.approx(left / (y @ y))


@pytest.mark.slow
def test_intervals_of_infidelity_cover_that_of_many_inputs():
    def found(n, seed, factor):
        weights = weights_of(n, seed=seed)
        world = World(weights, weights + factor * weights_of(n, seed=50_000 + seed))
        return figure(audited(world, probe_for("infidelity.scaled", seed=seed)), "infidelity")

    for factor in (0.2, 0.7, 3.0):
        truth = found(3000, 1, factor).value
        intervals = [found(50, s, factor).interval for s in range(100, 200)]
        covered = np.mean([i.low <= truth <= i.high for i in intervals])
        assert covered >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 100), (factor, truth, covered)


def test_infidelity_is_on_the_scale_that_was_explained():
    pair = np.array([[1, 0], [0, 1]])
    outputs = np.array([[0.0, 1.0], [0.8, 0.2]])
    logits, shares = np.array([30.0, np.log(4)]), np.array([1.0, 0.6])
    assert explained_scale(outputs, pair, shares)(outputs, pair) == pytest.approx(shares)
    found = explained_scale(outputs, pair, logits)(outputs, pair)
    assert found[1] == pytest.approx(np.log(4))


def test_equal_attributions_are_ordered_by_luck_and_not_by_place():
    weights = np.tile([3.0, 1.0, -1.0, -3.0], (400, 1))
    found = audited(World(weights, np.zeros((400, 4)), start=0.5))
    m = figure(found, "deletion")
    assert abs(m.value) < 3.5 * m.evidence.se


def test_a_model_that_nothing_moves_has_no_infidelity_and_no_gain():
    found = audited(World(np.zeros((40, 5)), weights_of(40, 5)))
    assert figure(found, "infidelity").value is None
    assert figure(found, "infidelity").why
    assert figure(found, "deletion").value == pytest.approx(0)
    assert verdict(found, "deletion", min=0.0).outcome == "inconclusive"
    assert "nothing that was taken away moved the margin" in found.warnings[0]


def test_values_that_do_not_vary_have_no_curve():
    found = audited(World(np.zeros((40, 5)), weights_of(40, 5), task=Regression()))
    assert figure(found, "deletion").value is None
    assert "no two answers differ" in figure(found, "deletion").why
    assert not [e for e in found.exhibits if isinstance(e, Curve)]


def test_one_part_gains_exactly_nothing():
    found = audited(World(weights_of(40, parts=1)))
    assert figure(found, "deletion").value == pytest.approx(0, abs=1e-15)
    assert figure(found, "insertion").value == pytest.approx(0, abs=1e-15)


def test_inputs_without_parts_are_left_out_and_counted():
    weights, parts = weights_of(60, parts=4), np.where(np.arange(60) < 5, 0, 4)
    found = audited(World(weights, parts=parts))
    assert figure(found, "deletion").n == figure(found, "completeness").n == 55
    assert "5 of 60 inputs of split test were left out" in found.warnings[0]
    with pytest.raises(NotApplicable, match="no input has a part"):
        audited(World(weights, parts=np.zeros(60, dtype=int)))


def test_missed_completeness_is_counted():
    weights = weights_of(60)
    said = weights.copy()
    said[:6, 0] += 1.0
    found = audited(World(weights, said))
    assert figure(found, "completeness").value == pytest.approx(0.1)
    assert verdict(found, "completeness", max=0.01).outcome == "failed"
    assert figure(audited(World(weights)), "completeness").value == 0


def test_a_sum_of_nothing_misses_completeness_by_more_than_rounding_only():
    weights = np.tile([1.0, -1.0], (40, 1))
    for off, missed in ((1e-9, 0), (1e-3, 1)):
        found = audited(World(weights, weights + np.array([off, 0.0])))
        assert figure(found, "completeness").value == missed


def test_completeness_is_not_measured_where_it_is_not_claimed():
    found = audited(World(weights_of(40)), probe_for(explainer="gradient"))
    m = figure(found, "completeness")
    assert m.value is None
    assert m.why == "attributions of gradient do not claim to sum up"


def test_only_what_is_asked_for_is_predicted():
    world = World(weights_of(40))
    audited(world, probe_for("completeness.missed"))
    assert [type(r) for r in world.asked] == [Predict, Explain]
    few, many = World(weights_of(40, 12)), World(weights_of(40, 12))
    audited(few, probe_for("infidelity.scaled", masks=5))
    audited(many, probe_for())
    assert len(few.asked[2].rows) < len(many.asked[2].rows) / 5


def test_every_distinct_version_is_asked_once_a_baseline():
    world = World(weights_of(40, parts=12))
    audited(world, probe_for(baselines=()))
    first, explain, *masked = world.asked
    assert first.rows == explain.rows
    assert [r.masks.baseline for r in masked] == ["removed", "resampled"]
    for r in masked:
        asked = list(zip(unpacked(r.rows).tolist(), map(bytes, r.masks.each()), strict=True))
        assert len(asked) == len(set(asked))
        # whole and empty once; an inner step for the order each way and for each random order
        assert 40 * 60 < len(asked) <= 40 * (2 + 9 * 12 + 50)


def test_clusters_widen_the_interval():
    weights = np.repeat(weights_of(15), 4, axis=0)
    plain = audited(World(weights))
    robust = audited(World(weights), rows=rows_of(60, np.repeat(np.arange(15), 4)))
    for metric in ("deletion", "infidelity"):
        a, b = (figure(e, metric).interval for e in (plain, robust))
        assert b.high - b.low > 1.3 * (a.high - a.low)


def test_the_same_seed_gives_the_same_bytes_and_the_order_of_rows_changes_nothing():
    rows = replace(sample_examples(200), domain="")
    outputs, probe = sample_outputs(rows), probe_for(inputs=60, baselines=())
    first = measured(probe, rows, outputs)
    assert encode(first) == encode(measured(probe, rows, outputs))
    order = np.random.default_rng(1).permutation(200)
    again = measured(probe, reorder(rows, order), outputs[order])
    for f, g in zip(first.families, again.families, strict=True):
        assert [m.value for m in f.measurements] == pytest.approx([m.value for m in g.measurements])
    other = measured(replace(probe, seed=2), rows, outputs)
    assert other.families[0].measurements[0].value != first.families[0].measurements[0].value


def test_what_happens_to_an_input_depends_on_no_neighbour():
    rows = replace(sample_examples(200), domain="")
    outputs = sample_outputs(rows)
    few, many = (measured_curves(probe_for(inputs=n), rows, outputs) for n in (30, 90))
    assert set(few) < set(many)
    assert all(few[k] == many[k] for k in few)


def measured_curves(probe, rows, outputs):
    """Return the versions of each input, by its digest."""
    from audit.samples import sample_answer

    data = {"test": rows}
    seen = Observations(data, card=CARD)
    while new := [r for r in probe.plan(data, CARD, seen) if r not in seen.answers]:
        more = {r: sample_answer(r, data, outputs) for r in new}
        seen = Observations(data, {**seen.answers, **more}, CARD)
    masked = next(r for r in seen.answers if isinstance(r, Predict) and r.masks)
    out = {}
    for i, kept in zip(unpacked(masked.rows), masked.masks.each(), strict=True):
        out.setdefault(rows.digests[i], []).append(kept.tolist())
    return out


def test_design_lists_what_is_measured_and_promises_by_size():
    probe, rows = probe_for(baselines=()), rows_of(60)
    designed = probe.design({"test": rows}, CARD)
    found = audited(World(weights_of(60)), probe)
    assert [f.ids for f in designed] == [f.ids for f in found.families]
    promised = [f.measurements[0].interval for f in designed]
    smaller = [f.measurements[0].interval for f in probe.design({"test": rows_of(240)}, CARD)]
    assert all(b.high - b.low < a.high - a.low for a, b in zip(promised, smaller, strict=True))
    assert probe.explanations({"test": rows}, CARD) == 60


def test_too_few_inputs_are_listed_and_never_tested():
    found = audited(World(weights_of(20)))
    family = found.families[0]
    assert not family.measurements
    assert "20 relevant rows" in family.untested[0].reason
    assert verdict(found, "deletion", min=0.0).outcome == "inconclusive"
    assert verdict(found, "completeness", max=0.5).outcome == "inconclusive"


@pytest.mark.parametrize(
    ("card", "rows", "words"),
    [
        (ModelCard(name="r", kind="recorded", task=""), rows_of(60), "recorded predictions"),
        (CARD, replace(rows_of(60), modality=""), "no model is given"),
        (CARD, replace(rows_of(60), modality="sound"), "cuts sound inputs into parts"),
        (ModelCard(name="m", kind="python", task=""), rows_of(60), "kernel-shap is not installed"),
    ],
)
def test_it_is_not_applicable_with_a_reason(card, rows, words):
    with pytest.raises(NotApplicable, match=words):
        probe_for().plan({"test": rows}, card, Observations({}))


def test_a_model_that_answers_with_labels_alone_has_no_margin():
    world = World(weights_of(40))
    plain = world.answer
    world.answer = lambda request: replace(plain(request), scored=False)
    with pytest.raises(NotApplicable, match="labels alone"):
        audited(world)


def test_what_the_explainer_cannot_do_is_not_applicable_and_a_failure_is_an_error():
    for lost, kind in (({"unable": True}, NotApplicable), ({}, ModelError)):
        world = World(weights_of(40))
        plain = world.answer

        def answer(request, plain=plain, lost=lost):
            if isinstance(request, Explain):
                return Observation(np.zeros((40, 0)), np.arange(40), "no gradient", **lost)
            return plain(request)

        world.answer = answer
        with pytest.raises(kind, match=r"no gradient|the explainer"):
            audited(world)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"explainer": "integrated-gradient"}, "unknown explainer"),
        ({"settings": {"steps": 8}}, "settings"),
        ({"orders": 0}, "orders: at least 1"),
        ({"fractions": 0}, "fractions: at least 1"),
        ({"masks": 0}, "masks: at least 1"),
        ({"tolerance": -0.1}, "tolerance"),
        ({"baselines": ("removed", "removed")}, "twice"),
    ],
)
def test_options_that_there_are_not_are_refused(options, words):
    with pytest.raises(ConfigError, match=words):
        probe_for(**options)


def test_an_unknown_baseline_is_refused_before_anything_runs():
    with pytest.raises(ConfigError, match='"mean" is no baseline of text inputs'):
        probe_for(baselines=("mean",)).design({"test": rows_of(60)}, CARD)


def test_groups_are_refused():
    ask = Ask(probe="explanation-faithfulness", metric="deletion", statistic="gain", by=("group",))
    with pytest.raises(ConfigError, match="about all rows"):
        ExplanationFaithfulness.complete(ask, SPLIT)


def test_sentences_read_well():
    found = audited(World(weights_of(60)))
    said = {m: verdict(found, m, min=0.0).explanation for m in ("deletion", "infidelity")}
    assert said["deletion"].startswith("Deletion gain over random orders for removed is ")
    assert " pp" in said["deletion"]
    assert said["infidelity"].startswith("Infidelity for removed is 0")
    missed = verdict(found, "completeness", max=0.1).explanation
    assert missed.startswith("Share of explanations that miss completeness is 0")


def test_exhibits_draw_both_orders_and_point_at_their_verdicts():
    found = audited(World(weights_of(60)), probe_for(baselines=()))
    down, up = (e for e in found.exhibits if isinstance(e, Curve))
    ids = {m.id for f in found.families for m in f.measurements}
    for curve in (down, up):
        assert [p.label for p in curve.panels] == ["removed", "resampled"]
        assert {i for p in curve.panels for i in p.measurements} <= ids
        own, chance = curve.panels[0].series
        assert [p.x for p in own.points] == pytest.approx(np.linspace(0, 1, 11))
        assert chance.second
        assert all(p.low <= p.y <= p.high for p in own.points)
        assert not curve.log
    whole, full = down.panels[0].series[0].points[0], up.panels[0].series[0].points[-1]
    assert whole.y == pytest.approx(full.y)
    (forest,) = (e for e in found.exhibits if isinstance(e, Forest))
    assert [r.label for r in forest.rows] == [
        "Deletion, removed", "Deletion, resampled", "Insertion, removed", "Insertion, resampled",
    ]  # fmt: skip
    (table,) = (e for e in found.exhibits if isinstance(e, Table))
    assert [r[0] for r in table.rows][:2] == ["Parts", "Completeness error"]
    assert all(e.id.startswith("explanation-faithfulness-") for e in found.exhibits)


def test_curves_of_few_parts_are_drawn_at_common_shares():
    curves = Curves(np.array([0, 0.5, 1]), *np.array([[1, 0.5, 0], [1, 1, 0]]), np.ones((2, 3)))
    assert curves.on(np.array([0, 0.25, 1])).tolist() == [[1, 0.75, 0], [1, 1, 0], [1, 1, 1]]
    assert curves.gains() == (0.5, -0.25)


MODEL = """
import math, pathlib
LOG = pathlib.Path(__file__).with_name("asked.txt")
WORDS = {"poor": -2.0, "dull": -1.0, "the": 0.0, "plot": 0.1, "fine": 1.0, "great": 2.0}
def predict(inputs):
    with LOG.open("a") as log:
        log.write("".join(text + "\\n" for text in inputs))
    margins = [0.3 + sum(WORDS[w] for w in text.split()) for text in inputs]
    return [[1 / (1 + math.exp(m)), 1 / (1 + math.exp(-m))] for m in margins]
"""


@pytest.fixture
def folder(tmp_path):
    """Write a model that adds up words, and texts of them; give the result of its audit."""
    rng = np.random.default_rng(0)
    words = ["poor", "dull", "the", "plot", "fine", "great"]
    texts = [" ".join(rng.choice(words, rng.integers(4, 9))) for _ in range(40)]
    (tmp_path / "rows.csv").write_text("text\n" + "\n".join(texts) + "\n")
    (tmp_path / "adding_words.py").write_text(MODEL)
    (tmp_path / "audit.yaml").write_text("""
audit: 1
model: {load: "python:adding_words:predict", labels: ["no", "yes"], revision: "1",
        task: text-classification}
data: {test: {load: "csv:rows.csv", input: text}}
probes: {explanation-faithfulness: {orders: 4, masks: 20}}
require:
  - {id: order, measure: explanation-faithfulness.deletion.gain, min: 0.0}
  - {id: sum, measure: explanation-faithfulness.completeness.missed, max: 0.1}
""")
    return tmp_path


def test_an_audit_runs_from_end_to_end_and_asks_each_version_once(folder, monkeypatch):
    monkeypatch.undo()  # what is really installed
    result = run_audit(AuditSpec.from_file(folder / "audit.yaml"))
    (probe,) = (p for p in result.probes if p.probe == "explanation-faithfulness")
    assert probe.outcome == "passed", (probe.reason, probe.error)
    under = {str(m.slice): m.value for f in probe.families for m in f.measurements
             if f.ask.metric == "infidelity"}  # fmt: skip
    assert under["baseline=removed"] == pytest.approx(0, abs=1e-6)
    # words drawn from other texts add to the margin themselves
    assert 0 < under["baseline=resampled"] < 1
    asked = (folder / "asked.txt").read_text().split("\n")[:-1]
    again = run_audit(AuditSpec.from_file(folder / "audit.yaml"))
    assert len(asked) - len(set(asked)) <= 32  # the check that batches do not matter
    assert len((folder / "asked.txt").read_text().split("\n")[:-1]) == len(asked)
    assert encode_families(again) == encode_families(result)


def encode_families(result):
    return msgspec.json.encode([f for p in result.probes for f in p.families])
