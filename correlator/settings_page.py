"""docs/settings.md, made from the table of settings: `make docs`."""

from __future__ import annotations

import json
import sys
from itertools import groupby
from typing import Final

from correlator.settings import SECRETS, SETTINGS, Setting

_INTRODUCTION: Final = """\
# Settings

This page is made from the program's own table (`make docs`).

A value comes from the first of these that has it: the environment, the settings file, the default. The file is the one
that `--config FILE` names, else `correlator.yaml` in the working directory, if it is there;
[correlator.example.yaml](correlator.example.yaml) is a start. `correlator settings` prints what is in force and where
each value came from. An unknown key is an error that names file and line, and the setting you may have meant.

In the environment, a setting is written in capitals with underscores: `database.url` is `CORRELATOR_DATABASE_URL`.
Lists are separated by commas there, mappings are written `key=value,key=value`. A mapping is merged with its default,
key by key.
"""
_SECRETS: Final = """
## Secrets

Secrets come from the environment, or from the file that the same name with `_FILE` at its end points to (as container
engines provide them). They are refused in the settings file, and they appear in no log, page or bundle.

| variable | what it is |
| --- | --- |
"""


def settings_page() -> str:
    """The page as Markdown."""
    sections = [
        _section(name, list(group))
        for name, group in groupby(SETTINGS, key=lambda setting: setting.name.partition(".")[0])
    ]
    secrets = "".join(f"| `{secret.variable}` | {secret.help} |\n" for secret in SECRETS)
    return _INTRODUCTION + "".join(sections) + _SECRETS + secrets


def _section(name: str, settings: list[Setting]) -> str:
    rows = "".join(f"| `{setting.name}` | {_default(setting)} | {setting.help} |\n" for setting in settings)
    return f"\n## {name}\n\n| setting | default | what it is |\n| --- | --- | --- |\n{rows}"


def _default(setting: Setting) -> str:
    if isinstance(setting.default, dict):
        return "<br>".join(f"`{key}: {value}`" for key, value in setting.default.items())
    return f"`{json.dumps(setting.default)}`" if setting.default != "" else "empty"


if __name__ == "__main__":
    sys.stdout.write(settings_page())
