"""Addresses to be handed on: of this program as others reach it, not as it was asked just now."""

from __future__ import annotations

from flask import request

from web.app_state import whole_context


def handed_on(path: str) -> str:
    """The whole address of a path of `url_for`: below `web.base_url` where that is set, else on the host asked."""
    base: str = whole_context().settings["web.base_url"]
    return base.rstrip("/") + path.removeprefix(request.script_root) if base else request.host_url.rstrip("/") + path
