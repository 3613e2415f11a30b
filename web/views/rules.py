"""Rules: all of them in the order they are tried; each with its clauses, its findings, what it would have said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from correlator.errors import StoreError
from correlator.store.rule_replays import FiringCounts, StoredFiring, StoredReplay, last_replay
from rules import Owner, Rule
from rules.checking import nearest
from rules.clauses.compiled import Compiled
from rules.clauses.table import compile_when
from rules.measured import Measurement, measurement_of
from web import reading
from web.access import Role, current_actor, needs, note_audit
from web.context import context
from web.errors import not_found
from web.reading.rules import FINDINGS_SHOWN, LOOKED_AT, finding_counts
from web.rules.ask_waiting import said_by, telling_of
from web.rules.replaying import FIRINGS_SHOWN, USUAL_DAYS, WINDOWS, Replays, ask, read_firings, read_replays, stale
from web.rules.rulebook import Rulebook, is_builtin, place_words, rulebook
from web.rules.trials import ExampleRun, Trials, examples_run, trials_of
from web.steps.acting import acting, names_are_given

pages: Final = Blueprint("rules", __name__)


@dataclass(frozen=True, slots=True)
class Row:
    """One rule in the list. `findings`: of how many it speaks now."""

    number: int
    rule: Rule
    builtin: bool
    clauses: tuple[Compiled, ...]
    findings: int
    fired: FiringCounts

    @property
    def teams(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(owner.team for owner in self.rule.owners))


@dataclass(frozen=True, slots=True)
class Page:
    """One rule. `owners`: its own and then the common ones, in the order they are tried."""

    row: Row
    of: int
    place: str
    owners: tuple[Owner, ...]
    examples: tuple[ExampleRun, ...]
    trials: Trials
    measured: Measurement | None
    firings: tuple[StoredFiring, ...]


@pages.get("/rules")
def show() -> str:
    book, replays = rulebook(context().settings), read_replays(context().engine)
    return render_template("rules.html", rows=_rows(book, replays), **_common(book, replays, None))


@pages.get("/rules/<rule_id>")
def one(rule_id: str) -> str:
    engine, book = context().engine, rulebook(context().settings)
    rule = _wanted(book, rule_id)
    replays = read_replays(engine)
    row = next(row for row in _rows(book, replays) if row.rule is rule)
    page = Page(
        row=row,
        of=len(book.rules.rules),
        place=place_words(rule),
        owners=(*rule.owners, *book.rules.owners),
        examples=examples_run(book.rules, rule),
        trials=trials_of(engine, book.rules, rule),
        measured=measurement_of(rule),
        firings=read_firings(engine, replays, rule_id),
    )
    return render_template("rule.html", page=page, **_common(book, replays, rule))


@pages.post("/rules/replay")
@needs(Role.RESPONDER)
def replay() -> Response:
    """Ask for a replay out of the form of a page; then that page again."""
    rule_id = request.form.get("rule", "")
    if rule_id:
        _wanted(rulebook(context().settings), rule_id)
    ask_for_replay(acting(request.form), request.form)
    target = url_for("rules.one", rule_id=rule_id) if rule_id else url_for("rules.show")
    return redirect(f"{target}#fired", 303)


def ask_for_replay(actor: str, fields: Mapping[str, Any]) -> StoredReplay:
    """The one that was asked for, or the one that waits or runs already. Raises UsageError for a window that is none,
    and where nobody asks."""
    if ask(context().engine, context().settings, actor, fields):
        note_audit("replay of the rules asked for", "rules", {"days": fields.get("days", "")})
    asked = last_replay(context().engine)
    if asked is None:
        raise StoreError("the replay that was asked for is gone", hint="ask again")
    return asked


@pages.app_context_processor
def _for_templates() -> dict[str, Any]:
    return {"telling_of": telling_of, "said_by": said_by}


def _wanted(book: Rulebook, rule_id: str) -> Rule:
    rule = book.rules.rule(rule_id)
    if rule is None:
        raise not_found(f"there is no rule {rule_id}", nearest(rule_id, (one.id for one in book.rules.rules)))
    return rule


def _rows(book: Rulebook, replays: Replays) -> list[Row]:
    counts = finding_counts(context().engine)
    return [
        Row(number, rule, is_builtin(rule), compile_when(rule.when), counts.get(rule.id, 0), replays.of(rule.id))
        for number, rule in enumerate(book.rules.rules, 1)
    ]


def _common(book: Rulebook, replays: Replays, rule: Rule | None) -> dict[str, object]:
    state = reading.freshness_in_short(context().engine)
    return {
        "book": book,
        "replays": replays,
        "stale": stale(replays.done, book.rules, rule, state) if replays.done else (),
        "windows": WINDOWS,
        "usual_days": USUAL_DAYS,
        "limits": {"findings": FINDINGS_SHOWN, "looked_at": LOOKED_AT, "firings": FIRINGS_SHOWN},
        "actions_mode": context().settings["actions.mode"],
        "freshness": state,
        "may_ask": current_actor().role >= Role.RESPONDER,
        "given_names": names_are_given(),
    }
