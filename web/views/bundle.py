"""The bundle of a finding, as a download."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, send_file

from web.bundles import bundle_file
from web.context import context
from web.views.finding import stored_finding

pages: Final = Blueprint("bundle", __name__)


@pages.get("/findings/<finding_id>/bundle.zip")
def download(finding_id: str) -> Response:
    """The zip, made when first asked for; 404 for an unknown finding, 503 when it can't be made in time."""
    stored = stored_finding(finding_id)
    file = bundle_file(context(), stored.id, stored.document)
    return send_file(file, mimetype="application/zip", as_attachment=True, download_name=f"{stored.id}.zip", etag=True)
