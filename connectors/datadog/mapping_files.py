"""Mappings from YAML: the built-in ones, and those of the file that `datadog.mappings` names.

A mapping may extend another one and then says only what differs. Whatever is wrong is said with file and line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from connectors.datadog.run_mapping import FIELDS, KINDS, UNITS, RunMapping, status_word
from correlator.errors import InputError, SettingsError
from correlator.model import Status
from correlator.yaml_reader import Document, read_yaml

BUILT_IN: Final = Path(__file__).with_name("mappings.yaml")
_KEYS: Final = ("extends", "kind", "query", "fields", "statuses", "units", "first_attempt", "overlap_seconds")
_TIMES: Final = ("scheduled_at", "started_at", "finished_at", "duration")


def read_mappings(file: Path | None, names: Mapping[str, str]) -> dict[str, RunMapping]:
    """All mappings by name; those of `file` win over the built-in ones of the same name.

    `names` (the setting `datadog.tags`) says where each field stands that a mapping does not name itself. Raises
    SettingsError with file and line.
    """
    found = _Reader(_document(BUILT_IN), {}, names).all()
    return found if file is None else found | _Reader(_document(file), found, names).all()


def _document(file: Path) -> Document:
    try:
        return read_yaml(file)
    except InputError as error:
        raise SettingsError(error.message, hint=error.hint or "`datadog.mappings` names this file") from error


@dataclass(frozen=True, slots=True)
class _Reader:
    """One file; `before` are the mappings it may extend beside its own."""

    document: Document
    before: Mapping[str, RunMapping]
    names: Mapping[str, str]

    def all(self) -> dict[str, RunMapping]:
        entries = self._mapping(self.document.value, ())
        found: dict[str, RunMapping] = {}
        for name in entries:
            found[name] = self._one(name, self._mapping(entries[name], (name,)), {**self.before, **found})
        return found

    def _one(self, name: str, entry: Mapping[str, Any], known: Mapping[str, RunMapping]) -> RunMapping:
        for key in entry:
            self._known(key, _KEYS, (name, key), "key")
        base = self._base(name, entry, known)
        return replace(
            base,
            name=name,
            query=str(entry.get("query", base.query)),
            fields={**base.fields, **dict(self._fields(name, entry))},
            statuses={**base.statuses, **dict(self._statuses(name, entry))},
            units={**base.units, **dict(self._units(name, entry))},
            first_attempt=self._whole(entry, name, "first_attempt", base.first_attempt),
            overlap=self._overlap(entry, name) or base.overlap,
        )

    def _base(self, name: str, entry: Mapping[str, Any], known: Mapping[str, RunMapping]) -> RunMapping:
        extended = entry.get("extends")
        if extended is not None:
            if "kind" in entry:
                self._wrong((name, "kind"), f"`{name}` has the kind of what it extends")
            self._known(str(extended), tuple(known), (name, "extends"), "mapping")
            return known[str(extended)]
        if "kind" not in entry:
            self._wrong((name,), f"`{name}` needs a `kind` or `extends`", hint=f"a kind is one of {', '.join(KINDS)}")
        kind = str(entry["kind"])
        self._known(kind, KINDS, (name, "kind"), "kind")
        return RunMapping(name, kind, fields={field: (place,) for field, place in self.names.items()})

    def _fields(self, name: str, entry: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
        for field, places in self._mapping(entry.get("fields"), (name, "fields")).items():
            self._known(field, FIELDS, (name, "fields", field), "field")
            listed = places if isinstance(places, list) else [places]
            if not all(isinstance(place, str) and place for place in listed):
                self._wrong((name, "fields", field), f"`{field}` must be the name of a facet, or a list of names")
            yield field, tuple(listed)

    def _statuses(self, name: str, entry: Mapping[str, Any]) -> Iterator[tuple[str, Status]]:
        for word, status in self._mapping(entry.get("statuses"), (name, "statuses")).items():
            self._known(str(status), tuple(Status), (name, "statuses", word), "status")
            yield status_word(word), Status(status)

    def _units(self, name: str, entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for field, unit in self._mapping(entry.get("units"), (name, "units")).items():
            self._known(field, _TIMES, (name, "units", field), "time")
            self._known(str(unit), tuple(UNITS), (name, "units", field), "unit")
            yield field, unit

    def _overlap(self, entry: Mapping[str, Any], name: str) -> timedelta | None:
        return timedelta(seconds=self._whole(entry, name, "overlap_seconds", 0)) or None

    def _whole(self, entry: Mapping[str, Any], name: str, key: str, default: int) -> int:
        value = entry.get(key, default)
        if type(value) is not int or value < 0:
            self._wrong((name, key), f"`{key}` must be a whole number, found {value!r}")
        return int(value)

    def _mapping(self, value: Any, path: tuple[str, ...]) -> Mapping[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            self._wrong(path, f"`{path[-1]}` must hold names and values" if path else "expected mappings by name")
        return dict(value)

    def _known(self, word: str, words: tuple[str, ...], path: tuple[str, ...], what: str) -> None:
        if word not in words:
            near = difflib.get_close_matches(word, words, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(words)}"
            self._wrong(path, f"there is no {what} `{word}`", hint=hint)

    def _wrong(self, path: tuple[str, ...], message: str, *, hint: str = "") -> None:
        raise SettingsError(f"{self.document.file}, line {self.document.line_of(*path)}: {message}", hint=hint)


def chosen_mappings(names: list[str], known: Mapping[str, RunMapping], where: str) -> tuple[RunMapping, ...]:
    """The mappings of these names, in this order. Raises SettingsError for a name that stands for none."""
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(known)}"
            raise SettingsError(f"{where}: there is no mapping `{name}`", hint=hint)
    return tuple(known[name] for name in dict.fromkeys(names))
