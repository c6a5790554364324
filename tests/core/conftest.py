"""A folder with a data set and a specification, and the command line called in this process."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml

from audit.cli import main


@pytest.fixture
def audit(tmp_path, monkeypatch, capsys):
    """Return a function that calls ``audit`` in the folder; gives code, out and err."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["audit", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return SimpleNamespace(code=ended.value.code, out=out, err=err)

    return call


@pytest.fixture
def folder(tmp_path):
    """Write 1,200 rows with recorded predictions, and a specification that can be changed."""
    rng = np.random.default_rng(0)
    n = 1200
    sex = rng.choice(["Female", "Male"], n)
    y = rng.integers(0, 2, n)
    right = rng.random(n) < np.where(sex == "Female", 0.7, 0.95)
    score = np.where(right == (y == 1), 0.8, 0.2)
    frame = pd.DataFrame(
        {
            "id": np.arange(n),
            "text": [f"text {i}" for i in range(n)],
            "sex": sex,
            "label": np.where(y == 1, "yes", "no"),
            "score": score,
        }
    )
    frame.to_csv(tmp_path / "rows.csv", index=False)
    base = {
        "audit": 1,
        "model": {"load": "recorded:"},
        "data": {
            "test": {
                "load": "csv:rows.csv",
                "label": "label",
                "positive": "yes",
                "score": "score",
                "id": "id",
                "groups": ["sex"],
            }
        },
        "require": [
            {"id": "gap", "measure": "group-fairness.accuracy.gap", "max": 0.05, "material": 0.02}
        ],
    }

    def write(**changes):
        spec = yaml.safe_load(yaml.safe_dump(base))
        for key, value in changes.items():
            node = spec
            *parents, last = key.split("__")
            for part in parents:
                node = node.setdefault(part, {})
            if value is None:
                node.pop(last, None)
            else:
                node[last] = value
        (tmp_path / "audit.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
        return tmp_path

    return SimpleNamespace(write=write, path=tmp_path, frame=frame)


@pytest.fixture
def callable_model(folder):
    """Write a callable model that counts its inputs, and data that feed it."""

    def write(body, **changes):
        (folder.path / "tiny_model.py").write_text(
            "import pathlib\n"
            "LOG = pathlib.Path(__file__).with_name('calls.txt')\n"
            "def scores(text):\n"
            "    i = int(text.split()[-1])\n"
            "    return 0.8 if i % 3 else 0.2\n"
            "def predict(inputs):\n"
            "    inputs = list(inputs)\n"
            "    with LOG.open('a') as f:\n"
            "        f.write('\\n'.join(inputs) + '\\n')\n" + body
        )
        settings = {
            "model": {
                "load": "python:tiny_model:predict",
                "labels": ["no", "yes"],
                "task": "text-classification",
                "revision": "1",
            },
            "data__test__input": "text",
            "data__test__score": None,
        }
        return folder.write(**(settings | changes))

    return write


GOOD = "    return [[1 - scores(t), scores(t)] for t in inputs]\n"


@pytest.fixture
def good():
    """Return the body of a model that answers as it must."""
    return GOOD
