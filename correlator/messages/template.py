"""The frame of a message: the built-in one, or a file of one's own with the same placeholders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from correlator.errors import SettingsError

PLACEHOLDERS: Final = ("customer", "what", "opening", "new", "known", "unknown", "impact", "runs", "next_update")
BUILT_IN: Final = """\
Hello{customer},

{opening}

{new}

What we know
{known}

What we do not know
{unknown}

What it means for you
{impact}
{runs}

Next update
{next_update}
"""
LONGEST: Final = 20_000
_MARK: Final = re.compile(r"\{(\w*)\}")


def load_template(path: str) -> str:
    """The file, or the built-in frame for "". Raises SettingsError that names file and line."""
    if not path:
        return BUILT_IN
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"messages.template: {path} cannot be read: {error}") from error
    if len(text) > LONGEST:
        raise SettingsError(f"messages.template: {path} is longer than {LONGEST:,} characters")
    for number, line in enumerate(text.splitlines(), 1):
        for name in _MARK.findall(line):
            if name not in PLACEHOLDERS:
                known = ", ".join(f"{{{one}}}" for one in PLACEHOLDERS)
                raise SettingsError(f"{path}, line {number}: there is no {{{name}}}", hint=f"there are {known}")
    return text


def filled(template: str, values: Mapping[str, str]) -> str:
    """The frame with its values. A line that holds nothing but placeholders without a value is left out, and no two
    empty lines follow on each other."""
    lines = [_filled(line, values) for line in template.splitlines()]
    text = "\n".join(line for line in lines if line is not None)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _filled(line: str, values: Mapping[str, str]) -> str | None:
    names = _MARK.findall(line)
    if names and not _MARK.sub("", line).strip() and not any(values.get(name) for name in names):
        return None
    return _MARK.sub(lambda mark: values.get(mark[1], ""), line)
