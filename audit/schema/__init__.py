"""JSON Schemas, made from the structs and committed beside this file."""

from __future__ import annotations

from typing import Any

import msgspec


def schema_text(what: str) -> str:
    """Return the schema of ``config`` or ``result`` as JSON text.

    Both are JSON Schema 2020-12. The committed copies are compared with this text by a test.
    """
    from audit.config import Config
    from audit.result import AuditResult

    kind: Any = Config if what == "config" else AuditResult
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"audit {what}",
        **msgspec.json.schema(kind),
    }
    text = msgspec.json.encode(schema, order="deterministic")
    return msgspec.json.format(text, indent=2).decode() + "\n"
