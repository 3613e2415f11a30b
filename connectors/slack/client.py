"""Calls of Slack's Web API. It answers HTTP 200 with `ok: false` where others answer with a status."""

from __future__ import annotations

from typing import Final

from connectors.plain_http import Answer, PlainClient, RefusedError, Words
from connectors.retries import LostAnswerError, Patience, TryLaterError

_MAY_PASS: Final = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
)
_LIMITED: Final = frozenset({"ratelimited", "rate_limited"})
_HINTS: Final = {
    "invalid_auth": "check SLACK_BOT_TOKEN",
    "not_authed": "check SLACK_BOT_TOKEN",
    "account_inactive": "the token's app was removed: check SLACK_BOT_TOKEN",
    "token_revoked": "check SLACK_BOT_TOKEN",
    "token_expired": "check SLACK_BOT_TOKEN",
    "missing_scope": "the app needs the scopes chat:write and channels:history (groups:history for a private channel)",
    "channel_not_found": "slack.channel is the id of a channel (C…) that the app may see",
    "not_in_channel": "invite the app into the channel: /invite @its-name",
    "is_archived": "the channel is archived: name another one in slack.channel",
}


class SlackClient(PlainClient):
    """One workspace. Reading is repeated where that may help; a write only when Slack said that it was not done."""

    def __init__(self, *, url: str, token: str, patience: Patience | None = None) -> None:
        words = Words("Slack", "check SLACK_BOT_TOKEN", "check slack.url")
        headers = {"Authorization": f"Bearer {token}"}
        super().__init__(url.rstrip("/"), words, headers=headers, secrets=(token,), patience=patience)

    def accepted(self, what: str, answer: Answer, *, again: bool) -> Answer:
        """Raises RefusedError with Slack's own code."""
        if answer.document.get("ok") is True:
            return answer
        code = str(answer.document.get("error") or "")
        if code in _MAY_PASS or not code:
            unsure = TryLaterError if again else LostAnswerError
            raise unsure(f"{what}: {code or 'answered with something that is no answer of Slack'}")
        if code in _LIMITED:
            raise TryLaterError(f"{what}: over the rate limit")
        needed = f" (needs {answer.document['needed']})" if answer.document.get("needed") else ""
        raise RefusedError(f"{what}: refused: {code}{needed}", status=200, code=code, hint=_HINTS.get(code, ""))
