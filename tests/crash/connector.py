"""Speaks to tests/crash/target.py: periods with history that can be moved and deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from integrations.sdk.connector import Connector, Search
from integrations.sdk.declaration import Calls, Delete, Limits, Model, Sight, System
from integrations.sdk.declared_field import Field
from integrations.sdk.errors import DataRefusedError, StaleError
from integrations.sdk.fields import FIELDS
from integrations.sdk.http import Response, raise_for_trouble
from integrations.sdk.identity import EveryMark, Mark
from integrations.sdk.settings import Setting
from integrations.sdk.snapshot import Looking
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
    sight=Sight(),
    moves=True,
)


class CrashConnector(Connector):
    system = SYSTEM

    def classify(self, response: Response) -> None:
        raise_for_trouble(response)
        if response.status in (404, 409):
            raise StaleError("It is not there as it was.")
        if response.status == 422:
            raise DataRefusedError("It was refused.", vendor_text=response.text)

    def check(self) -> Sequence[CheckLine]:
        return [CheckLine(True, "There is nothing to check")]

    def find_employee(self, person: Person, known_id: str = "") -> RemoteEmployee:
        return RemoteEmployee(person.number, person.name, "employee number")

    def searches(self, person: Person) -> Sequence[Search]:
        """For a list of everybody alone."""
        return ((Mark.NUMBER, person.number, list),)

    def read(self, employee: RemoteEmployee) -> Sequence[Remote]:
        return _remotes(self.http.get(f"people/{employee.id}").json())

    def everybody(self, written: Mapping[str, str]) -> Looking:
        everybody = yield from self.trying(lambda: dict(self.http.get("people").json()))
        for number, rows in everybody.items():
            yield self.seen(number, EveryMark((number,)), partial(_remotes, rows))

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
        body = {**_body({k: c.new for k, c in changes.items()}), "version": remote.version}
        self.http.patch(f"people/{employee.id}/{remote.id}", json=body)
        return Written(remote.id)

    def guards(self, remote: Remote, changes: Mapping[str, Change], wanted: Wanted) -> bool:
        return True

    def delete(self, employee: RemoteEmployee, remote: Remote) -> Written:
        self.http.delete(f"people/{employee.id}/{remote.id}")
        return Written(remote.id)


def _remotes(rows: Iterable[Mapping[str, Any]]) -> list[Remote]:
    return [
        Remote(
            row["id"],
            {
                "title": row["title"],
                "start_date": date.fromisoformat(row["start"]),
                "end_date": date.fromisoformat(row["end"]) if row["end"] else None,
                "percentage": Decimal(row["percentage"]),
            },
            row["version"],
        )
        for row in rows
    ]


def _body(values: Mapping[str, Any]) -> dict[str, Any]:
    return {SENT[k].remote: None if v is None else str(v) for k, v in values.items()}
