"""Who receives signed deliveries, by the example in the docs: it checks the signature and drops repeats."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from connectors.standin.http import Reply, Request

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
_PAGE = Path(__file__).parents[2] / "docs" / "webhook.md"


def documented_check() -> Callable[..., bool]:
    """The function `is_genuine` as it stands in docs/webhook.md."""
    (code,) = re.findall(r"```python\n(.*?)```", _PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    check: Callable[..., bool] = names["is_genuine"]
    return check


class Receiver:
    """What was delivered, once each; `repeats` counts what came again."""

    def __init__(self) -> None:
        self.taken: dict[str, dict[str, Any]] = {}
        self.repeats = 0
        self._is_genuine = documented_check()

    def answer(self, request: Request) -> Reply:
        if request.method != "POST":
            return Reply(405)
        if not self._is_genuine(request.headers, request.body, SECRET):
            return Reply(401, {"error": "the signature is wrong"})
        known_as = request.headers["webhook-id"]
        self.repeats += known_as in self.taken
        self.taken[known_as] = json.loads(request.body)
        return Reply(204)
