"""The page is one safe file: small, quiet, escaped, and the same every time."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from audit.result import AuditResult
from reports.html import HtmlReporter

VOID = {"meta", "link", "br", "rect", "line", "use", "circle", "path", "img"}


class Page(HTMLParser):
    """Collects what the tests ask for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.bodies: dict[str, list[str]] = {"style": [], "script": []}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.tags.append((tag, known))
        if known.get("id"):
            self.ids.append(str(known["id"]))
        if tag in self.bodies:
            self.bodies[tag].append("")

    def handle_data(self, data: str) -> None:
        if self.bodies.get(self.lasttag):
            self.bodies[self.lasttag][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag in self.bodies:
            self.lasttag = ""

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [known for name, known in self.tags if name == tag]


@pytest.fixture(scope="module", params=["realistic", "hostile", "giant"])
def text(request: pytest.FixtureRequest) -> str:
    return HtmlReporter().render(request.getfixturevalue(request.param))


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_the_page_is_below_a_megabyte(text: str) -> None:
    assert len(text.encode()) < 1_000_000


def test_the_same_result_gives_the_same_bytes(realistic: AuditResult) -> None:
    again = AuditResult.from_json(realistic.to_json())
    assert HtmlReporter().render(again) == HtmlReporter().render(realistic)


def test_the_policy_allows_this_style_and_script_only(page: Page) -> None:
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    for body in (page.bodies["style"][0], page.bodies["script"][-1]):
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_nothing_is_styled_or_scripted_inline(page: Page) -> None:
    for _, known in page.tags:
        assert "style" not in known
        assert not [name for name in known if name.startswith("on")]


def test_nothing_is_fetched(page: Page) -> None:
    for tag, known in page.tags:
        for name in ("src", "href", "data", "action"):
            value = known.get(name)
            assert value is None or value.startswith(("#", "data:,")), (tag, value)


def test_dangerous_text_stays_text(page: Page) -> None:
    assert len(page.all("script")) == 2
    assert not page.all("img")
    assert len(page.bodies["script"]) == 2


def test_no_control_or_override_character_is_left(text: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text)


def test_template_syntax_in_data_is_not_run(hostile: AuditResult) -> None:
    text = HtmlReporter().render(hostile)
    assert "{{ 1234*1234 }}" in text
    assert "1522756" not in text


def test_every_drawing_is_named_or_hidden(page: Page) -> None:
    drawings = page.all("svg")
    assert drawings
    for known in drawings:
        named = known.get("role") == "img" and known.get("aria-label")
        assert named or known.get("aria-hidden") == "true"


def test_ids_are_unique_and_links_lead_somewhere(page: Page) -> None:
    assert len(page.ids) == len(set(page.ids))
    for known in page.all("a"):
        assert str(known["href"]).removeprefix("#") in page.ids


def test_every_requirement_and_finding_has_its_id(realistic: AuditResult) -> None:
    ids = Page(HtmlReporter().render(realistic)).ids
    wanted = [v.requirement for v in realistic.verdicts] + ["group-fairness-tpr-women-65"]
    assert not set(wanted) - set(ids)


def test_headings_do_not_skip_a_level(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_the_summary_inside_can_be_read(page: Page, text: str) -> None:
    body = next(b for b in page.bodies["script"] if b.startswith("{"))
    data = json.loads(body)
    assert data["decision"]["state"] == "failed"
    assert "<" not in body
    assert all(not v.get("comparisons") for v in data["verdicts"])


def test_words_that_promise_are_absent(realistic: AuditResult) -> None:
    text = re.sub(r"<[^>]*>", " ", HtmlReporter().render(realistic)).lower()
    for word in ("certified", "compliant", "unbiased", "95% interval, adjusted"):
        assert word not in text
    assert "it does not assert conformity" in text


def test_the_script_is_small() -> None:
    from importlib.resources import files

    assert len(files("reports").joinpath("templates", "script.js").read_bytes()) < 8_000


def test_a_notebook_gets_the_page_in_a_frame(hostile: AuditResult) -> None:
    frame = Page(hostile._repr_html_())
    assert [tag for tag, _ in frame.tags] == ["iframe"]
    assert frame.all("iframe")[0]["srcdoc"] == HtmlReporter().render(hostile)
