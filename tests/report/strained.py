"""Shapes at their edges: long names, forty lines, ends of the scale, nothing, huge counts."""

from __future__ import annotations

import msgspec
from report_shifted import domains, grid, on_the_line, predicted, reliability, roc, sheet, texts

from audit.exhibits import Exhibit, Forest, Heat, HeatCell, HeatRow, Line, Pairs, Plane, Spot
from audit.measurement import Unit
from audit.result import AuditResult, ProbeResult
from audit.verdict import Outcome

replace = msgspec.structs.replace
LONG = "A name that goes on for longer than anybody would ever choose to make it, and then some"
RIGHT = "שלום עולם <script>alert(1)</script> مرحبا"
UNBROKEN = "supercalifragilisticexpialidocious" * 3


def tall_grid() -> Heat:
    """Forty lines of five cells, with kinds in turn, so that no heading can hold them together."""
    rows = tuple(
        HeatRow(
            label=(LONG, RIGHT, UNBROKEN, f"Change {i}")[min(i, 3)],
            group=f"kind {i % 3}",
            cells=tuple(
                HeatCell(value=None if (i + s) % 7 == 0 else (i * 5 + s) / 200) for s in range(5)
            ),
            total=HeatCell(value=i / 40) if i % 5 else None,
        )
        for i in range(40)
    )
    return grid(id="tall", title=LONG, rows=rows, n=10**12)


def cells(*values: float | None, **more: object) -> Heat:
    """One line with some values."""
    row = HeatRow(label="only", cells=tuple(HeatCell(value=v) for v in values))
    columns = tuple(str(i) for i in range(len(values)))
    kept: dict[str, object] = {"columns": columns, "rows": (row,), "total": "", **more}
    return grid(**kept)


def plane(*spots: Spot, **more: object) -> Plane:
    kept: dict[str, object] = {"title": "t", "caption": "", "x_axis": "x", "y_axis": "y", **more}
    return Plane(id="p", spots=spots, **kept)  # type: ignore[arg-type]


def crowded() -> Plane:
    """Forty spots of nearly one place, each with a long name; most names are left out."""
    spots = tuple(
        Spot(x=0.9 + i / 2000, y=0.9 - i / 3000, label=f"{LONG} {i}", n=10**15 + i)
        for i in range(40)
    )
    return plane(*spots, square=False, strip=True, title="Crowded")


def many_lines() -> Plane:
    xs = tuple(i / 10 for i in range(11))
    lines = tuple(
        Line(name=f"{RIGHT} {i}", x=xs, y=tuple(x ** (0.2 + i / 20) for x in xs)) for i in range(15)
    )
    return replace(roc(), id="lines", lines=lines)


def far_apart() -> Pairs:
    """Long texts of one word, of right-to-left words and of none."""
    pair = texts().pairs[0]
    said = (
        (UNBROKEN * 5, UNBROKEN * 5 + "x"),
        (RIGHT, RIGHT + "!"),
        ("", ""),
        ("free\u200bzing cold", "freezing cold"),
    )
    pairs = tuple(replace(pair, label=LONG, before=b, after=a, facts=(LONG,)) for b, a in said)
    return replace(texts(), id="far-pairs", pairs=pairs)


def far_levels() -> Forest:
    rows = tuple(
        replace(row, label=(LONG, RIGHT, UNBROKEN)[i % 3], n=10**12)
        for i, row in enumerate(domains().rows)
    )
    return replace(domains(band_label=LONG), rows=rows)


def strained(base: AuditResult) -> AuditResult:
    """Three probes whose shapes are at their edges."""
    shown: tuple[tuple[str, tuple[Exhibit, ...]], ...] = (
        ("levels", (far_levels(), tall_grid(), far_apart())),
        ("planes", (many_lines(), crowded(), plane(title="No point at all"))),
        (
            "ends",
            (
                cells(0.0, 1.0, 0.5, None, unit=Unit.SHARE, title="Ends", grave="low"),
                cells(0.05, 0.05, 0.05, unit=Unit.SHARE, title="All alike", value="error"),
                cells(*(i / 20 for i in range(20)), title="Twenty columns"),
                cells(None, None, title="Nothing"),
                plane(
                    Spot(x=0, y=0, y_low=0, y_high=0.1, n=1),
                    Spot(x=1, y=1, y_low=0.9, y_high=1, n=10**9),
                    title="Corners",
                    strip=True,
                ),
                reliability(0.3),
                on_the_line(),
                predicted(),
            ),
        ),
    )
    probes = tuple(
        ProbeResult(probe=id_, sheet=sheet(id_, id_, "q?"), outcome=Outcome.PASSED, exhibits=found)
        for id_, found in shown
    )
    return replace(
        base, probes=probes, requirements=(), verdicts=(), findings=(), waivers=(), screens=()
    )
