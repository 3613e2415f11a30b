"""`If-Match`: a change of what somebody looked at is refused where it has become something else meanwhile."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.http import generate_etag

from web.api.routes import encoded
from web.errors import RefusedError


def unless_changed(stands: Any) -> None:
    """`stands`: the answer that a GET would have now. Raises RefusedError (412) where `If-Match` names another one;
    without the header nothing is asked. A proxy that packs answers makes their ETags weak ones: those count too."""
    if request.if_match and not request.if_match.contains_weak(generate_etag(encoded(stands).get_data())):
        raise RefusedError(
            412, "changed_meanwhile", "it is not what you looked at any more", hint="GET it again, and send its ETag"
        )
