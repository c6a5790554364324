"""What a reader meets in a browser: no request, no overflow, no barrier, nothing lost."""

import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from audit.result import AuditResult

pytestmark = pytest.mark.browser
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPEN = "document.querySelectorAll('details').forEach(fold => { fold.open = true; })"
NAMES = ["realistic", "hostile", "giant"]
PLAIN = ["realistic", "hostile", "curves", "hostile_curves", "demo"]
SHIFTS = ["shifted", "hostile_shifted", "strained"]
EXPLAINED = ["explained", "hostile_explained"]
READ = [*PLAIN, "adult", *SHIFTS, *EXPLAINED]

TOUCHING = """[...document.querySelectorAll('.cv')].flatMap(plot => {
  const seen = [...plot.querySelectorAll('text')].map(text => [text.textContent,
    text.getBoundingClientRect()]).filter(([_, box]) => box.width);
  return seen.flatMap(([name, a], i) => seen.slice(i + 1).filter(([_, b]) => a.left < b.right
    && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom)
    .map(([other]) => [name, other]));
})"""

CONTRAST = """(() => {
  const channels = (text) => {
    const numbers = text.match(/[\\d.]+/g).map(Number);
    return text.startsWith('color(') ? numbers.slice(0, 3) : numbers.slice(0, 3).map(v => v / 255);
  };
  const light = (text) => {
    const [r, g, b] = channels(text).map(v => v <= 0.04045 ? v / 12.92
      : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return [...document.querySelectorAll('.hm td > span, .wd > span')]
    .filter(cell => /[hwv]\\d/.test(cell.className))
    .map(cell => {
      const style = getComputedStyle(cell);
      const pair = [light(style.color), light(style.backgroundColor)].sort((a, b) => b - a);
      return [cell.className.match(/[hwv]\\d/)[0], (pair[0] + 0.05) / (pair[1] + 0.05)];
    });
})()"""


@pytest.fixture(scope="session")
def hostile_explained(explained: AuditResult, extremes: ModuleType) -> AuditResult:
    return extremes.hostile(explained)  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def closed(browser: Any) -> Any:
    """Close the pages of a test behind it: what stays open slows the next ones down."""
    yield
    for context in browser.contexts:
        context.close()


def visit(browser: Any, address: str, **settings: Any) -> Any:
    """Open a page in a context of its own and collect what it asks for and complains of."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})
    page = context.new_page()
    page.asked, page.said = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto(address)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["realistic", "hostile", "curves", "hostile_curves", *SHIFTS])
def test_nothing_bars_a_reader(
    browser: Any, page_of: Callable[[str], str], name: str, scheme: str
) -> None:
    found = barriers(visit(browser, page_of(name), color_scheme=scheme))
    assert found.violations_count == 0, found.generate_report()


# axe takes a minute for the demo's thousands of cells
@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_nothing_bars_a_reader_of_the_demo(
    browser: Any, page_of: Callable[[str], str], scheme: str
) -> None:
    found = barriers(visit(browser, page_of("demo"), color_scheme=scheme))
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("explained", "light"),
        *(pytest.param(n, "dark", marks=pytest.mark.slow) for n in EXPLAINED),
        pytest.param("hostile_explained", "light", marks=pytest.mark.slow),
    ],
)
def test_nothing_bars_a_reader_of_explanations(
    browser: Any, page_of: Callable[[str], str], name: str, scheme: str
) -> None:
    found = barriers(visit(browser, page_of(name), color_scheme=scheme))
    assert found.violations_count == 0, found.generate_report()


def barriers(page: Any) -> Any:
    """Return what axe finds on a page with every fold open."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page.evaluate(OPEN)
    return axe.run(page, options={"runOnly": STANDARDS})


@pytest.mark.parametrize("name", READ)
def test_nothing_is_asked_for_and_nothing_refused(
    browser: Any, page_of: Callable[[str], str], name: str
) -> None:
    page = visit(browser, page_of(name))
    page.evaluate(OPEN)
    page.wait_for_timeout(100)
    assert [url for url in page.asked if not url.startswith("data:")] == [page_of(name)]
    assert page.said == []


@pytest.mark.parametrize("width", [1280, 640, 390, 320])
@pytest.mark.parametrize("name", READ)
def test_nothing_runs_over_the_edge(
    browser: Any, page_of: Callable[[str], str], name: str, width: int
) -> None:
    """640 pixels are what a window of 1280 has at 200 % zoom, 320 at 400 %."""
    page = visit(browser, page_of(name), viewport={"width": width, "height": 800})
    page.evaluate(OPEN)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", ["realistic", "demo", "shifted"])
def test_nearly_all_text_is_there_without_javascript(
    browser: Any, page_of: Callable[[str], str], name: str
) -> None:
    plain = visit(browser, page_of(name), java_script_enabled=False).inner_text("body")
    scripted = visit(browser, page_of(name)).inner_text("body")
    assert len(plain) >= 0.99 * len(scripted)


