"""`docs/api-reference.md` from the API's own description: `python -m web.api.reference > docs/api-reference.md`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any, Final

from correlator.settings import load_settings
from web.api.openapi import document_of
from web.api.same import same_rows
from web.app import create_app

Json = dict[str, Any]
_INTRO: Final = """\
# The API, route by route

Made from the API's own description, which is at `GET /api/v1/openapi.json` (OpenAPI 3.1). How to use it, with a client
that runs, is in [The API](api.md). Every route can also answer with an error in [the one shape](api.md#errors).
"""
_WORDS: Final = {"string": "text", "integer": "whole number"}


def reference_page() -> str:
    """The whole page."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(load_settings(None, {"CORRELATOR_DATABASE_URL": f"sqlite:///{folder}/store.db"}))
        try:
            with app.test_request_context():
                document = document_of(app)
            rows = list(same_rows(app))
        finally:
            app.extensions["correlator"].engine.dispose()
    return _INTRO + "".join(_page(document)) + "".join(_same(rows))


def _page(document: Json) -> Iterator[str]:
    for tag in document["tags"]:
        yield f"\n## {tag['name'].capitalize()}\n\n{tag['description']}\n"
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                if tag["name"] in operation["tags"]:
                    yield from _route(method, path, operation, document["components"]["schemas"])
    yield "\n## Objects\n\nWhat stands in answers and bodies. A `?` marks what may be left out.\n"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield from _object(name, schema)


def _same(rows: Iterable[tuple[str, list[str]]]) -> Iterator[str]:
    yield "\n## Pages\n\nWhat each page shows and each of its forms does, and the routes that give the same.\n"
    yield "\n| page or form | route |\n| --- | --- |\n"
    for page, routes in rows:
        yield f"| `{page}` | {', '.join(f'`{one}`' for one in routes)} |\n"


def _route(method: str, path: str, operation: Json, schemas: Json) -> Iterator[str]:
    yield f"\n### `{method.upper()} {path}`\n\n{operation['summary']} {operation['description']}\n"
    if operation["parameters"]:
        yield "\n| parameter | what |\n| --- | --- |\n"
        yield from (_parameter(one) for one in operation["parameters"])
    if "requestBody" in operation:
        yield f"\nBody: {_kind(operation['requestBody']['content']['application/json']['schema'])}.\n"
    status, answer = next(iter(operation["responses"].items()))
    (media, content), *_ = answer["content"].items()
    said = _kind(content["schema"]) if media == "application/json" else f"`{media}`"
    others = ", ".join(code for code in operation["responses"] if code not in (status, "304"))
    yield f"\nAnswers {status}: {said}. Errors: {others}.\n"


def _parameter(parameter: Json) -> str:
    schema = parameter["schema"]
    words = [_kind(schema), "required" if parameter["required"] else ""]
    words += [f"usually {schema['default']}" if schema.get("default") not in (None, "", []) else ""]
    return f"| `{parameter['name']}` | {'; '.join(filter(None, [*words, parameter.get('description', '')]))} |\n"


def _object(name: str, schema: Json) -> Iterator[str]:
    yield f"\n### Object {name}\n\n{' '.join(schema.get('description', '').split())}\n"
    members = schema.get("properties", {})
    if not members:
        yield f"\n{_kind(schema)}\n"
        return
    yield "\n| key | value |\n| --- | --- |\n"
    for key, member in members.items():
        yield f"| `{key}`{'' if key in schema.get('required', ()) else '?'} | {_kind(member)} |\n"


def _kind(schema: Json) -> str:
    """A schema in a few words, with links to objects."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#object-{name.lower().replace('.', '')})"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"] if one != "")
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}" if "items" in schema else "list"
    plain: str = schema.get("type", "anything")
    return _WORDS.get(plain, plain)


if __name__ == "__main__":
    sys.stdout.write(reference_page())
