"""The command line as a newcomer meets it: what it says, and the code it ends with."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from audit.result import AuditResult


def test_a_proven_gap_exits_1_and_names_the_group(audit, folder):
    folder.write()
    done = audit("run", "--gate")
    assert done.code == 1
    assert "Female" in done.out
    assert {p.name for p in (folder.path / "audit-report").iterdir()} >= {
        "result.json",
        "report.html",
        "summary.md",
        "junit.xml",
        "data",
    }


def test_without_gate_a_failure_is_reported_and_exits_0(audit, folder):
    folder.write()
    assert audit("run").code == 0


def test_a_met_requirement_exits_0(audit, folder):
    folder.write(require=[{"id": "a", "measure": "task-performance.accuracy.overall", "min": 0.6}])
    assert audit("run", "--gate").code == 0


def test_an_undecided_requirement_exits_3_unless_the_policy_warns(audit, folder):
    near = {"id": "a", "measure": "task-performance.accuracy.overall", "min": 0.825}
    folder.write(require=[near])
    assert audit("run", "--gate").code == 3
    folder.write(require=[near | {"on_inconclusive": "warn"}])
    assert audit("run", "--gate").code == 0


def test_inconclusive_can_be_overridden_for_one_call_and_is_recorded(audit, folder):
    folder.write(
        require=[{"id": "a", "measure": "task-performance.accuracy.overall", "min": 0.825}]
    )
    assert audit("run", "--gate", "--inconclusive", "warn").code == 0
    result = AuditResult.from_file(folder.path / "audit-report")
    assert any("on_inconclusive was set to warn" in w for w in result.warnings)


def test_a_requirement_on_a_probe_that_did_not_run_exits_4(audit, folder):
    folder.write()
    done = audit("run", "task-performance", "--gate")
    assert done.code == 4
    assert AuditResult.from_file("audit-report").verdict("gap").outcome == "not run"


def test_a_waiver_lets_a_known_failure_through_and_runs_out(audit, folder):
    words = {"id": "gap", "by": "j", "reason": "known"}
    folder.write(waivers=[words | {"until": "2999-01-01"}])
    assert audit("run", "--gate").code == 0
    folder.write(waivers=[words | {"until": "2020-01-01"}])
    assert audit("run", "--gate").code == 1
    assert "ended on 2020-01-01" in " ".join(AuditResult.from_file("audit-report").warnings)


def test_a_domain_is_measured_and_not_compared_unless_asked(audit, folder):
    worst = {"id": "a", "measure": "task-performance.accuracy.worst", "by": "sex", "min": 0.5}
    folder.write(
        data__test__groups=[], data__test__domain="sex", data__test__note="drawn by hand",
        require=[worst],
    )  # fmt: skip
    assert audit("run", "--gate").code == 0
    result = AuditResult.from_file("audit-report")
    assert result.verdict("a").tested == 2
    assert not any("gap" in m.measure for p in result.probes for f in p.families
                   for m in f.measurements)  # fmt: skip
    assert "drawn by hand" in (folder.path / "audit-report/report.html").read_text()


def test_gate_without_a_requirement_is_a_usage_error(audit, folder):
    folder.write(require=[])
    assert audit("run", "--gate").code == 2


def test_a_stored_result_is_judged_again_by_another_policy(audit, folder):
    folder.write()
    audit("run")
    loose = {"id": "gap", "measure": "group-fairness.accuracy.gap", "max": 0.5}
    folder.write(require=[loose])
    (folder.path / "audit.yaml").rename(folder.path / "policy.yaml")
    assert audit("gate").code == 1
    assert audit("gate", "--policy", "policy.yaml").code == 0


def test_the_plan_prints_distinct_inputs_calls_and_what_can_be_seen(audit, callable_model, good):
    callable_model(good)
    done = audit("plan")
    assert done.code == 0
    assert "1,200 distinct inputs" in done.out
    assert "proves with power 0.9" in done.out


def test_what_the_plan_tried_is_not_predicted_again(audit, callable_model, good):
    folder = callable_model(good)
    audit("plan")
    audit("run")
    seen = (folder / "calls.txt").read_text().split("\n")[:-1]
    assert sorted(seen) == sorted(set(seen))
    assert len(seen) == 1200


def test_check_tries_a_few_rows(audit, callable_model, good):
    folder = callable_model(good)
    assert audit("check").code == 0
    assert len((folder / "calls.txt").read_text().split("\n")[:-1]) == 8


def test_init_writes_a_specification_that_runs(audit, folder):
    assert audit("init", "--data", "csv:rows.csv", "--model", "recorded:", "--yes").code == 0
    assert audit("check").code == 0
    assert audit("run").code == 0


def test_init_does_not_write_over_a_file(audit, folder):
    folder.write()
    assert audit("init", "--data", "csv:rows.csv", "--yes").code == 2


def test_probes_explains_one_and_suggests_for_a_wrong_one(audit):
    assert "tpr.gap" in audit("probes", "group-fairness").out
    wrong = audit("probes", "group-fairnes")
    assert wrong.code == 2
    assert 'did you mean "group-fairness"' in wrong.err


def test_the_schemas_fit_the_files(audit, folder):
    import jsonschema
    import yaml

    folder.write()
    audit("run")
    result = json.loads((folder.path / "audit-report/result.json").read_text())
    jsonschema.validate(result, json.loads(audit("schema", "result").out))
    spec = yaml.safe_load((folder.path / "audit.yaml").read_text())
    jsonschema.validate(spec, json.loads(audit("schema", "config").out))


@pytest.mark.parametrize("what", ["config", "result"])
def test_the_committed_schema_has_not_drifted(what):
    import audit.schema as home

    stored = Path(home.__file__).with_name(f"{what}.schema.json").read_text()
    assert stored == home.schema_text(what)


def test_the_same_audit_gives_the_same_bytes_but_for_its_times(audit, folder):
    folder.write()
    texts = []
    for _ in range(2):
        audit("run")
        value = json.loads(Path("audit-report/result.json").read_text())
        value.pop("run")
        texts.append(json.dumps(value))
    assert texts[0] == texts[1]


def test_a_digest_that_is_not_met_again_is_refused(audit, folder):
    folder.write()
    assert audit("run", "--expect-digest", "0000").code == 2


def test_the_data_card_lists_roles_labels_and_sizes(audit, folder):
    folder.write()
    audit("run")
    card = AuditResult.from_file("audit-report").data
    assert card.columns == {"sex": "group", "label": "label", "score": "score", "id": "id"}
    assert (card.labels, card.splits) == (("no", "yes"), {"test": 1200})


@pytest.mark.parametrize("method", ["design", "plan", "measure"])
def test_a_probe_that_throws_is_an_error_and_the_others_go_on(audit, folder, monkeypatch, method):
    from probes.task_performance import TaskPerformance

    def fail(self, *words):
        raise ZeroDivisionError("boom")

    monkeypatch.setattr(TaskPerformance, method, fail)
    folder.write(
        require=[
            {"id": "gap", "measure": "group-fairness.accuracy.gap", "max": 0.5},
            {"id": "a", "measure": "task-performance.accuracy.overall", "min": 0.1},
        ]
    )
    assert audit("run", "--gate").code == 4
    result = AuditResult.from_file("audit-report")
    assert result.verdict("gap").outcome == "passed"
    assert result.verdict("a").outcome == "error"
    assert "boom" in result.verdict("a").explanation


def test_a_row_without_its_recorded_decision_is_no_wrong_answer(audit, folder):
    said = folder.frame["label"].where(folder.frame.index >= 5)
    folder.frame.assign(said=said).to_csv(folder.path / "rows.csv", index=False)
    folder.write(data__test__prediction="said")
    assert audit("run", "--gate").code == 4
    reasons = {p.reason for p in AuditResult.from_file("audit-report").probes}
    assert all("no prediction is recorded" in r for r in reasons)


def test_too_few_events_are_called_events(audit, folder):
    folder.write(data__groups={"min_events": 5000}, require=[
        {"id": "a", "measure": "group-fairness.selection_rate.gap", "max": 0.1}])  # fmt: skip
    audit("run", "--gate")
    assert "at least 5000 are needed" in AuditResult.from_file("audit-report").verdict("a").settle


def test_looking_again_is_remembered_and_a_changed_policy_is_said(audit, folder):
    folder.write()
    audit("run")
    assert AuditResult.from_file("audit-report").run.looks.earlier == 0
    loose = {"id": "gap", "measure": "group-fairness.accuracy.gap", "max": 0.5}
    folder.write(require=[loose])
    audit("run")
    looks = AuditResult.from_file("audit-report").run.looks
    assert (looks.earlier, looks.models, looks.policies) == (1, 1, 2)
    page = (folder.path / "audit-report/report.html").read_text()
    assert "policy was changed after these data had been judged" in page
    assert "1 run on these data before" in page


def test_the_rerun_command_runs_it_again(audit, folder):
    folder.write()
    audit("run", "--set", "defaults.seed=5")
    words = AuditResult.from_file("audit-report").rerun.split()[1:]
    assert audit(*words).code == 0


HEAVY = ("torch", "transformers", "datasets", "sklearn", "pandas", "numpy", "scipy", "jinja2")


def test_the_command_line_starts_light():
    code = f"import audit.cli, sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_gate_and_report_work_where_no_framework_can_be_imported(audit, folder):
    folder.write()
    audit("run")
    block = ["torch", "transformers", "datasets", "sklearn", "pandas"]
    code = (
        f"import sys\nfor m in {block!r}: sys.modules[m] = None\nfrom audit.cli import main\nmain()"
    )
    for verb, expected in (("gate", 1), ("report", 0)):
        done = subprocess.run(
            [sys.executable, "-c", code, verb, "audit-report"],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder.path,
        )
        assert done.returncode == expected, done.stderr


def test_a_first_draft_names_the_domains_and_leaves_the_choice_to_a_person(audit, folder):
    table = folder.frame.assign(site=["east", "west", "north"] * 400)
    table.to_csv(folder.path / "sites.csv", index=False)
    assert audit("init", "--model", "recorded:", "--data", "csv:sites.csv", "--yes").code == 0
    text = (folder.path / "audit.yaml").read_text()
    assert 'domain: "site"' in text
    assert '# domains: {in_distribution: ["east", "north", "west"]}' in text
    said = text.replace("  # domains: {in", "  domains: {in").replace(
        '["east", "north", "west"]', "[east]"
    )
    (folder.path / "audit.yaml").write_text(said)
    done = audit("check")
    assert "domain         west: 400 rows of test, out of distribution" in done.out
