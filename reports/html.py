"""The HTML report: one file, no request, readable without JavaScript."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any, ClassVar

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from audit.exhibits import Exhibit
from audit.result import AuditResult
from reports import charts, plane_field, plane_plot, plots
from reports.aggregate import Report, build
from reports.exhibits import EXHIBITS
from reports.index import Index
from reports.words import clean, css, word

Draw = Callable[[Exhibit], Markup]


class HtmlReporter:
    """Writes ``report.html``."""

    file: ClassVar[str] = "report.html"

    def render(self, result: AuditResult) -> str:
        """Return the page. The same result gives the same bytes."""
        report = build(result)
        environment = _environment()
        style, script = _asset("style.css"), _asset("script.js")
        page = environment.get_template("report.html.j2")
        return page.render(
            report=report,
            home={card.probe.probe: card.anchor for card in report.cards},
            exhibit=_drawer(environment, report.index, numbers=False),
            data_table=_drawer(environment, report.index, numbers=True),
            policy=_policy(style, script),
            style=style,
            script=script,
            summary=_summary(report),
        )


def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        loader=PackageLoader("reports"),
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        css=css,
        word=word,
        glyph=charts.glyph,
        lane=charts.lane,
        forest_svg=charts.forest,
        curve_svg=plots.curve,
        plane_svg=plane_plot.plane,
        legended=plane_plot.legended,
        swatch=plane_field.swatch,
    )
    return environment


def _shown(value: Any) -> Any:
    """Clean every text on its way into the page; escaping follows."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _drawer(environment: Environment, index: Index, *, numbers: bool) -> Draw:
    """Return what draws an exhibit by its type, or what lists the numbers that it plots."""
    module = environment.get_template("exhibits.html.j2").module

    def draw(exhibit: Exhibit) -> Markup:
        prepare, figure, listing = EXHIBITS[type(exhibit)]
        macro = listing if numbers else figure
        if macro is None:
            return Markup("")
        return Markup(getattr(module, macro)(prepare(index, exhibit)))  # noqa: S704 - autoescaped

    return draw


def _asset(name: str) -> Markup:
    """Read one of our own files; it goes into the page as it is."""
    text = files("reports").joinpath("templates", name).read_text("utf-8").strip()
    return Markup(text)  # noqa: S704 - shipped with the package


def _policy(style: str, script: str) -> str:
    """Return the content security policy: nothing but this style and this script."""
    rules = (
        "default-src 'none'",
        f"style-src '{_digest(style)}'",
        f"script-src '{_digest(script)}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return "; ".join(rules)


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _summary(report: Report) -> Markup:
    """Return decision and verdicts as JSON that cannot end its own element."""
    result = report.result
    verdicts = [msgspec.structs.replace(v, comparisons=()) for v in result.verdicts]
    data = {
        "schema_version": result.schema_version,
        "decision": result.decision,
        "verdicts": verdicts,
        "left_out": "verdicts[].comparisons; the whole is result.json",
    }
    text = json.dumps(msgspec.to_builtins(data), separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - every character that HTML knows is written as an escape
