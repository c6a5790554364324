"""``audit transforms``: what is offered, explained with live examples; broken guests are named."""

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

from audit import registry
from audit.transform import TransformKind, TransformSheet
from audit.transforms import example, tabular, text

ROOT = Path(__file__).parents[2]
GROUP = "audit.transforms"
OURS = {
    name: EntryPoint(name, f"audit.transforms.{name}:transforms", GROUP)
    for name in ("image", "tabular", "text")
}
SHEET = TransformSheet(
    name="louder", modality="audio", family="level", title="Louder", says="Turns it up. Or down.",
    steps=("1 dB", "2 dB", "3 dB", "4 dB", "5 dB"), preserves=False,
)  # fmt: skip


def kind(**changes):
    import msgspec

    return TransformKind(msgspec.structs.replace(SHEET, **changes), lambda inputs, *_: inputs)


@pytest.fixture
def offers(monkeypatch):
    """Offer our own transforms and those of some guests: a list, or an error to raise."""

    def offer(**guests):
        entries = OURS | dict.fromkeys(guests)
        load = registry.load
        monkeypatch.setattr(registry, "listed", lambda kind: entries)

        def loaded(kind, name):
            return guests[name] if name in guests else load(kind, name)

        monkeypatch.setattr(registry, "load", loaded)

    offer()
    return offer


def test_the_list_names_each_by_modality(audit, offers):
    done = audit("transforms")
    assert done.code == 0
    heads = [done.out.index(h) for h in ("Texts:", "Images:", "Tables:")]
    assert heads == sorted(heads)
    for known in (*text.transforms(), *tabular.transforms()):
        assert f"\n  {known.sheet.name} " in done.out


def test_what_may_lose_the_label_is_said(audit, offers):
    lines = {line.split()[0]: line for line in audit("transforms").out.splitlines() if line}
    assert lines["truncation"].endswith("May lose the label.")
    assert "May lose" not in lines["rotation"]
    assert "An input may lose its label." in audit("transforms", "truncation").out


def test_a_text_transform_is_explained_with_the_sentence_at_each_severity(audit, offers):
    out = audit("transforms", "keyboard-typos").out
    assert "Severities:" in out
    assert "References:" in out
    assert f"  0  {example.SENTENCE[:40]}" in out
    assert f"  5  {example.SENTENCE}" not in out
    assert out == audit("transforms", "keyboard-typos").out


def test_a_transform_of_tables_is_explained_with_a_row(audit, offers):
    out = audit("transforms", "unit-slips").out
    assert "height_cm" in out
    assert "*" in out.split("Example")[1].split("\n  1")[1]


def test_an_image_transform_is_explained_without_pillow(audit, offers):
    out = audit("transforms", "jpeg").out
    assert "quality 50 of 100" in out
    assert "docs/transforms.md" in out


@pytest.mark.parametrize("known", [*text.transforms(), *tabular.transforms()],
                         ids=lambda k: k.sheet.name)  # fmt: skip
def test_every_example_shows_something(known):
    found = example.text_example if known.sheet.modality == "text" else example.table_example
    rows = found(known)[1] if known.sheet.modality == "tabular" else found(known)
    assert len(rows) == 6
    assert rows[5] != rows[0]


def test_an_unknown_name_is_a_usage_error_with_a_suggestion(audit, offers):
    done = audit("transforms", "gausian-noise")
    assert done.code == 2
    assert 'did you mean "gaussian-noise"' in done.err


def broken():
    raise ValueError("no dictionary")


@pytest.mark.parametrize(
    ("guest", "why"),
    [
        (broken, "it fails: ValueError: no dictionary"),
        (lambda: ["noise"], "something else than transforms"),
        (lambda: [kind(name="jpeg")], 'two transforms are called "jpeg"'),
        (lambda: [kind(), kind()], 'two transforms are called "louder"'),
    ],
)
def test_a_broken_guest_is_named_and_the_others_are_listed(audit, offers, guest, why):
    offers(guest=guest)
    done = audit("transforms")
    assert done.code == 0
    assert why in done.out
    assert "keyboard-typos" in done.out
    assert audit("transforms", "guest").code == 2
    assert audit("transforms", "keyboard-typos").code == 0


def test_a_package_that_does_not_import_is_named(audit, offers, monkeypatch):
    lost = EntryPoint("lost", "not_there_at_all:transforms", GROUP)
    monkeypatch.setattr(registry, "listed", lambda kind: OURS | {"lost": lost})
    out = audit("transforms").out
    assert "cannot be loaded" in out
    assert "not_there_at_all" in out


def test_a_guest_of_another_modality_is_listed_and_explained(audit, offers):
    offers(guest=lambda: [kind()])
    assert "audio:" in audit("transforms").out
    assert "3 dB" in audit("transforms", "louder").out


def test_a_guest_that_fails_on_the_example_is_said_to(audit, offers):
    offers(guest=lambda: [TransformKind(kind(modality="text").sheet, lambda *_: 1 / 0)])
    done = audit("transforms", "louder")
    assert done.code == 0
    assert "It fails on an example: ZeroDivisionError" in done.out


def test_listing_imports_neither_pandas_nor_pillow_nor_scipy():
    code = (
        "import sys; from audit.transforms import image, tabular, text;"
        "image.transforms(); tabular.transforms(); text.transforms();"
        "print([m for m in ('pandas', 'PIL', 'scipy', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_knows_the_verb_and_stays_light():
    code = (
        "import sys; import audit.cli; assert 'transforms' in audit.cli.VERBS;"
        "print([m for m in ('numpy', 'pandas', 'PIL', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_example_table_has_60_rows_that_vary():
    frame = example.people()
    assert len(frame) == 60
    assert all(np.unique(frame[c]).size > 2 for c in frame)


def test_the_documentation_is_what_its_script_writes():
    import runpy

    script = runpy.run_path(str(ROOT / "examples/transforms/document.py"))
    assert (ROOT / "docs/transforms.md").read_text() == script["page"](), (
        "run examples/transforms/document.py"
    )
