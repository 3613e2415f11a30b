"""What retries cost stands in columns: of findings stored now, and of those stored before there were columns."""

from __future__ import annotations

import json

from sqlalchemy import Engine, select, text

from correlator.store.database import open_store, reading, writing
from correlator.store.findings import save_analysis
from correlator.store.schema import findings
from correlator.store.upgrading import migrate
from tests.web import cast

DEBTS = select(findings.c.job, findings.c.needed_retry, findings.c.minutes_burnt).order_by(findings.c.job)
OF_THE_CAST = [("export_ads", 6, 156.0), ("export_email", 3, 36.0)]


def test_a_stored_finding_has_them(engine: Engine) -> None:
    save_analysis(engine, cast.analysis(), cast.END)
    with reading(engine) as connection:
        assert [tuple(row) for row in connection.execute(DEBTS)][1:] == OF_THE_CAST


def test_an_older_finding_is_given_them_out_of_its_document(bare: Engine, store_url: str) -> None:
    with writing(bare) as connection:
        migrate(connection, "0011")
        for name, finding in (("F-1", cast.systemic()), ("F-2", cast.transient())):
            row = {"id": name, "job": finding.job, "document": json.dumps(finding.to_dict())}
            connection.execute(text(_OLD_ROW), row)
        connection.execute(text(_OLD_ROW), {"id": "F-3", "job": "a_job_of_old", "document": "{}"})
    engine = open_store(store_url)
    with reading(engine) as connection:
        assert [tuple(row) for row in connection.execute(DEBTS)] == [("a_job_of_old", 0, 0.0), *OF_THE_CAST]
    engine.dispose()


_OLD_ROW = (
    "INSERT INTO findings (id, job, document, first_raised_at, changed_at, updated_at)"
    " VALUES (:id, :job, :document, 1, 1, 1)"
)
