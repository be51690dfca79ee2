"""The test bench's pages as JSON, for scripts on this machine. A page of another site gets none of it."""

import json
from datetime import datetime
from typing import Any

from flask import Response, abort, request

from portal.web.headers import CROSS_SITE

OWN = ("same-origin", "none")  # a script of the bench itself; an address that was typed


def answer_json(content: Any) -> Response:
    """The content for a script; 403 for a page of another origin. No header lets such a page read it either."""
    if request.headers.get("Sec-Fetch-Site", "none") not in OWN:
        abort(403, CROSS_SITE)
    if request.headers.get("Origin", request.host_url.rstrip("/")) != request.host_url.rstrip("/"):
        abort(403, CROSS_SITE)
    return Response(json.dumps(content, default=datetime.isoformat, indent=1), mimetype="application/json")
