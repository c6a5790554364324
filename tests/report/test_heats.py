"""A heat table says everything in numbers; shade, frame and mark only add to them."""

from types import ModuleType
from typing import Any

import msgspec
import pytest

from audit.exhibits import Heat
from audit.measurement import Unit
from audit.result import AuditResult
from audit.verdict import Outcome
from reports.exhibits import broad
from reports.heats import HeatView, heat_view
from reports.html import HtmlReporter
from reports.index import Index

replace = msgspec.structs.replace


def view(result: AuditResult, heat: Heat) -> HeatView:
    return heat_view(Index(result), heat)


def grid(result: AuditResult, **more: Any) -> HeatView:
    found = result.probes[1].exhibits[0]
    assert isinstance(found, Heat)
    return view(result, replace(found, **more))


def line(found: HeatView, number: int = 0) -> list[tuple[str, str]]:
    rows = [row for block in found.blocks for row in block.rows]
    return [(cell.text, cell.css) for cell in rows[number].cells]


def test_losses_are_shaded_from_none_on(shifted: AuditResult) -> None:
    found = grid(shifted)
    assert (found.least, found.most) == ("0.0 pp", "24.5 pp")
    assert line(found)[0] == ("4.0", "h1")
    assert line(found)[4] == ("24.5", "h8 over")


def test_kinds_that_stand_together_get_a_heading(shifted: AuditResult) -> None:
    found = grid(shifted)
    assert [block.name for block in found.blocks] == ["typing", "noise", "layout"]
    assert {row.aside for block in found.blocks for row in block.rows} == {""}


def test_kinds_in_turn_stand_beside_each_name(shifted: AuditResult, edges: ModuleType) -> None:
    found = view(shifted, edges.tall_grid())
    assert [block.name for block in found.blocks] == [""]
    assert [row.aside for row in found.blocks[0].rows[:3]] == ["kind 0", "kind 1", "kind 2"]
    assert found.shown == found.count == 40


def test_lines_keep_the_order_that_is_given(shifted: AuditResult) -> None:
    names = [row.label for block in grid(shifted).blocks for row in block.rows]
    held = shifted.probes[1].exhibits[0]
    assert isinstance(held, Heat)
    assert names == [row.label for row in held.rows]


def test_a_cell_is_marked_by_its_verdict(shifted: AuditResult) -> None:
    found = grid(shifted)
    cells = [cell for block in found.blocks for row in block.rows for cell in row.cells]
    assert [o for o, _ in found.marks] == [Outcome.FAILED, Outcome.INCONCLUSIVE]
    assert all("over" in c.css for c in cells if c.outcome is Outcome.FAILED)
    assert {c.spoken for c in cells} == {"", "failed", "inconclusive"}


def test_a_number_beyond_the_limit_is_framed_and_said(shifted: AuditResult) -> None:
    held = shifted.probes[1].exhibits[0]
    assert isinstance(held, Heat)
    bare = tuple(
        replace(row, cells=tuple(replace(c, measurements=()) for c in row.cells))
        for row in held.rows
    )
    found = grid(shifted, rows=bare)
    assert [css.endswith("over") for _, css in line(found)] == [False, True, True, True, True, True]
    assert found.limit == "beyond the limit of 8.0 pp"
    assert found.blocks[0].rows[0].cells[1].spoken == "beyond the limit"


def test_totals_are_not_held_to_a_limit_on_cells(shifted: AuditResult) -> None:
    assert line(grid(shifted))[5] == ("14.0", "h5")


def test_a_limit_on_another_scale_frames_nothing(shifted: AuditResult) -> None:
    assert grid(shifted, unit=Unit.SHARE).limit == ""


@pytest.mark.parametrize(
    ("values", "css"),
    [
        ((0.0, 1.0, 0.5, None), ["h8", "h0", "h4", "hx"]),
        ((0.05, 0.05), ["h0", "h0"]),
        ((None, None), ["hx", "hx"]),
        ((float("nan"), 0.2, 0.1), ["hx", "h0", "h8"]),
    ],
)
def test_the_ends_of_a_scale_are_shaded(
    shifted: AuditResult, edges: ModuleType, values: tuple[float | None, ...], css: list[str]
) -> None:
    found = view(shifted, edges.cells(*values, unit=Unit.SHARE, grave="low", family=""))
    assert [c for _, c in line(found)] == css


def test_a_line_with_too_few_cells_is_filled_up(shifted: AuditResult, edges: ModuleType) -> None:
    found = view(shifted, edges.cells(0.1, columns=("1", "2", "3"), total="mean", family=""))
    assert [text for text, _ in line(found)] == ["10.0", "–", "–", "–"]


def test_the_fold_lists_every_interval(shifted: AuditResult) -> None:
    data = grid(shifted).data
    assert [c.name for c in data.columns] == [
        "Row",
        *(f"severity {s}" for s in range(1, 6)),
        "mean",
    ]
    assert data.rows[0][0] == "Swapped letters\ntyping"
    assert data.rows[0][1] == "4.0\n2.8 to 5.2"
    assert data.rows[0][5] == "24.5\n23.3 to 25.7\nfailed"


def test_many_columns_take_the_whole_width(edges: ModuleType) -> None:
    assert broad(edges.cells(*([0.1] * 20)))
    assert not broad(edges.tall_grid())


def test_the_table_has_real_headers(shifted: AuditResult) -> None:
    page = HtmlReporter().render(shifted)
    table = page.split('<table class="hm">', 1)[1].split("</table>", 1)[0]
    assert table.count('<th scope="col"') == 6
    assert table.count('scope="rowgroup"') == 3
    assert table.count('<th scope="row">') == 10
    assert '<th scope="colgroup" colspan="5">severity' in table
    assert 'aria-label="failed"' in table
