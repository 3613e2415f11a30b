"""Everything that can go wrong, as one tree.

    CorrelatorError            what happened, and a hint what to do about it
    ├── UsageError             the call is wrong: options, arguments, an unknown job           exit 2
    │   └── StepRefusedError   a step that cannot follow on what a finding has come to         exit 2
    ├── InputError             a file, table or setting that cannot be read at all             exit 2
    │   ├── SettingsError      the configuration
    │   ├── RulesError         a rule file, with file and line
    │   └── BundleError        a bundle that is damaged, hostile, or not a bundle
    ├── StoreError             the database: unreachable, locked, newer than the program       exit 1
    └── SourceError            a vendor's answer: refused, unreachable, unreadable             exit 1

Each error carries `permanent`: True when trying again is pointless (wrong credentials), False when it may help
(a time-out). The command line prints `error:` and `hint:` lines, never a traceback; the API has one shape.
"""

from __future__ import annotations


class CorrelatorError(Exception):
    """Base of all errors: a full sentence about what happened, and a hint what to do."""

    exit_status = 1
    permanent = False

    def __init__(self, message: str, *, hint: str = "", permanent: bool | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if permanent is not None:
            self.permanent = permanent


class UsageError(CorrelatorError):
    """The call itself is wrong."""

    exit_status = 2
    permanent = True


class StepRefusedError(UsageError):
    """A step in the life of a finding that cannot follow on where it stands, or on what somebody did meanwhile."""


class InputError(CorrelatorError):
    """Something to be read (file, table, setting) cannot be read at all."""

    exit_status = 2
    permanent = True


class SettingsError(InputError):
    """The configuration is wrong; the message names the key and where it was set."""


class RulesError(InputError):
    """A rule file is wrong; the message names file and line."""


class BundleError(InputError):
    """A bundle is damaged, hostile, or not a bundle."""


class StoreError(CorrelatorError):
    """The database cannot do what was asked."""


class SourceError(CorrelatorError):
    """A source or sink answered with an error, not at all, or with something unreadable.

    `wait_seconds` is how long it asked us to wait, None when it asked for nothing.
    """

    wait_seconds: float | None = None
