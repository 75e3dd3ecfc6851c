"""The bench's own system, known only to processes whose EXTRA_CONNECTORS names this module.

As simple as a system with history can be, so that what is measured is the engine.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from config.bench import counting, plain
from integrations.sdk.connector import Connector
from integrations.sdk.declaration import Calls, Delete, Limits, Model, System
from integrations.sdk.declared_field import Field
from integrations.sdk.fields import FIELDS
from integrations.sdk.values import Change, CheckLine, Person, Remote, RemoteEmployee, Wanted, Written
from synclog.queue import payloads

SENT = ("title", "start_date", "end_date", "percentage")
OWNED = ("start_date", "end_date")

counting.install()
payloads.ALLOWED.add(plain.TASK)  # the workers of the plain pattern run that one


class BenchConnector(Connector):
    system = System(
        key="bench",
        name="Bench",
        country="Any country",
        model=Model.HISTORY,
        protocol="JSON over HTTP",
        delete=Delete.REMOVE,
        delete_note="Removed there.",
        matching=("employee number",),
        base_urls={"api": "http://127.0.0.1:9"},
        sandbox_urls={"api": ""},
        credentials=(),
        fields=tuple(Field(key, key, required=key == "start_date", owned=key in OWNED) for key in SENT),
        unsupported={f.key: "Not part of the bench." for f in FIELDS if f.key not in SENT},
        calls=Calls(create=3, update=2, unchanged=1),
        limits=Limits(
            requests=int(os.environ.get("BENCH_REQUESTS", "0")),
            per_seconds=float(os.environ.get("BENCH_PER_SECONDS", "1")),
            concurrency=int(os.environ.get("BENCH_CONCURRENCY", "16")),
        ),
    )

    def check(self) -> Sequence[CheckLine]:
        return [CheckLine(True, "Bench answers")]

    def find_employee(self, person: Person, known_id: str = "") -> RemoteEmployee:
        if known_id:
            return RemoteEmployee(known_id)
        found = self.http.get(f"employees/{person.number}").json()
        return RemoteEmployee(found["id"], person.name, "employee number")

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        rows = self.http.get(f"employees/{employee.id}/periods").json()
        return [Remote(row["id"], {k: _decoded(k, row.get(k)) for k in SENT}) for row in rows]

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        body = {key: _encoded(value) for key, value in wanted.values.items()}
        return Written(self.http.post(f"employees/{employee.id}/periods", json=body).json()["id"])

    def update(
        self,
        employee: RemoteEmployee,
        person: Person,
        remote: Remote,
        changes: Mapping[str, Change],
        wanted: Wanted,
    ) -> Written:
        self.http.put(f"periods/{remote.id}", json={key: _encoded(change.new) for key, change in changes.items()})
        return Written(remote.id)

    def delete(self, employee: RemoteEmployee, remote: Remote) -> Written:
        self.http.delete(f"periods/{remote.id}")
        return Written(remote.id)


def _encoded(value: Any) -> Any:
    return value if value is None else str(value)


def _decoded(key: str, value: Any) -> Any:
    if value is None:
        return None
    if key in OWNED:
        return date.fromisoformat(value)
    return Decimal(value) if key == "percentage" else value
