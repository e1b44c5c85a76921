"""The page at `/docs`: the calls, bodies and problems, made from the OpenAPI description. It loads nothing."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from html import escape
from typing import Any

from api.problems import KINDS

_STYLE = """
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
section { border-top: 1px solid #8886; margin-top: 1.5rem }
table { border-collapse: collapse } td, th { text-align: left; padding: .1rem 1rem .1rem 0; vertical-align: top }
code, pre { font-family: ui-monospace, monospace; font-size: .9em } pre { overflow-x: auto }
"""


# the one style is allowed by its digest; the page holds nothing else that is run or loaded
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    f" style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
)


def docs_page(openapi: Mapping[str, Any]) -> str:
    """One HTML page for a description as `FastAPI.openapi` gives it."""
    info = openapi["info"]
    calls = "".join(
        _call(method, path, call)
        for path, methods in openapi["paths"].items()
        for method, call in methods.items()
    )
    bodies = "".join(_body(name, one) for name, one in openapi["components"]["schemas"].items())
    problems = _table(
        ("type", "status", "title"),
        (
            (f'<code id="{kind.name}">{escape(kind.type)}</code>', kind.status, escape(kind.title))
            for kind in KINDS
        ),
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width">'
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style>"
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info['summary'])} "
        f'The same for machines: <a href="openapi.json">openapi.json</a>.</p>'
        f"<h2>Calls</h2>{calls}<h2>Bodies</h2>{bodies}<h2>Problems</h2>{problems}</html>"
    )


def _call(method: str, path: str, call: Mapping[str, Any]) -> str:
    parameters = (
        (
            f"<code>{escape(one['name'])}</code>",
            one["in"],
            _type(one["schema"]),
            escape(one.get("description", "")),
        )
        for one in call.get("parameters", ())
    )
    return (
        f"<section><h3><code>{method.upper()} {escape(path)}</code></h3>"
        f"<p>{escape(call.get('description', call['summary']))}</p>"
        f"{_table(('parameter', 'in', 'type', ''), parameters)}"
        f"{''.join(f'<p>Body: {one}</p>' for one in _contents(call.get('requestBody', {})))}<ul>"
        + "".join(
            f"<li>{escape(str(status))} {escape(one['description'])}: {' '.join(_contents(one))}"
            for status, one in call["responses"].items()
        )
        + "</ul></section>"
    )


def _contents(message: Mapping[str, Any]) -> list[str]:
    return [
        f"<code>{escape(media_type)}</code> {_type(one.get('schema', {}))}"
        for media_type, one in message.get("content", {}).items()
    ]


def _body(name: str, schema: Mapping[str, Any]) -> str:
    required = schema.get("required", ())
    rows = (
        (
            f"<code>{escape(field)}</code>{'' if field not in required else ' *'}",
            _type(one),
            escape(one.get("description", "")),
        )
        for field, one in schema.get("properties", {}).items()
    )
    return (
        f'<section><h3 id="{escape(name)}">{escape(name)}</h3><p>{escape(schema.get("description", ""))}</p>'
        f"{_table(('field', 'type', ''), rows)}</section>"
    )


def _table(head: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    titles = "".join(f"<th>{cell}</th>" for cell in head)
    return f"<table><tr>{titles}</tr>{body}</table>" if body else ""


def _type(schema: Mapping[str, Any]) -> str:
    """A schema as short HTML: a link to a named one, or what its words say."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "enum" in schema:
        return escape(" | ".join(json.dumps(one) for one in schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(str(schema.get("format", schema.get("type", "any"))))
