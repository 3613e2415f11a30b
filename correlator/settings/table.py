"""Every setting in one table: name, default, help, bounds. The docs and `correlator settings` are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MOST: Final = 1_000_000_000
_MOST_DAYS: Final = 3650
_MOST_HOURS: Final = 24 * 365


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table. The type of the value is the type of the default; durations end in `_seconds`.

    A number lies from `least` to `most`, both included.
    """

    name: str
    default: str | int | float | bool | dict[str, str] | list[str]
    help: str
    least: float = 0
    most: float = MOST


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that only the environment (or the file `variable`_FILE names) may hold."""

    variable: str
    help: str


SETTINGS: Final = (
    Setting("database.url", "sqlite:///correlator.db", "SQLAlchemy URL of the store: SQLite or PostgreSQL."),
    Setting("analysis.window_days", 35, "How many days of history a verdict rests on.", least=1, most=_MOST_DAYS),
    Setting(
        "analysis.clean_runs_hours",
        -1.0,
        "Failures and retries count at the next look, runs without either at the latest after so many hours (0: at the "
        "next look too; negative: choose, 0 below 200,000 attempts and 6 from there on).",
        least=-_MOST_HOURS,
        most=_MOST_HOURS,
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
        most=_MOST_DAYS,
    ),
    Setting(
        "retention.set_aside_days",
        0,
        "Items that could not be used are deleted when they last came so many days ago, at least "
        "`analysis.window_days`; 0: never.",
        most=_MOST_DAYS,
    ),
    Setting("datadog.enabled", False, "Pull from Datadog."),
    Setting("datadog.site", "datadoghq.com", "Datadog site, for the API and for deep links."),
    Setting("datadog.host", "", "Base URL instead of the site's (a proxy, or the stand-in)."),
    Setting(
        "datadog.runs",
        ["spans"],
        "Mappings that give job runs: spans, logs, ci_pipelines, events, airflow, spark, or those of your file.",
    ),
    Setting("datadog.mappings", "", "A YAML file with mappings of your own; it may extend the built-in ones."),
    Setting(
        "datadog.query",
        "*",
        "Search query of the mapping `spans`: set it, `*` reads every span, e.g. `operation_name:job.run`.",
    ),
    Setting("datadog.first_pull_days", 15, "How far the first pull goes back.", least=1, most=_MOST_DAYS),
    Setting(
        "datadog.overlap_seconds",
        14400,
        "How far each pull goes back behind its watermark; longer than the longest job.",
    ),
    Setting(
        "datadog.tags",
        {
            "job": "job",
            "tenant": "tenant",
            "attempt": "attempt",
            "logical_run_id": "logical_run_id",
            "run_id": "run_id",
            "scheduled_at": "scheduled_at",
            "status": "status",
            "error": "error.message",
        },
        "Which span tag or custom attribute holds which field.",
    ),
    Setting(
        "datadog.metrics",
        [],
        "Metrics to look at around failures, e.g. `job.memory_gib`, grouped by job and tenant.",
    ),
    Setting(
        "datadog.metric_interval_seconds",
        300,
        "Resolution of the metrics asked for; a finer one takes more requests.",
        least=1,
    ),
    Setting(
        "datadog.events_query",
        "-source:alert",
        "Event search query that selects changes (deploys), e.g. `source:deploy`; empty for none.",
    ),
    Setting(
        "datadog.monitors_query",
        "source:alert",
        "Event search query that selects monitors' changes of state, e.g. `source:alert`; empty for none.",
    ),
    Setting("datadog.deployments", False, "Read the deployments of DORA Metrics as changes."),
    Setting("datadog.catalog", False, "Read the catalog's `depends on` relations, where names are those of jobs."),
    Setting("datadog.catalog_seconds", 21600, "Time between two readings of the catalog."),
    Setting(
        "datadog.keep_raw",
        "failed",
        "Of which runs the raw span is kept for quoting: `failed` (or tried again), or `all`.",
    ),
    Setting(
        "datadog.links",
        {
            "logs": "https://{app}/logs?query={query}&from_ts={start}&to_ts={end}&live=false",
            "trace": "https://{app}/apm/trace/{trace_id}?spanID={span_id}&timeHint={start}",
            "traces": "https://{app}/apm/traces?query={query}&start={start}&end={end}",
            "metric": "https://{app}/metric/explorer?exp_metric={metric}&exp_scope={scope}&exp_agg=avg"
            "&from_ts={start}&to_ts={end}&live=false",
            "monitor": "https://{app}/monitors/{monitor_id}?from_ts={start}&to_ts={end}&live=false",
            "event": "https://{app}/event/event?uid={event_id}",
        },
        "Templates of deep links into Datadog's pages; what you name replaces the built-in one.",
    ),
    Setting("datadog.attach", False, "Write systemic findings to Datadog by itself, as `datadog.writes` says."),
    Setting(
        "datadog.writes",
        ["incidents", "events"],
        "What is written: a link on the open `incidents` a finding explains, and an event for each verdict (`events`).",
    ),
    Setting(
        "datadog.incident_patterns",
        [
            r"\bjob[:=]\s*(?P<job>[\w./-]+)",
            r"\btenant[:=]\s*(?P<tenant>[\w./-]+)",
            r"^\[(?P<tenant>[\w./-]+)\] (?P<job>[\w./-]+)",
        ],
        "Regular expressions with the groups `job` and `tenant`, tried on the title of a Datadog incident.",
    ),
    Setting("pagerduty.enabled", False, "Pull from PagerDuty, and attach findings to its incidents."),
    Setting("pagerduty.url", "https://api.pagerduty.com", "Base URL of the REST API."),
    Setting("pagerduty.from", "", "E-mail address of the PagerDuty user under whose name notes are written."),
    Setting("pagerduty.first_pull_days", 30, "How far the first pull goes back.", least=1, most=_MOST_DAYS),
    Setting("pagerduty.overlap_seconds", 3600, "How far each pull goes back behind its watermark."),
    Setting(
        "pagerduty.details",
        {"job": "job", "tenant": "tenant"},
        "Which key (dotted path) of an alert's or trigger's details holds which field of the incident.",
    ),
    Setting(
        "pagerduty.title_patterns",
        [
            r"\bjob[:=]\s*(?P<job>[\w./-]+)",
            r"\btenant[:=]\s*(?P<tenant>[\w./-]+)",
            r"^\[(?P<tenant>[\w./-]+)\] (?P<job>[\w./-]+)",
        ],
        "Regular expressions with the groups `job` and `tenant`, tried on an incident's title after its details.",
    ),
    Setting(
        "pagerduty.service_patterns",
        [],
        "The same, tried on the name of the incident's service at last, e.g. `^(?P<job>.+) pipeline$`.",
    ),
    Setting(
        "pagerduty.services_seconds",
        21600,
        "Time between two readings of the services and what they depend on; each takes a request a service.",
    ),
    Setting(
        "pagerduty.related",
        True,
        "Read the related and past incidents of open incidents, where the plan has them; two requests an incident.",
    ),
    Setting(
        "pagerduty.webhook_window_seconds",
        900,
        "A webhook about something longer ago than this (or this far ahead) is not acted on; pulls find it anyway.",
    ),
    Setting(
        "pagerduty.custom_field",
        "",
        "Name of a custom field of incidents (text or URL) that takes the link to the finding; empty for none.",
    ),
    Setting(
        "pagerduty.status_update",
        False,
        "Publish the verdict once as a status update of the incident, for its subscribers.",
    ),
    Setting("pagerduty.attach", True, "Write a note on open incidents that a systemic finding explains."),
    Setting("prometheus.enabled", False, "Pull metrics from Prometheus, or from what speaks its HTTP API."),
    Setting("prometheus.url", "http://127.0.0.1:9090", "Base URL of the server."),
    Setting("prometheus.user", "", "User name, where the server wants one; its password is PROMETHEUS_PASSWORD."),
    Setting("prometheus.headers", {}, "Headers that go with every request, e.g. `X-Scope-OrgID: data`."),
    Setting(
        "prometheus.metrics",
        {},
        "Name of each metric and its PromQL, in which `$job`, `$tenant` and `$step` are filled in.",
    ),
    Setting(
        "prometheus.labels",
        {"job": "job", "tenant": "tenant", "host": "host"},
        "Which label of a query's result holds which field.",
    ),
    Setting(
        "prometheus.step_seconds",
        60,
        "Resolution of the metrics asked for, and what `$step` stands for.",
        least=1,
    ),
    Setting("files.enabled", False, "Pull from a folder of tables that somebody else writes."),
    Setting("files.folder", "", "The folder: `runs.csv`, `metrics.jsonl`, … as docs/tables.md has them."),
    Setting("openlineage.enabled", False, "Take OpenLineage events at `/api/v1/lineage`."),
    Setting("openlineage.take", ["runs", "edges"], "What is made of the events: `runs`, `edges`, or both."),
    Setting(
        "openlineage.job_patterns",
        [],
        "Regular expressions with the groups `job` and `tenant`, tried on `NAMESPACE/NAME` of an event's job; the "
        "first match wins, e.g. `^(?P<tenant>[^/]+)/(?P<job>.+)$`. Without one the job is NAME, of no tenant.",
    ),
    Setting(
        "openlineage.skip_job_types",
        ["DAG"],
        "Runs whose `jobType` facet says so are no jobs of their own: they stand for other runs.",
    ),
    Setting("openlineage.largest_kib", 1024, "The largest body taken, after unpacking.", least=1),
    Setting("airflow.enabled", False, "Pull from Apache Airflow (REST API v2, Airflow 3)."),
    Setting("airflow.url", "http://127.0.0.1:8080", "Base URL of Airflow's API server, without `/api/v2`."),
    Setting("airflow.user", "", "User name, beside AIRFLOW_PASSWORD; without it AIRFLOW_TOKEN is sent as it is."),
    Setting("airflow.auth", "token", "How `airflow.user` signs in: `token` (`POST /auth/token`) or `basic`."),
    Setting("airflow.dags", [], "Which DAGs: regular expressions that must match a whole id; all without one."),
    Setting(
        "airflow.job_patterns",
        [],
        "Regular expressions with the groups `job` and `tenant`, tried on `DAG.TASK`; the first match wins. "
        "Without one the job is DAG.TASK, of no tenant.",
    ),
    Setting(
        "airflow.tenant_conf",
        "",
        "Dotted path in a DAG run's `conf` that names its tenant; takes a request for each DAG run.",
    ),
    Setting("airflow.errors", True, "Read the error of each failed try from its log; takes a request each."),
    Setting("airflow.first_pull_days", 15, "How far the first pull goes back.", least=1, most=_MOST_DAYS),
    Setting("airflow.overlap_seconds", 300, "How far each pull goes back behind its watermark."),
    Setting("webhook.enabled", False, "Deliver findings as signed HTTP requests."),
    Setting("webhook.attach", True, "Deliver them by itself; false: by `correlator attach` alone."),
    Setting("webhook.url", "", "The address that takes them, https."),
    Setting("slack.enabled", False, "Write findings as messages in a Slack channel."),
    Setting("slack.attach", True, "Write them by itself; false: by `correlator attach` alone."),
    Setting("slack.url", "https://slack.com/api", "Base URL of the Web API."),
    Setting("slack.channel", "", "Id of the channel, e.g. `C024BE91L`; not used with an incoming webhook."),
    Setting("zendesk.enabled", False, "Write findings as internal notes on Zendesk tickets."),
    Setting("zendesk.attach", True, "Write them by itself; false: by `correlator attach` alone."),
    Setting("zendesk.url", "", "Base URL of the account, e.g. `https://example.zendesk.com`."),
    Setting("zendesk.user", "", "E-mail address of the agent under whose name notes are written."),
    Setting(
        "zendesk.tags",
        ["{finding_id}", "{incident_id}"],
        "Tags by which tickets name a finding, or an open incident it explains.",
    ),
    Setting("zendesk.external_ids", ["{incident_id}"], "External ids by which tickets do."),
    Setting(
        "dependencies.unseen_days",
        30,
        "An edge from lineage, an orchestrator or a catalog ends when it was not seen for so long while others were.",
        least=1,
        most=_MOST_DAYS,
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

SECRETS: Final = (
    Secret("DD_API_KEY", "Datadog API key."),
    Secret("DD_APP_KEY", "Datadog application key."),
    Secret("PAGERDUTY_API_KEY", "PagerDuty REST API key."),
    Secret(
        "PAGERDUTY_WEBHOOK_SECRET",
        "Secret of the PagerDuty webhook subscription; several, with spaces between, while it is changed.",
    ),
    Secret("PROMETHEUS_TOKEN", "Bearer token for Prometheus, where it wants one."),
    Secret("PROMETHEUS_PASSWORD", "Password for Prometheus, beside `prometheus.user`."),
    Secret(
        "OPENLINEAGE_TOKEN",
        "Bearer token of OpenLineage clients, or `sha256:` and its hash in hex; without it only loopback may send.",
    ),
    Secret("ACTIONS_WEBHOOK_SECRET", "Key with which the webhooks of actions are signed."),
    Secret("AIRFLOW_PASSWORD", "Password for Airflow, beside `airflow.user`."),
    Secret("AIRFLOW_TOKEN", "Bearer token for Airflow, where there is no `airflow.user`."),
    Secret(
        "CORRELATOR_REDACTION_KEY",
        "Key of the pseudonyms in redacted bundles: same key, same pseudonyms in all of them.",
    ),
    Secret(
        "WEBHOOK_SECRET",
        "Key that deliveries are signed with, `whsec_` and base64; several, with spaces between, while it is changed.",
    ),
    Secret("SLACK_BOT_TOKEN", "Bot token of the Slack app."),
    Secret("SLACK_WEBHOOK_URL", "Address of a Slack incoming webhook, where there is no bot token."),
    Secret("ZENDESK_API_TOKEN", "API token of Zendesk, beside `zendesk.user`."),
    Secret("SHARE_SECRET", "Key with which links to a single finding are signed, at least 16 characters."),
    Secret("OIDC_CLIENT_SECRET", "Secret of the client at the OpenID provider."),
    Secret("CORRELATOR_DATABASE_PASSWORD", "Password of the database, where `database.url` names none."),
)
