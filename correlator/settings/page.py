"""`docs/settings.md` from the table of settings: `python -m correlator.settings.page > docs/settings.md`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from correlator.settings.rows import MOST, Setting
from correlator.settings.secrets import SECRETS
from correlator.settings.table import SETTINGS

_INTRO = """\
# Settings

Values come from the environment first, then from the file given by `--config` (`correlator.yaml` in the working
directory where the option is not given), then from the defaults below. A setting `section.name` stands in the file as

```yaml
section:
  name: value
```

and in the environment as `CORRELATOR_SECTION_NAME`; there, lists are written with commas (`a,b`) and mappings as
`key=value` with commas. An unknown name is an error that says the nearest known one. `correlator settings` prints the
values in effect and where each came from.
"""
_SECRETS = """
## Secrets

Secrets come from the environment, or from a file that the same name with `_FILE` behind it points to
(`DD_API_KEY_FILE=/run/secrets/dd_api_key`), and from nowhere else. They are never printed, stored or logged.

| variable | what it is |
| --- | --- |
"""


def settings_page() -> str:
    """The whole page."""
    return _INTRO + "".join(_sections()) + _SECRETS + "".join(f"| `{one.variable}` | {one.help} |\n" for one in SECRETS)


def _sections() -> Iterator[str]:
    section = ""
    for setting in SETTINGS:
        name = setting.name.partition(".")[0]
        if name != section:
            section = name
            yield f"\n## {section}\n\n| setting | default | what it does |\n| --- | --- | --- |\n"
        yield f"| `{setting.name}` | {_default(setting)} | {setting.help}{_bounds(setting)} |\n"


def _bounds(setting: Setting) -> str:
    """The bounds of a number, where it has other ones than most."""
    if isinstance(setting.default, bool) or not isinstance(setting.default, int | float):
        return ""
    if setting.most != MOST:
        return f" From {setting.least:,} to {setting.most:,}."
    return f" At least {setting.least:,}." if setting.least else ""


def _default(setting: Setting) -> str:
    if isinstance(setting.default, dict):
        return "<br>".join(f"`{key}: {value}`" for key, value in setting.default.items()) or "none"
    if setting.default in ("", []):
        return "none"
    text = setting.default if isinstance(setting.default, str) else json.dumps(setting.default)
    return f"`{text}`"


if __name__ == "__main__":
    sys.stdout.write(settings_page())
