"""Speaks to tests/crash/target.py: periods with history that can be moved and deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.sdk.connector import Connector
from integrations.sdk.declaration import Calls, Delete, Limits, Model, System
from integrations.sdk.declared_field import Field
from integrations.sdk.errors import DataRefusedError, StaleError
from integrations.sdk.fields import FIELDS
from integrations.sdk.http import Response, raise_for_trouble
from integrations.sdk.settings import Setting
from integrations.sdk.values import Change, CheckLine, Person, Remote, RemoteEmployee, Wanted, Written

SENT = {
    "title": Field(ours="title", remote="title", required=True),
    "start_date": Field(ours="start_date", remote="start", required=True, owned=True),
    "end_date": Field(ours="end_date", remote="end", owned=True),
    "percentage": Field(ours="percentage", remote="percentage", decimals=2),
}
SYSTEM = System(
    key="crash",
    name="Crash target",
    country="NO",
    model=Model.HISTORY,
    protocol="JSON",
    delete=Delete.REMOVE,
    delete_note="It is removed.",
    matching=("employee number",),
    base_urls={"api": "https://crash.example"},
    sandbox_urls={"api": ""},
    credentials=(Setting(name="key", label="Key"),),
    fields=tuple(SENT.values()),
    unsupported={f.key: "There is no such field." for f in FIELDS if f.key not in SENT},
    calls=Calls(2, 2, 1),
    limits=Limits(concurrency=8),
    moves=True,
)


class CrashConnector(Connector):
    system = SYSTEM

    def classify(self, response: Response) -> None:
        raise_for_trouble(response)
        if response.status == 404:
            raise StaleError("It is gone there.")
        if response.status == 422:
            raise DataRefusedError("It was refused.", vendor_text=response.text)

    def check(self) -> Sequence[CheckLine]:
        return [CheckLine(True, "There is nothing to check")]

    def find_employee(self, person: Person, known_id: str = "") -> RemoteEmployee:
        return RemoteEmployee(person.number, person.name, "employee number")

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        return [
            Remote(
                row["id"],
                {
                    "title": row["title"],
                    "start_date": date.fromisoformat(row["start"]),
                    "end_date": date.fromisoformat(row["end"]) if row["end"] else None,
                    "percentage": Decimal(row["percentage"]),
                },
            )
            for row in self.http.get(f"people/{employee.id}").json()
        ]

    def create(self, employee: RemoteEmployee, person: Person, wanted: Wanted) -> Written:
        answer = self.http.post(f"people/{employee.id}", json=_body(wanted.values))
        return Written(self._id(answer))

    @staticmethod
    def _id(answer: Response) -> str:
        return str(answer.json()["id"])

    def update(
        self,
        employee: RemoteEmployee,
        person: Person,
        remote: Remote,
        changes: Mapping[str, Change],
        wanted: Wanted,
    ) -> Written:
        self.http.patch(f"people/{employee.id}/{remote.id}", json=_body({k: c.new for k, c in changes.items()}))
        return Written(remote.id)

    def delete(self, employee: RemoteEmployee, remote: Remote) -> Written:
        self.http.delete(f"people/{employee.id}/{remote.id}")
        return Written(remote.id)


def _body(values: Mapping[str, Any]) -> dict[str, Any]:
    return {SENT[k].remote: None if v is None else str(v) for k, v in values.items()}
