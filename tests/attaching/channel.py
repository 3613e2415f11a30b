"""A Slack workspace with one channel, answering as Slack's reference of the Web API describes."""

from __future__ import annotations

import json
import time
from typing import Any

from connectors.standin.http import Reply, Request

CHANNEL = "C024BE91L"
TOKEN = "xoxb-for-tests-only"


class Workspace:
    """`messages` of the channel, oldest first; `hooked` came by the incoming webhook."""

    def __init__(self, page: int = 200) -> None:
        self.messages: list[dict[str, Any]] = []
        self.hooked: list[str] = []
        self.scopes = "chat:write,channels:history"
        self.page = page
        self._count = 0

    def answer(self, request: Request) -> Reply:
        if request.path.startswith("/services/"):
            self.hooked.append(json.loads(request.body)["text"])
            return Reply(200, b"ok", "text/html")
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _refused("invalid_auth")
        methods = {
            "/api/auth.test": self._who,
            "/api/chat.postMessage": self._post,
            "/api/chat.update": self._update,
            "/api/conversations.history": self._history,
        }
        reply = methods[request.path](request)
        return Reply(reply.status, reply.body, headers={"x-oauth-scopes": self.scopes})

    def _who(self, _: Request) -> Reply:
        return _ok(user="correlator", team="Example")

    def _post(self, request: Request) -> Reply:
        asked = request.json()
        if asked["channel"] != CHANNEL:
            return _refused("channel_not_found")
        self._count += 1
        ts = f"{time.time() + self._count:.6f}"
        self.messages.append({"type": "message", "ts": ts, "text": asked["text"], "metadata": asked["metadata"]})
        return _ok(channel=CHANNEL, ts=ts, message=self.messages[-1])

    def _update(self, request: Request) -> Reply:
        asked = request.json()
        for message in self.messages:
            if message["ts"] == asked["ts"]:
                message |= {"text": asked["text"], "metadata": asked["metadata"]}
                return _ok(channel=CHANNEL, ts=asked["ts"], text=asked["text"])
        return _refused("message_not_found")

    def _history(self, request: Request) -> Reply:
        """Newest first; metadata only for who asks for all of it."""
        if request.one("channel") != CHANNEL:
            return _refused("channel_not_found")
        oldest, start = float(request.one("oldest", "0")), int(request.one("cursor", "0"))
        known = [one for one in reversed(self.messages) if float(one["ts"]) > oldest]
        size = min(self.page, int(request.one("limit", "100")))
        shown = known[start : start + size]
        if request.one("include_all_metadata") != "true":
            shown = [{key: value for key, value in one.items() if key != "metadata"} for one in shown]
        more = start + size < len(known)
        cursor = {"next_cursor": str(start + size) if more else ""}
        return _ok(messages=shown, has_more=more, response_metadata=cursor)


def _ok(**answer: Any) -> Reply:
    return Reply(200, {"ok": True, **answer})


def _refused(code: str) -> Reply:
    return Reply(200, {"ok": False, "error": code})
