"""Every setting in one table: name, default, help, bounds. The docs and `correlator settings` are made from it."""

from __future__ import annotations

from typing import Final

from correlator.settings.rows import MOST_DAYS, MOST_HOURS, Setting
from correlator.settings.systems import SYSTEMS

SETTINGS: Final = (
    Setting("database.url", "sqlite:///correlator.db", "SQLAlchemy URL of the store: SQLite or PostgreSQL."),
    Setting("analysis.window_days", 35, "How many days of history a verdict rests on.", least=1, most=MOST_DAYS),
    Setting(
        "analysis.clean_runs_hours",
        -1.0,
        "Failures and retries count at the next look, runs without either at the latest after so many hours (0: at the "
        "next look too; negative: choose, 0 below 200,000 attempts and 6 from there on).",
        least=-MOST_HOURS,
        most=MOST_HOURS,
    ),
    Setting(
        "analysis.state_folder",
        "",
        "Folder for what a look leaves to the next one, which can be deleted at any time; empty: beside a SQLite file, "
        "for other databases none, so that every look reads the whole window.",
    ),
    Setting(
        "analysis.processes",
        0,
        "Processes that judge tenants; 0: as many as the history and the machine suit.",
        most=256,
    ),
    Setting("schedule.pull_seconds", 300, "Time between two pulls of each source.", least=1),
    Setting("schedule.correlate_seconds", 300, "Time between two looks at what changed.", least=1),
    Setting(
        "schedule.job_limit_seconds", 900, "A scheduled job that runs longer is cut and counted as failed.", least=1
    ),
    Setting(
        "retention.raw_answers_days",
        0,
        "Vendors' answers as they came are deleted after so many days, at least `analysis.window_days`; 0: never.",
        most=MOST_DAYS,
    ),
    Setting(
        "retention.set_aside_days",
        0,
        "Items that could not be used are deleted when they last came so many days ago, at least "
        "`analysis.window_days`; 0: never.",
        most=MOST_DAYS,
    ),
    *SYSTEMS,
    Setting(
        "dependencies.unseen_days",
        30,
        "An edge from lineage, an orchestrator or a catalog ends when it was not seen for so long while others were.",
        least=1,
        most=MOST_DAYS,
    ),
    Setting(
        "dependencies.infer",
        False,
        "Guess edges from runs that follow each other closely, where nothing is declared for a job; they are marked.",
    ),
    Setting(
        "actions.mode",
        "never",
        "What rules may do about known errors: `never`, `rehearse` (proposed and shown, nothing goes out), or `live`.",
    ),
    Setting(
        "actions.targets", {}, "Names that rules use for what is acted on: addresses, automation action ids, DAGs."
    ),
    Setting("actions.most_per_hour", 4, "No more actions than this go out in an hour, of all rules together."),
    Setting("rules.folders", [], "Folders with rule files, beside the built-in rules; the first match wins."),
    Setting(
        "asks.target",
        "1d",
        "How soon a team that is asked is to say something, by the clock: `8h`, `2d`.",
    ),
    Setting("asks.targets", {}, "The same for single teams, e.g. `data-platform: 8h`."),
    Setting(
        "messages.template",
        "",
        "A text file that is the frame of messages to customers; empty: the built-in one.",
    ),
    Setting(
        "messages.names",
        {},
        "How customers know jobs, e.g. `export_ads: the Ads export`; of a job that is not named here no name is told.",
    ),
    Setting("messages.customers", {}, "How tenants are addressed, e.g. `tenant-07: Example Media`."),
    Setting("messages.next_update", "2h", "How long after a message the next one is to follow: `30m`, `2h`, `1d`."),
    Setting("messages.allow", [], "Texts that may stand in messages, such as links to your own status page."),
    Setting("messages.partners", [], "Names of partners and vendors that must not stand in messages."),
    Setting(
        "web.host",
        "127.0.0.1",
        "Address the pages listen on; only loopback while no access control is configured.",
    ),
    Setting("web.port", 8420, "Port of the pages.", most=65535),
    Setting("web.base_url", "", "How others reach the pages, with a path if they have one; links begin with it."),
    Setting(
        "access.oidc_issuer",
        "",
        "People log in here: the issuer of an OpenID provider, whose `/.well-known/openid-configuration` "
        "tells the rest.",
    ),
    Setting("access.oidc_client_id", "", "The client id that the provider knows this program by."),
    Setting("access.oidc_scopes", ["openid", "profile", "email"], "What is asked of the provider."),
    Setting("access.oidc_name_claim", "preferred_username", "The claim that names a person here."),
    Setting("access.oidc_groups_claim", "groups", "The claim that lists their groups."),
    Setting(
        "access.proxy_header",
        "",
        "A header in which a proxy in front says who somebody is, e.g. `X-Forwarded-User`; see `access.proxy_from`.",
    ),
    Setting("access.proxy_groups_header", "", "A header in which it lists their groups, with commas between."),
    Setting("access.proxy_from", [], "Addresses and networks of that proxy; from others these headers are refused."),
    Setting("access.tokens", False, "Take API tokens made by `correlator tokens create` or on the page of tokens."),
    Setting("access.roles", {}, "Which groups have which role: `viewer`, `responder` or `admin`."),
    Setting(
        "access.tenants",
        {},
        "Which tenants a group may see, with spaces between; a group that does not stand here may see all.",
    ),
    Setting("access.default_role", "", "The role of people in no such group; without one they are not let in."),
    Setting("access.idle_seconds", 7200, "Who does nothing for so long is logged out.", least=1),
    Setting("access.longest_seconds", 43200, "Who logged in so long ago is logged out.", least=1),
    Setting(
        "access.metrics",
        "login",
        "Who reads `/metrics` once access is configured: `login` (a token or person), or `loopback` (this "
        "machine too).",
    ),
    Setting(
        "access.costly_per_minute", 60, "Checks, searches and bundles that one person may ask for in a minute.", least=1
    ),
    Setting("access.logins_per_minute", 20, "Attempts to log in from one address in a minute.", least=1),
    Setting(
        "redaction.patterns",
        [],
        "Regular expressions; what fits one is replaced in redacted bundles, beside names, addresses and secrets.",
    ),
    Setting("log.level", "info", "What is logged on standard error: `debug`, `info`, `warning` or `error`."),
    Setting("log.format", "text", "How it is logged: `text` for people, `json` for a log collector."),
)
