"""Whether actions are never done, rehearsed, or live: `actions.mode`."""

from __future__ import annotations

from enum import StrEnum

from correlator.errors import SettingsError
from correlator.settings import Settings


class Mode(StrEnum):
    """`never`: nothing is even proposed; `rehearse`: proposed and shown alone; `live`: what is allowed goes out.

    Not `off` and `on`, which YAML reads as false and true.
    """

    NEVER = "never"
    REHEARSE = "rehearse"
    LIVE = "live"


def mode_of(settings: Settings) -> Mode:
    """Raises SettingsError for a word that is none of them."""
    try:
        return Mode(settings["actions.mode"])
    except ValueError:
        words = ", ".join(f"`{mode.value}`" for mode in Mode)
        message = f"{settings.origin['actions.mode']}: actions.mode must be one of {words}"
        raise SettingsError(message, hint="`rehearse` comes before `live`") from None
