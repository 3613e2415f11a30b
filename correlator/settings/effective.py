"""The settings in effect: the values of the table in `correlator.settings.table`.

Values come from, first wins: the environment (`CORRELATOR_DATABASE_URL` for `database.url`), the file given by
`--config`, the default. Secrets come from the environment or from a file that a `*_FILE` variable names, and from
nowhere else; they never appear in `effective()`.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from correlator.errors import SettingsError
from correlator.settings.rows import Setting
from correlator.settings.secrets import SECRETS
from correlator.settings.table import SETTINGS
from correlator.yaml_reader import Document, read_yaml

DEFAULT_FILE: Final = Path("correlator.yaml")
_PREFIX: Final = "CORRELATOR_"
_PASSWORD: Final = re.compile(r"(://[^/?#@\s:]*:)[^/?#\s]*@")
_TELLING: Final = re.compile(r"([?&][^=&\s]*(?:token|secret|passw|key|sig)[^=&\s]*=)[^&#\s]*", re.IGNORECASE)


@dataclass(frozen=True)
class Settings:
    """The effective values. `origin` says for each name where its value came from."""

    values: Mapping[str, Any]
    origin: Mapping[str, str]
    environment: Mapping[str, str] = field(repr=False)
    """Secrets stand in it: it is never shown."""

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def secret(self, variable: str) -> str:
        """The secret, from the environment or its `*_FILE`. Raises SettingsError when it is not set, or the file holds
        none."""
        if value := self.environment.get(variable):
            return value
        if file := self.environment.get(f"{variable}_FILE"):
            return _read_secret(Path(file), f"{variable}_FILE")
        raise SettingsError(
            f"{variable} is not set", hint=f"set {variable}, or {variable}_FILE to a file that holds it"
        )

    def has_secret(self, variable: str) -> bool:
        return bool(self.environment.get(variable) or self.environment.get(f"{variable}_FILE"))

    def secret_origin(self, variable: str) -> str:
        """The variable that sets a secret: itself, or the one that names its file; "" where neither does."""
        return next((name for name in (variable, f"{variable}_FILE") if self.environment.get(name)), "")

    def unknown(self) -> Iterator[tuple[str, str]]:
        """Variables of the environment that look like settings and are none, each with the nearest known name or
        "". (An unknown name in the file keeps the program from starting.)"""
        known = {variable_of(setting.name) for setting in SETTINGS}
        known |= {name for secret in SECRETS for name in (secret.variable, f"{secret.variable}_FILE")}
        for name in sorted(self.environment):
            if name.startswith(_PREFIX) and name not in known:
                yield name, next(iter(difflib.get_close_matches(name, sorted(known), n=1)), "")

    def database_url(self) -> str:
        """`database.url` with the password from its secret: for opening the store, never for showing."""
        url: str = self["database.url"]
        if not self.has_secret("CORRELATOR_DATABASE_PASSWORD"):
            return url
        scheme, mark, rest = url.partition("://")
        user, at, place = rest.rpartition("@")
        if not at or ":" in user:
            return url
        return f"{scheme}{mark}{user}:{quote(self.secret('CORRELATOR_DATABASE_PASSWORD'), safe='')}@{place}"

    def effective(self) -> Iterator[tuple[str, Any, str]]:
        """(name, value, where it came from) of every setting; no secrets."""
        for setting in SETTINGS:
            yield setting.name, self.values[setting.name], self.origin[setting.name]


def _read_secret(file: Path, variable: str) -> str:
    try:
        value = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{variable}: cannot be read: {error}") from error
    except UnicodeDecodeError:
        raise SettingsError(f"{variable}: {file} is not UTF-8 text") from None
    if not value:
        raise SettingsError(f"{variable}: {file} is empty")
    return value


def variable_of(name: str) -> str:
    """The variable of the environment that sets it.

    >>> variable_of("database.url")
    'CORRELATOR_DATABASE_URL'
    """
    return _PREFIX + name.upper().replace(".", "_")


def shown_value(value: Any) -> Any:
    """A value as it may be shown: without passwords and tokens that stand in addresses.

    >>> shown_value("postgresql://ann:s3cret@db.example.com/runs?sslpassword=x")
    'postgresql://ann:***@db.example.com/runs?sslpassword=***'
    """
    if isinstance(value, Mapping):
        return {key: shown_value(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shown_value(one) for one in value]
    if not isinstance(value, str):
        return value
    return _TELLING.sub(r"\1***", _PASSWORD.sub(r"\1***@", value))


def load_settings(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. A named file must exist; the default one (`correlator.yaml`) may be absent."""
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {setting.name: setting.default for setting in SETTINGS}
    origin = dict.fromkeys(values, "default")
    if file is not None or DEFAULT_FILE.exists():
        document = read_yaml(file or DEFAULT_FILE)
        for name, value, line in _flatten(document):
            values[name] = _checked(name, value, f"{document.file}, line {line}")
            origin[name] = f"{document.file}, line {line}"
    for setting in SETTINGS:
        variable = variable_of(setting.name)
        if variable in environment:
            values[setting.name] = _checked(setting.name, _parsed(setting, environment[variable]), variable)
            origin[setting.name] = variable
    return Settings(values, origin, environment)


def _flatten(document: Document) -> Iterator[tuple[str, Any, int]]:
    value = document.value if document.value is not None else {}
    if not isinstance(value, dict):
        raise SettingsError(f"{document.file}, line 1: expected sections such as `database:`, found {value!r}")
    for section, entries in value.items():
        if not isinstance(entries, dict):
            raise SettingsError(f"{document.file}, line {document.line_of(section)}: `{section}` must hold settings")
        for key, entry in entries.items():
            name, line = f"{section}.{key}", document.line_of(section, key)
            _known(name, f"{document.file}, line {line}")
            yield name, entry, line


def _known(name: str, where: str) -> Setting:
    for setting in SETTINGS:
        if setting.name == name:
            return setting
    near = difflib.get_close_matches(name, [setting.name for setting in SETTINGS], n=1)
    raise SettingsError(
        f"{where}: there is no setting `{name}`",
        hint=f"did you mean `{near[0]}`?" if near else "`correlator settings` lists them all",
    )


def _checked(name: str, value: Any, where: str) -> Any:
    """The value as the setting's type. Raises SettingsError for another type, or a number beyond the bounds."""
    setting = _known(name, where)
    default, wanted = setting.default, type(setting.default)
    if wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted or not all(isinstance(one, str) for one in _parts(value)):
        raise SettingsError(f"{where}: `{name}` must be {_KINDS[wanted]}, found {value!r}")
    if isinstance(value, int | float) and not setting.least <= value <= setting.most:
        raise SettingsError(f"{where}: `{name}` must be from {setting.least:,} to {setting.most:,}, found {value!r}")
    return {**default, **value} if isinstance(default, dict) and isinstance(value, dict) else value


def _parts(value: Any) -> list[Any]:
    """What stands in a list or a mapping."""
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


_KINDS: Final = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list of texts",
    dict: "a mapping of texts to texts",
}


def _parsed(setting: Setting, text: str) -> Any:
    """An environment variable as the setting's type; lists by comma, mappings as `key=value` by comma."""
    default = setting.default
    if isinstance(default, bool):
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    if isinstance(default, int | float):
        try:
            return type(default)(text)
        except ValueError:
            return text
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if isinstance(default, list):
        return parts
    if isinstance(default, dict):
        return dict(part.partition("=")[::2] for part in parts)
    return text
