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
