"""ETags: a viewer's poll of something that has not changed costs a 304 without a body."""

from __future__ import annotations

from flask import Flask, Response, request


def answer_conditionally(app: Flask) -> None:
    """Give every whole answer to a GET an ETag of its bytes, unless it has one; 304 where the client has them."""
    app.after_request(_etag)


def _etag(response: Response) -> Response:
    if request.method not in ("GET", "HEAD") or response.status_code != 200 or response.direct_passthrough:
        return response
    if response.mimetype in ("text/html", "application/json", "text/markdown"):
        if "ETag" not in response.headers:
            response.add_etag()
        response.make_conditional(request)
    return response
