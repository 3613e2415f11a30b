"""The settings in effect, the table of all there are, and their page in the docs."""

from correlator.settings.effective import DEFAULT_FILE, Settings, load_settings, shown_value

__all__ = ["DEFAULT_FILE", "Settings", "load_settings", "shown_value"]
