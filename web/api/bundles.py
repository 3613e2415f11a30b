"""Evidence bundles: made in a process of their own, kept for a while, and downloaded by their version."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Response, send_file, url_for

from web.access import Role, needs, note_audit
from web.api.kinds import Answer
from web.api.routes import Link, encoded, get, post
from web.bundles import bundle_file, bundle_made, version_of
from web.context import context
from web.errors import not_found
from web.views.finding import stored_finding

ZIP = "application/zip"
_OF = {"finding_id": "finding_id"}


class Bundle(Answer, frozen=True, kw_only=True):
    """A bundle that is ready to be downloaded at `href`. `version` changes when anything said in the finding does."""

    finding_id: str
    version: str
    bytes: int
    sha256: str
    href: str


@post(
    "/findings/<finding_id>/bundles",
    tag="bundles",
    answer=Bundle,
    errors=(404,),
    links=(Link("bundle", _OF | {"version": "version"}), Link("verify_bundle", _OF)),
)
@needs(Role.RESPONDER)
def create_bundle(finding_id: str) -> Response:
    """Makes the bundle of the finding as it stands, unless it is there already. It takes some seconds."""
    stored = stored_finding(finding_id)
    file = bundle_made(context(), stored.id, stored.document)
    note_audit("bundle made", stored.id, {"version": version_of(stored.document)})
    response = encoded(_bundle(stored.id, version_of(stored.document), file), 201)
    response.headers["Location"] = url_for("api.bundle", finding_id=stored.id, version=version_of(stored.document))
    return response


def _bundle(finding_id: str, version: str, file: Path) -> Bundle:
    return Bundle(
        finding_id=finding_id,
        version=version,
        bytes=file.stat().st_size,
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        href=url_for("api.bundle", finding_id=finding_id, version=version),
    )


@get("/findings/<finding_id>/bundles/<version>", tag="bundles", answer=bytes, media=ZIP, errors=(404,))
def bundle(finding_id: str, version: str) -> Response:
    """The bundle of this version, as a zip file. 404 once the finding says something else: make it anew then."""
    stored = stored_finding(finding_id)
    if version != version_of(stored.document):
        raise not_found(f"{stored.id} has no bundle {version} now", "POST to its bundles makes one as it stands")
    file = bundle_file(context(), stored.id, stored.document)
    return send_file(file, mimetype=ZIP, as_attachment=True, download_name=f"{stored.id}.zip", etag=True)
