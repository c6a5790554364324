"""``audit explainers``: what is offered, each explained; broken guests are named."""

import runpy
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import msgspec
import pytest

from audit import registry
from audit.explainer import ByModel, ExplainerSheet

ROOT = Path(__file__).parents[2]
GROUP = "audit.explainers"
OURS = {
    name: EntryPoint(name, f"audit.explainers.{name}:explainers", GROUP)
    for name in ("masked", "gradients", "trees")
}
SHEET = ExplainerSheet(
    name="tea-leaves", title="Tea leaves", says="Reads them. Slowly.", needs="predictions",
    seeded=True, complete=False, settings={"cups": 2}, meaning={"cups": "cups that are drunk"},
)  # fmt: skip


def kind(**changes):
    return ByModel(msgspec.structs.replace(SHEET, **changes), lambda *_: None)


@pytest.fixture
def offers(monkeypatch):
    """Offer our own explainers and those of some guests: a function that returns them."""

    def offer(**guests):
        load = registry.load
        monkeypatch.setattr(registry, "listed", lambda kind: OURS | dict.fromkeys(guests))

        def loaded(kind, name):
            return guests[name] if name in guests else load(kind, name)

        monkeypatch.setattr(registry, "load", loaded)

    offer()
    return offer


def test_the_list_names_each_by_what_it_needs(audit, offers):
    done = audit("explainers")
    assert done.code == 0
    heads = ["From predictions alone:", "From the gradients of a network:", "From the trees"]
    places = [done.out.index(h) for h in heads]
    assert places == sorted(places)
    for name, place in zip(("kernel-shap", "smooth-grad", "tree-shap"), places, strict=True):
        assert done.out.index(f"\n  {name} ") > place


def test_an_explainer_is_explained_with_its_settings(audit, offers):
    out = audit("explainers", "tree-shap").out
    assert "tree-shap: TreeSHAP" in out
    assert "background  rows of the split" in out
    assert "(default 1000)" in out
    assert "Nothing in it is random." in out
    assert "Attributions sum to the margin" in out
    assert "Lundberg" in out


def test_what_draws_and_does_not_add_up_is_said_to(audit, offers):
    out = audit("explainers", "lime").out
    assert "Another seed gives another answer." in out
    assert "need not sum" in out


def test_an_unknown_name_is_a_usage_error_with_a_suggestion(audit, offers):
    done = audit("explainers", "kernal-shap")
    assert done.code == 2
    assert 'did you mean "kernel-shap"' in done.err


def broken():
    raise ValueError("no cup")


@pytest.mark.parametrize(
    ("guest", "why"),
    [
        (broken, "it fails: ValueError: no cup"),
        (lambda: ["leaves"], "something else than explainers"),
        (lambda: [kind(name="lime")], 'two explainers are called "lime"'),
        (lambda: [kind(), kind()], 'two explainers are called "tea-leaves"'),
    ],
)
def test_a_broken_guest_is_named_and_the_others_are_listed(audit, offers, guest, why):
    offers(guest=guest)
    done = audit("explainers")
    assert done.code == 0
    assert why in done.out
    assert "kernel-shap" in done.out
    assert audit("explainers", "guest").code == 2
    assert audit("explainers", "lime").code == 0


def test_a_package_that_does_not_import_is_named(audit, monkeypatch):
    lost = EntryPoint("lost", "not_there_at_all:explainers", GROUP)
    monkeypatch.setattr(registry, "listed", lambda kind: OURS | {"lost": lost})
    out = audit("explainers").out
    assert "cannot be loaded" in out
    assert "not_there_at_all" in out


def test_a_guest_is_listed_by_its_first_sentence_and_explained(audit, offers):
    offers(guest=lambda: [kind()])
    assert "Reads them.\n" in audit("explainers").out
    assert "cups  cups that are drunk (default 2)" in audit("explainers", "tea-leaves").out


def light(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


def test_help_knows_the_verb_and_stays_light():
    done = light(
        "import sys; import audit.cli; assert 'explainers' in audit.cli.VERBS;"
        "print([m for m in ('numpy', 'pandas', 'torch', 'scipy') if m in sys.modules])"
    )
    assert done.stdout.strip() == "[]"


def test_listing_imports_no_framework():
    done = light(
        "import sys; from audit.cli.offered import offered;"
        "from audit.explainer import ByMasks, ByModel;"
        "assert not offered('explainer', ByMasks | ByModel)[1];"
        "print([m for m in ('pandas', 'sklearn', 'torch', 'shap') if m in sys.modules])"
    )
    assert done.stdout.strip() == "[]"


def test_the_documentation_is_what_its_script_writes():
    script = runpy.run_path(str(ROOT / "examples/explainers/document.py"))
    assert (ROOT / "docs/explainers.md").read_text() == script["page"](), (
        "run examples/explainers/document.py"
    )