def test_dangerous_text_never_runs(browser: Any, pages: dict[str, str]) -> None:
    page = visit(browser, pages["hostile"])
    assert page.evaluate("document.querySelectorAll('img, b b, script').length") == 2
    assert page.said == []


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["curves", "shifted", "explained"])
def test_no_two_texts_of_a_plot_touch(
    browser: Any, page_of: Callable[[str], str], name: str, width: int
) -> None:
    page = visit(browser, page_of(name), viewport={"width": width, "height": 900})
    assert page.evaluate(TOUCHING) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_shade_of_a_heat_table_can_be_read(
    browser: Any, page_of: Callable[[str], str], scheme: str
) -> None:
    """Contrast is reckoned by the formula of WCAG 2.2, from the colours that are painted."""
    page = visit(browser, page_of("strained"), color_scheme=scheme)
    page.evaluate(OPEN)
    found = dict(page.evaluate(CONTRAST))
    assert {f"h{level}" for level in range(9)} <= set(found)
    assert min(found.values()) >= 4.5, found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_shade_of_a_word_can_be_read(
    browser: Any, page_of: Callable[[str], str], scheme: str
) -> None:
    page = visit(browser, page_of("explained"), color_scheme=scheme)
    page.evaluate(OPEN)
    found = dict(page.evaluate(CONTRAST))
    assert {f"{sign}{level}" for sign in "wv" for level in range(1, 7)} <= set(found)
    assert min(found.values()) >= 4.5, found


def test_words_against_are_told_without_colour(browser: Any, page_of: Callable[[str], str]) -> None:
    page = visit(browser, page_of("explained"))
    page.evaluate(OPEN)
    line = "getComputedStyle(document.querySelector('.wd .{}')).textDecorationLine"
    assert page.evaluate(line.format("v5")) == "underline"
    assert page.evaluate(line.format("w5")) == "none"


def test_a_grid_scrolls_inside_itself_and_keeps_its_names(
    browser: Any, page_of: Callable[[str], str]
) -> None:
    page = visit(browser, page_of("shifted"), viewport={"width": 390, "height": 800})
    region = page.locator(".ht .scroll").first
    region.focus()
    region.evaluate("region => { region.scrollLeft = 60; }")
    assert region.evaluate("region => region.scrollLeft") == 60
    name = region.locator("tbody th[scope=row]").first.bounding_box()
    assert name["x"] == pytest.approx(region.bounding_box()["x"] + 2, abs=2)


def test_pictures_before_and_after_are_shown(browser: Any, page_of: Callable[[str], str]) -> None:
    page = visit(browser, page_of("shifted"))
    page.evaluate(OPEN)
    wide = page.evaluate("[...document.querySelectorAll('.pr img')].map(i => i.naturalWidth)")
    assert wide == [24, 24, 24, 24]


def test_the_theme_can_be_turned(browser: Any, pages: dict[str, str]) -> None:
    page = visit(browser, pages["realistic"], color_scheme="light")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    assert page.inner_text("#theme") == "Light"


def test_rows_can_be_filtered(browser: Any, pages: dict[str, str]) -> None:
    page = visit(browser, pages["giant"])
    page.click("#filters button:has-text('failed')")
    assert page.locator(".ev tbody tr:visible").count() == 12


def test_a_link_opens_the_fold_it_points_into(browser: Any, pages: dict[str, str]) -> None:
    page = visit(browser, pages["realistic"] + "#tpr-gap")
    assert page.evaluate("document.querySelector(':target').id") == "tpr-gap"


def test_every_stop_of_the_keyboard_has_a_ring(browser: Any, pages: dict[str, str]) -> None:
    page = visit(browser, pages["realistic"])
    for _ in range(25):
        page.keyboard.press("Tab")
        style = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(style) == "solid"


def test_print_shows_verdict_and_evidence_first_and_opens_folds(
    browser: Any, pages: dict[str, str]
) -> None:
    page = visit(browser, pages["realistic"], viewport={"width": 720, "height": 1024})
    page.emulate_media(media="print")
    bottom = "document.querySelector('.sign').getBoundingClientRect().bottom"
    assert page.evaluate(bottom) < 1024
    height = "document.querySelector('details .in').getBoundingClientRect().height"
    assert page.evaluate(height) > 100


def test_the_page_paints_soon(browser: Any, pages: dict[str, str]) -> None:
    for name in NAMES:
        page = visit(browser, pages[name])
        page.wait_for_timeout(200)
        times = "performance.getEntriesByName('first-paint').map(entry => entry.startTime)"
        print(f"first paint of {name}: {page.evaluate(times)} ms")


@pytest.mark.skipif("AUDIT_LOOK" not in os.environ, reason="AUDIT_LOOK names no folder")
@pytest.mark.parametrize(
    "name", [*NAMES, "curves", "hostile_curves", "demo", "adult", *SHIFTS, *EXPLAINED]
)
def test_pictures_are_taken_for_the_eye(
    browser: Any, page_of: Callable[[str], str], name: str
) -> None:
    """Run with AUDIT_LOOK=folder after a change of looks, and look at what it writes."""
    folder = Path(os.environ["AUDIT_LOOK"])
    folder.mkdir(parents=True, exist_ok=True)
    for width in (1280, 390):
        for scheme in ("light", "dark"):
            size = {"width": width, "height": 900}
            page = visit(browser, page_of(name), viewport=size, color_scheme=scheme)
            page.screenshot(path=folder / f"{name}_{width}_{scheme}.png", full_page=True)
    page.pdf(path=folder / f"{name}.pdf", prefer_css_page_size=True)
