"""The script for interactive pictures: its address, and itself."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, redirect, send_file, url_for
from werkzeug.wrappers import Response as Redirect

from web.errors import not_found
from web.pictures.chart_script import script_file, script_name

pages: Final = Blueprint("charts", __name__)
YEAR_SECONDS: Final = 31_536_000


@pages.get("/charts/script.js")
def current() -> Redirect:
    """To the script as it is now; made when first asked for. 503 when it can't be made."""
    script_file()
    answer = redirect(url_for("charts.script", name=script_name()), 307)
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


@pages.get("/charts/<name>.js")
def script(name: str) -> Response:
    """The script of this hash, which never changes."""
    if name != script_name():
        raise not_found(f"there is no script {name}", "/charts/script.js leads to the one there is")
    answer = send_file(script_file(), mimetype="text/javascript", max_age=YEAR_SECONDS)
    answer.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
    return answer
