"""Every secret in one table. The docs and `correlator settings` are made from it."""

from __future__ import annotations

from typing import Final

from correlator.settings.rows import Secret

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
