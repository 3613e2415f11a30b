"""The settings of what is read from and written to: those of each kind of `connectors.registry`."""

from __future__ import annotations

from typing import Final

from correlator.settings.rows import MOST_DAYS, Setting

SYSTEMS: Final = (
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
    Setting("datadog.first_pull_days", 15, "How far the first pull goes back.", least=1, most=MOST_DAYS),
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
    Setting("pagerduty.first_pull_days", 30, "How far the first pull goes back.", least=1, most=MOST_DAYS),
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
    Setting("airflow.first_pull_days", 15, "How far the first pull goes back.", least=1, most=MOST_DAYS),
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
)
