"""Explanations are drawn as words, patches or bars: what speaks for and against, and how much."""

import re
from collections.abc import Sequence
from types import ModuleType

import msgspec
import pytest

from audit.exhibits import Attributions, Weighed
from audit.result import AuditResult
from reports.attributions import MOST_PAIRS, OPEN_PAIRS, AttributionsView, attributions_view
from reports.bars import MOST_BARS, bars_view
from reports.exhibits import broad
from reports.html import HtmlReporter
from reports.index import Index
from reports.overlays import overlay_view
from reports.tokens import MOST_WORDS, strip_view, window
from reports.weights import STEPS, percent, scale

replace = msgspec.structs.replace
INF, NAN = float("inf"), float("nan")


def page(result: AuditResult, exhibit: Attributions) -> str:
    probe = replace(result.probes[0], exhibits=(exhibit,))
    return HtmlReporter().render(replace(result, probes=(probe,))).split("</style>", 1)[1]


def view(result: AuditResult, exhibit: Attributions) -> AttributionsView:
    return attributions_view(Index(result), exhibit)


def weighed(*weights: float | None, names: Sequence[str] = ()) -> Weighed:
    return Weighed(weights=weights, names=tuple(names))


def test_words_stand_in_order_with_their_sign_and_strength(
    explained: AuditResult, parts: ModuleType
) -> None:
    text = page(explained, parts.texts())
    assert '<span class="w5">Chest</span> <span class="w4">tightness</span> since ' in text
    assert '<span class="v2">Monday</span> and my left <span class="w1">arm</span>' in text


def test_the_strongest_words_are_named(explained: AuditResult, parts: ModuleType) -> None:
    text = page(explained, parts.texts())
    assert "strongest: numb&nbsp;32%, Chest&nbsp;29%, tightness&nbsp;21%" in text


def test_every_word_has_its_number(explained: AuditResult, parts: ModuleType) -> None:
    text = page(explained, parts.texts())
    assert (
        "<b>before</b> Chest&nbsp;29%, tightness&nbsp;21%, since&nbsp;0.7%, Monday&nbsp;−11%"
        in text
    )


def test_a_word_without_counterpart_is_neutral(explained: AuditResult, parts: ModuleType) -> None:
    text = page(explained, parts.texts())
    assert "</span> is tight and <span" in text
    assert "tight&nbsp;–" in text


def test_before_and_after_share_their_shades() -> None:
    how = scale(weighed(0.2, -0.1), weighed(0.6, None))
    assert [how.level(w) for w in (0.6, 0.2, -0.1, None, NAN, INF)] == [STEPS, 2, -1, 0, 0, 0]


@pytest.mark.parametrize(
    ("weight", "text"),
    [
        (0.314, "31%"),
        (-0.042, "−4.2%"),
        (0.0996, "10%"),
        (-0.0001, "0%"),
        (0.0, "0%"),
        (1.0, "100%"),
        (None, "–"),
        (NAN, "–"),
    ],
)
def test_shares_are_written_short(weight: float | None, text: str) -> None:
    assert percent(weight) == text


def test_of_a_long_text_the_heaviest_stretch_is_shown() -> None:
    weights = [0.0] * 300
    weights[150], weights[200] = 0.6, -0.4
    start, stop = window(weights, MOST_WORDS)
    assert start <= 150 < 200 < stop
    assert stop - start == MOST_WORDS
    assert window([0.0] * 300, MOST_WORDS) == (0, MOST_WORDS)


def test_what_is_left_out_is_counted(explained: AuditResult, parts: ModuleType) -> None:
    text = page(explained, parts.extremes()[0])
    assert text.count("; 240 more are in result.json") == 1


def test_marks_touch_the_words_that_they_follow() -> None:
    side = weighed(*[0.0] * 6, names=("help", "(", "me", ")", "now", "!"))
    found = strip_view("before", side, "word", scale(side))
    assert found.runs == ((" ", "", "help (me) now!"),)


def test_withheld_words_are_numbered_blocks(explained: AuditResult, parts: ModuleType) -> None:
    text = page(explained, parts.withheld(parts.texts()))
    assert not re.search(r"\b(numb|Chest|Monday)\b", text)
    assert '<span class="bk w5">1</span> <span class="bk w4">2</span>' in text
    assert "strongest: word 10&nbsp;32%" in text
    assert text.count("Inputs are withheld (report: {examples: full} shows it)") == 1


def test_pictures_lie_under_their_patches(explained: AuditResult, parts: ModuleType) -> None:
    text = page(explained, parts.pictures())
    assert text.count('<div class="om"><img src="data:image/png') == 6
    assert 'aria-label="before the change, strongest patches: row 4, column 4 (7.3%), ' in text


def test_patches_against_are_struck_through() -> None:
    side = weighed(0.5, -0.5, 0.0, None)
    grid = str(overlay_view("", side, scale(side)).grid)
    assert re.findall(r'<rect class="(\w+)" x="(\d)" y="(\d)"', grid) == [
        ("w6", "0", "0"),
        ("v6", "1", "0"),
    ]
    assert '<path class="anti" d="M1 1L2 0"/>' in grid


