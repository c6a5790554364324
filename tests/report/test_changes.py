"""Inputs before and after: what differs is marked, what may not be shown is not there."""

import re
from types import ModuleType

import msgspec
import pytest

from audit.exhibits import Case, Cases, Pairs
from audit.result import AuditResult
from reports.changes import MOST_PAIRS, Part, marked, pairs_view, pictured
from reports.exhibits import cases_view
from reports.html import HtmlReporter
from reports.index import Index

replace = msgspec.structs.replace


def changed(parts: tuple[Part, ...]) -> list[str]:
    return [text for differs, text in parts if differs]


@pytest.mark.parametrize(
    ("before", "after", "gone", "new"),
    [
        ("please help", "ppease help", ["l"], ["p"]),
        ("My chest is tight", "Mychest istight", [" ", " "], []),
        ("a cat", "a cat", [], []),
        ("", "all new", [], ["all new"]),
        ("shout it", "SHOUT IT", ["shout it"], ["SHOUT IT"]),
        ("the dog barks", "the cow barks", ["dog"], ["cow"]),
    ],
)
def test_what_differs_is_marked(before: str, after: str, gone: list[str], new: list[str]) -> None:
    left, right = marked(before, after)
    assert changed(left) == gone
    assert changed(right) == new


@pytest.mark.parametrize(
    ("before", "after"), [("abc def", "xyz"), ("", ""), ("a\nb", "a b"), ("שלום", "שלוםם")]
)
def test_the_parts_make_up_the_texts(before: str, after: str) -> None:
    left, right = marked(before, after)
    assert "".join(text for _, text in left) == before
    assert "".join(text for _, text in right) == after


def page(result: AuditResult, exhibit: Pairs | Cases) -> str:
    probe = replace(result.probes[0], exhibits=(exhibit,))
    return HtmlReporter().render(replace(result, probes=(probe,)))


def test_marks_are_elements_of_their_own(shifted: AuditResult, shifts: ModuleType) -> None:
    text = page(shifted, shifts.texts())
    assert "I cannot b<del>r</del>eathe" in text
    assert "I cannot b<ins>t</ins>eathe" in text
    assert "del{text-decoration-style:dotted}" in text


def test_what_is_withheld_says_so_once(shifted: AuditResult, shifts: ModuleType) -> None:
    hidden = tuple(replace(p, before=None, after=None) for p in shifts.texts().pairs)
    text = page(shifted, replace(shifts.texts(), pairs=hidden))
    assert text.count("withheld (report: {examples: full} shows it)") == 1
    assert text.count("withheld") == 1
    assert "urgent 0.91" in text


def test_an_unchanged_input_says_so(shifted: AuditResult, shifts: ModuleType) -> None:
    found = pairs_view(Index(shifted), shifts.texts())
    assert [pair.after.note for pair in found.pairs[:4]] == ["", "", "", "unchanged"]


def test_what_no_eye_sees_is_written_out(shifted: AuditResult, edges: ModuleType) -> None:
    last = pairs_view(Index(shifted), edges.far_apart()).pairs[-1]
    assert changed(last.before.parts) == ["[U+200B]"]


def test_pictures_are_named_by_their_place(shifted: AuditResult, shifts: ModuleType) -> None:
    text = page(shifted, shifts.pictures())
    assert re.findall(r'<img src="data:image/png;base64,[^"]+" alt="([^"]*)"', text) == [
        "test 17 before the change",
        "test 17 after: Gaussian noise",
        "test 18 before the change",
        "test 18 after: Motion blur",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "data:image/svg+xml;base64,AAAA",
        'data:image/png;base64,AA" onerror=alert(1)',
        "https://example.org/x.png",
        "javascript:alert(1)",
        "data:text/html;base64,AAAA",
        None,
    ],
)
def test_no_other_address_becomes_a_picture(text: str | None) -> None:
    assert pictured(text, "x") is None


def test_cases_show_pictures_too(shifted: AuditResult, shifts: ModuleType) -> None:
    case = Case(id="c", split="test", row=3, facts=("cat",), input=shifts.painted(9))
    cases = Cases(id="c", title="t", caption="", columns=("Model",), cases=(case,))
    assert page(shifted, cases).count("<img ") == 1
    cell = cases_view(Index(shifted), cases).rows[0][-1]
    assert not isinstance(cell, str)
    assert cell.alt == "test 3"


def test_many_pairs_are_capped_and_counted(shifted: AuditResult, shifts: ModuleType) -> None:
    many = replace(shifts.texts(), pairs=shifts.texts().pairs * 20)
    assert len(pairs_view(Index(shifted), many).pairs) == MOST_PAIRS
    assert f"the first {MOST_PAIRS} of 100 pairs" in page(shifted, many)


def test_hostile_names_and_texts_stay_text(hostile_shifted: AuditResult) -> None:
    text = HtmlReporter().render(hostile_shifted)
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "1522756" not in text


@pytest.mark.parametrize("name", ["shifted", "hostile_shifted", "strained"])
def test_the_same_result_gives_the_same_small_page(
    name: str, request: pytest.FixtureRequest
) -> None:
    result = request.getfixturevalue(name)
    text = HtmlReporter().render(result)
    assert text == HtmlReporter().render(AuditResult.from_json(result.to_json()))
    assert len(text.encode()) < 1_000_000
    assert not re.search(' style="| on[a-z]+="', text.split("</style>", 1)[1].replace("&#34;", ""))
