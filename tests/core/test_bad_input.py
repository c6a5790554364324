"""Bad input ends in a clear error that says what, where and how to mend it; nothing is lost."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest

from audit.result import AuditResult


def test_a_missing_column_names_what_is_there(audit, folder):
    folder.write(data__test__groups=["sexx"])
    done = audit("run")
    assert done.code == 2
    assert '"sexx"' in done.err
    assert "sex" in done.err.replace("sexx", "")


def test_a_label_that_the_model_does_not_know(audit, callable_model, good):
    callable_model(good, model__labels=["no", "maybe"])
    done = audit("run")
    assert done.code == 2
    assert "yes" in done.err
    assert "maybe" in done.err


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"modell": {}}, 'did you mean "model"'),
        ({"probes": {"group-fairnes": {}}}, 'did you mean "group-fairness"'),
        ({"probes": {"group-fairness": {"speed": 3}}}, 'unknown option "speed"'),
        (
            {"require": [{"id": "x", "measure": "group-fairness.tpr.gap_max", "max": 1}]},
            'did you mean "tpr.gap"',
        ),
        ({"require": [{"id": "x", "measure": "task-performance.auc.overall"}]}, "max: and min:"),
        ({"require": [{"id": "x", "measure": "a.b.c", "maxx": 1}]}, 'did you mean "max"'),
        ({"model": {"load": "hff:x"}}, 'did you mean "hf"'),
        ({"data__test__load": "csv:nowhere.csv"}, "nowhere.csv"),
        ({"defaults": {"seed": "x"}}, "expected `int`"),
        ({"model__refit": {"recipe": "head"}}, "name them under data.train"),
        ({"model__refit": {"recipee": "head"}}, 'did you mean "recipe"'),
        (
            {"probes": {"learning-curve": {"seeds": 1}}},
            "seeds of learning-curve must be at least 2",
        ),
        (
            {"require": [{"id": "x", "measure": "learning-curve.rows.needed", "max": 9}]},
            "none is named",
        ),
        (
            {
                "require": [
                    {
                        "id": "x",
                        "measure": "learning-curve.gain.doubling",
                        "max": 0.1,
                        "split": "train",
                    }
                ]
            },
            "nothing is measured on the training rows",
        ),
        (
            {
                "data__train": {"load": "csv:rows.csv"},
                "data__more": {
                    "train": {"load": "csv:rows.csv", "label": "label", "score": "score"}
                },
            },
            'two splits are called "train"',
        ),
        ({"data__train": {"load": "csv:rows.csv", "input": "text", "label": "labell"}}, '"labell"'),
        ({"waivers": [{"id": "gapp", "until": "2027-01-01", "by": "j", "reason": "r"}]}, "gap"),
    ],
)
def test_a_fault_of_the_specification_is_found_before_anything_runs(audit, folder, changes, said):
    folder.write(**changes)
    done = audit("run")
    assert done.code in (2, 4)
    assert said in done.err
    assert "Traceback" not in done.err


def test_an_unknown_key_is_shown_with_its_line(audit, folder):
    folder.write()
    path = folder.path / "audit.yaml"
    lines = [*path.read_text().splitlines(), "defaultz: {}"]
    path.write_text("\n".join(lines))
    assert f"audit.yaml:{len(lines)}" in audit("check").err


def test_an_empty_data_set(audit, folder):
    folder.write()
    folder.frame.head(0).to_csv(folder.path / "rows.csv", index=False)
    done = audit("run")
    assert done.code in (2, 4)
    assert "rows" in done.err


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("    return [[float('nan'), 1.0] for t in inputs]\n", "NaN"),
        ("    return [[0.2, 0.3, 0.5] for t in inputs]\n", "3"),
        ("    return [[0.9, 0.9] for t in inputs]\n", "sum"),
    ],
)
def test_outputs_that_are_no_probabilities_end_in_4(audit, callable_model, body, said):
    callable_model(body)
    done = audit("run", "--gate")
    assert done.code == 4
    assert said.lower() in (done.out + done.err).lower()


def test_a_callable_that_raises_once_loses_nothing_else(audit, callable_model, good):
    folder = callable_model("    assert 'text 500' not in inputs, 'bad row'\n" + good)
    done = audit("run", "--gate")
    assert done.code == 4
    result = AuditResult.from_file("audit-report")
    assert {p.outcome for p in result.probes} == {"error"}
    assert "bad row" in result.probes[0].reason
    assert result.run.predicted == 1199
    (folder / "calls.txt").unlink()
    audit("run", "--gate")
    assert set((folder / "calls.txt").read_text().split("\n")) == {"text 500", ""}


def test_one_failing_split_leaves_the_other_split_measured(audit, callable_model, good, folder):
    callable_model("    assert not any(t.startswith('other') for t in inputs), 'no'\n" + good)
    other = folder.frame.assign(text=["other " + t for t in folder.frame["text"]])
    other.to_csv(folder.path / "other.csv", index=False)
    callable_model(
        "    assert not any(t.startswith('other') for t in inputs), 'no'\n" + good,
        data__more={
            "other": {"load": "csv:other.csv", "input": "text", "label": "label", "groups": ["sex"]}
        },
        require=[
            {"id": "a", "measure": "task-performance.accuracy.overall", "min": 0.2},
            {
                "id": "b",
                "measure": "group-fairness.accuracy.gap",
                "split": "other",
                "max": 0.2,
            },
        ],
    )
    assert audit("run", "--gate").code == 4


def test_a_group_with_one_row_is_listed_and_not_tested(audit, folder):
    folder.frame.loc[3, "sex"] = "Other"
    folder.frame.to_csv(folder.path / "rows.csv", index=False)
    folder.write()
    audit("run")
    verdict = AuditResult.from_file("audit-report").verdict("gap")
    assert [(u.slice.name, u.n) for u in verdict.untested] == [("Other", 1)]


def test_a_constant_prediction_ends_in_a_result(audit, callable_model):
    callable_model("    return [[1.0, 0.0] for t in inputs]\n")
    assert audit("run", "--gate").code in (0, 1, 3)


def test_a_corrupt_cache_is_set_aside_with_a_warning(audit, callable_model, good):
    folder = callable_model(good)
    audit("run")
    files = [p for p in (folder / ".audit/cache").iterdir() if p.is_file()]
    for path in files:
        path.write_bytes(b"this is no database" * 100)
    assert audit("run").code == 0
    warnings = " ".join(AuditResult.from_file("audit-report").warnings)
    assert "corrupt" in warnings


def test_an_output_folder_that_cannot_be_written_is_found_first(audit, callable_model, good):
    folder = callable_model(good)
    (folder / "taken").write_text("a file")
    done = audit("run", "--out", "taken")
    assert done.code == 2
    assert not (folder / "calls.txt").exists()


def test_ctrl_c_exits_130_and_the_same_command_resumes(callable_model, good):
    slow = "    import time; time.sleep(0.2)\n" + good
    folder = callable_model(slow, model__batch_tokens=100)
    words = [sys.executable, "-m", "audit", "run"]
    running = subprocess.Popen(words, cwd=folder, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: (folder / "calls.txt").exists())
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "resume" in err
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
    assert "reused" in done.stdout
    assert AuditResult.from_file(folder / "audit-report").run.reused > 0


def test_a_killed_run_resumes_without_repeating_and_to_the_same_bytes(callable_model, good):
    slow = "    import time; time.sleep(0.1)\n" + good
    folder = callable_model(slow, model__batch_tokens=100)
    words = [sys.executable, "-m", "audit", "run"]
    running = subprocess.Popen(words, cwd=folder, stderr=subprocess.DEVNULL)
    wait_for(lambda: (folder / "calls.txt").exists())
    time.sleep(0.6)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    resumed = stable(folder)
    seen = (folder / "calls.txt").read_text().split("\n")[:-1]
    repeated = len(seen) - len(set(seen))
    assert repeated <= 100  # at most the batch that was under way when it was killed
    for path in (folder / ".audit").rglob("*"):
        if path.is_file():
            path.unlink()
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    assert stable(folder) == resumed


def test_markup_in_texts_labels_groups_and_files_stays_inert(audit, folder):
    evil = '<script>alert(1)</script>"&{{7*7}}'
    folder.frame["sex"] = np.where(folder.frame["sex"] == "Male", evil, "Female")
    folder.frame["label"] = folder.frame["label"].replace({"yes": evil + "yes"})
    folder.frame.to_csv(folder.path / "rows.csv", index=False)
    folder.write(data__test__positive=evil + "yes", report={"examples": "full"})
    assert audit("run").code == 0
    page = (folder.path / "audit-report/report.html").read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "49" not in page.split("&lt;/script&gt;", 1)[1][:20]


def test_a_pickle_is_refused_with_the_reason(audit, folder):
    import joblib
    from sklearn.dummy import DummyClassifier

    model = DummyClassifier().fit([[0], [1]], ["no", "yes"])
    joblib.dump(model, folder.path / "m.joblib")
    folder.write(model={"load": "sklearn:m.joblib"}, data__test__input=["id"])
    done = audit("run")
    assert done.code == 4
    assert "allow_pickle" in done.err
    assert "code" in done.err


def test_the_store_is_a_plain_sqlite_file(audit, callable_model, good):
    folder = callable_model(good)
    audit("run")
    path = next((folder / ".audit/cache").glob("*.sqlite*"))
    with sqlite3.connect(path) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)


def stable(folder):
    """Return the result without its times."""
    value = json.loads((folder / "audit-report/result.json").read_text())
    value.pop("run")
    return json.dumps(value, sort_keys=True)


def wait_for(condition, seconds=30):
    """Wait until something holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("probe", "options", "said"),
    [
        ("ood-detection", {"far": ["mars"]}, "mars"),
        ("ood-detection", {"detectors": ["msq"]}, "msq"),
        ("corruption-robustness", {"transforms": ["fog"]}, "image"),
        ("corruption-robustness", {"transforms": ["casin"]}, "casing"),
        ("corruption-robustness", {"severities": [6]}, "severities"),
    ],
)
def test_an_option_that_does_not_fit_the_data_ends_before_anything_runs(
    audit, callable_model, good, probe, options, said
):
    callable_model(
        good, probes={probe: options}, require=[], data__test__domain="sex",
        data__test__groups=[], data__domains={"in_distribution": ["Male"]},
    )  # fmt: skip
    ended = audit("run")
    assert ended.code == 2
    assert said in ended.err
    assert "audit.yaml" in ended.err