def test_the_grid_stands_alone_where_pictures_are_withheld(
    explained: AuditResult, parts: ModuleType
) -> None:
    text = page(explained, parts.withheld(parts.pictures()))
    assert "<img" not in text
    assert text.count('<div class="om"><svg') == 6
    assert "numbered in their order" not in text


def test_columns_are_bars_on_either_side_of_zero() -> None:
    side = weighed(0.5, -0.25, 0.25, names=("a = 1", "b = 2", "c = 3"))
    found = bars_view(side, None, "column", scale(side))
    assert [(row.name, row.bars[0][1]) for row in found.rows] == [
        ("a = 1", "50%"),
        ("b = 2", "−25%"),
        ("c = 3", "25%"),
    ]
    assert 'class="pro" x="50%" width="50%"' in str(found.rows[0].bars[0][0])
    assert 'class="anti" x="25%" width="25%"' in str(found.rows[1].bars[0][0])


def test_a_column_whose_value_changed_is_named_twice(parts: ModuleType) -> None:
    pair = parts.rows().pairs[0]
    found = bars_view(pair.before, pair.after, "column", scale(pair.before, pair.after))
    assert [(row.name, row.after) for row in found.rows[:2]] == [
        ("pressure=152", ""),
        ("age=71", "age=72"),
    ]
    assert len(found.rows) == MOST_BARS
    assert found.left == 2


def test_names_of_columns_are_withheld_with_their_values(
    explained: AuditResult, parts: ModuleType
) -> None:
    text = page(explained, parts.withheld(parts.rows()))
    assert "pressure" not in text
    assert '<th scope="row"><bdi>column 3</bdi></th>' in text


def test_a_lone_input_is_likened_to_nothing(explained: AuditResult, parts: ModuleType) -> None:
    found = view(explained, parts.rows()).pairs[1]
    assert found.similarity == ""
    assert found.bars is not None
    assert found.bars.sides == ("weight",)


def test_a_few_stand_open_and_the_rest_is_folded_and_counted(
    explained: AuditResult, parts: ModuleType
) -> None:
    many = replace(parts.texts(), pairs=parts.texts().pairs * 20)
    found = view(explained, many)
    assert (len(found.pairs), len(found.folded)) == (OPEN_PAIRS, MOST_PAIRS - OPEN_PAIRS)
    assert f"the first {MOST_PAIRS} of 60 inputs; the rest are in result.json" in page(
        explained, many
    )


def test_the_worst_the_median_and_the_best_stand_open(
    explained: AuditResult, parts: ModuleType
) -> None:
    worst, median, best = parts.texts().pairs
    between = replace(median, label="25% are less alike")
    found = view(explained, replace(parts.texts(), pairs=(worst, between, median, between, best)))
    assert [pair.label for pair in found.pairs] == ["Worst", "Median", "Best"]
    assert len(found.folded) == 2


def test_a_change_that_the_facts_name_is_said_once(
    explained: AuditResult, parts: ModuleType
) -> None:
    pair = replace(parts.texts().pairs[0], facts=("urgent", "Synonyms, severity 2"))
    exhibit = replace(parts.texts(), columns=("Answer", "Change"), pairs=(pair,))
    assert view(explained, exhibit).pairs[0].about == (
        "test 4,100",
        "Answer: urgent",
        "Change: Synonyms, severity 2",
    )


def test_edges_hold_and_markup_stays_text(explained: AuditResult, parts: ModuleType) -> None:
    for exhibit in (*parts.extremes(), *map(parts.withheld, parts.extremes())):
        text = page(explained, exhibit)
        assert "<b>bold" not in text
    text = page(explained, parts.extremes()[0])
    assert "&lt;b&gt;bold&lt;/b&gt;" in text
    assert "{{7*7}}" in text


def test_words_from_right_to_left_are_kept_apart_from_their_numbers(
    explained: AuditResult, parts: ModuleType
) -> None:
    assert "<bdi>כאב</bdi>&nbsp;50%, <bdi>שלום</bdi>&nbsp;30%" in page(
        explained, parts.extremes()[0]
    )


def test_two_dozen_messages_of_forty_words_stay_small(
    explained: AuditResult, parts: ModuleType
) -> None:
    side = weighed(
        *[(-1) ** i * (i % 7) / 120 for i in range(40)], names=[f"word{i}" for i in range(40)]
    )
    pair = replace(parts.texts().pairs[0], before=side, after=side)
    base = len(page(explained, replace(parts.texts(), pairs=())).encode())
    full = len(page(explained, replace(parts.texts(), pairs=(pair,) * 24)).encode())
    assert full - base < 130_000


def test_only_explanations_need_the_whole_width(parts: ModuleType) -> None:
    assert broad(parts.texts())
    assert not broad(parts.density())


def test_the_same_result_gives_the_same_page(explained: AuditResult) -> None:
    text = HtmlReporter().render(explained)
    assert text == HtmlReporter().render(AuditResult.from_json(explained.to_json()))
    assert not re.search(' style="| on[a-z]+="', text.split("</style>", 1)[1])
