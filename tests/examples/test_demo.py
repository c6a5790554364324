"""The demo: a real fine-tuned transformer on real rated texts."""

from reports.html import HtmlReporter


def test_the_classifier_is_good_enough_to_be_worth_auditing(demo):
    (held_out,) = [
        m
        for p in demo.probes
        for f in p.families
        if f.ask.metric == "balanced_accuracy" and f.ask.statistic == "worst"
        for m in f.measurements
        if m.slice.name == "movie"
    ]
    assert held_out.value >= 0.75


def test_its_report_is_one_small_file(demo):
    assert len(HtmlReporter().render(demo).encode()) < 1_000_000


def test_every_requirement_is_judged(demo):
    assert {v.requirement for v in demo.verdicts} == {r.id for r in demo.requirements}
    assert not {v.outcome for v in demo.verdicts} & {"error", "not run", "not applicable"}


def figures(result, measure):
    """Return the measurements of one measure, by the name of their slice."""
    return {
        m.slice.name: m
        for p in result.probes
        for f in p.families
        for m in f.measurements
        if m.measure == measure
    }


def test_no_probe_ended_in_an_error(demo):
    assert {p.probe: p.reason for p in demo.probes if p.outcome == "error"} == {}


def test_tweets_and_news_are_harder_than_movies_and_more_so_than_amazon(demo):
    """Other processors fine-tune to other last digits: figures move by a point or two."""
    drops = {n: m.value for n, m in figures(demo, "distribution-shift.accuracy.drop").items()}
    assert min(drops["news"], drops["tweets"]) > 0.03
    assert drops["amazon"] < drops["news"]
    assert drops["imdb"] < drops["tweets"]


def test_harmless_changes_cost_little_where_they_are_light_and_more_where_they_are_heavy(demo):
    cells = figures(demo, "corruption-robustness.answers.cell")
    first, last = ([m.value for n, m in cells.items() if n.endswith(s)] for s in ("1", "5"))
    assert len(first) == len(last) == 10
    assert max(first) <= 0.15
    assert sum(last) > sum(first)


def test_what_is_predicted_without_labels_meets_nothing(demo):
    (verdict,) = [v for v in demo.verdicts if v.requirement == "unlabelled"]
    assert verdict.outcome != "passed"
