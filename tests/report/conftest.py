"""Fixtures of the report's tests: results, pages, and a browser where there is one."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from audit.result import AuditResult

HERE = Path(__file__).parent
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def _load(name: str) -> ModuleType:
    """Load a helper that lies beside this file: the test folders are no packages."""
    spec = importlib.util.spec_from_file_location(f"report_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def results() -> ModuleType:
    _load("shapes")
    return _load("results")


@pytest.fixture(scope="session")
def shown(results: ModuleType) -> ModuleType:
    return _load("curved")


@pytest.fixture(scope="session")
def curves(realistic: AuditResult, shown: ModuleType) -> AuditResult:
    return shown.curved(realistic)  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def hostile_curves(curves: AuditResult, extremes: ModuleType) -> AuditResult:
    return extremes.hostile(curves)  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def shifts(results: ModuleType) -> ModuleType:
    return _load("shifted")


@pytest.fixture(scope="session")
def parts(shifts: ModuleType) -> ModuleType:
    return _load("explained")


@pytest.fixture(scope="session")
def explained(realistic: AuditResult, parts: ModuleType) -> AuditResult:
    return parts.explained(realistic)  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def edges(shifts: ModuleType) -> ModuleType:
    return _load("strained")


@pytest.fixture(scope="session")
def shifted(realistic: AuditResult, shifts: ModuleType) -> AuditResult:
    return shifts.shifted(realistic)  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def hostile_shifted(shifted: AuditResult, extremes: ModuleType) -> AuditResult:
    return extremes.hostile(shifted)  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def strained(realistic: AuditResult, edges: ModuleType) -> AuditResult:
    return edges.strained(realistic)  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def extremes() -> ModuleType:
    return _load("extremes")


@pytest.fixture(scope="session")
def realistic(results: ModuleType) -> AuditResult:
    return results.realistic()  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def hostile(realistic: AuditResult, extremes: ModuleType) -> AuditResult:
    return extremes.hostile(realistic)  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def giant(realistic: AuditResult, extremes: ModuleType) -> AuditResult:
    return extremes.giant(realistic)  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def pages(
    realistic: AuditResult,
    hostile: AuditResult,
    giant: AuditResult,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    """Addresses of the rendered pages."""
    from reports.html import HtmlReporter

    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name, result in (("realistic", realistic), ("hostile", hostile), ("giant", giant)):
        file = folder / f"{name}.html"
        file.write_text(HtmlReporter().render(result), "utf-8")
        found[name] = file.as_uri()
    return found


@pytest.fixture(scope="session")
def page_of(
    pages: dict[str, str],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], str]:
    """Return the address of a page by name; those of the examples are audited when asked for."""
    from reports.html import HtmlReporter

    def address(name: str) -> str:
        if name not in pages:
            file = tmp_path_factory.mktemp(name) / "report.html"
            file.write_text(HtmlReporter().render(request.getfixturevalue(name)), "utf-8")
            pages[name] = file.as_uri()
        return pages[name]

    return address


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        if os.environ.get("AUDIT_REQUIRE_BROWSER") == "1":
            pytest.fail("no Chromium")
        pytest.skip("no Chromium")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        launched.close()
