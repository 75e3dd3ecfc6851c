"""A database as the last version left it: a log with entries of every state, links, files, keys, and their words.

Written through the models of that version's migrations, in that version's words. When a version is out, move `LAST` to
its newest migrations and add here what it stores in another way.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from integrations.sandboxes.server import sandboxes
from positions.folding import words

LAST = [
    ("positions", "0013_contract_types_and_end_reasons"),
    ("integrations", "0014_meaning"),
    ("synclog", "0013_batch"),
]

NOW = datetime(2026, 6, 15, 12, 2, 7, tzinfo=UTC)
FILE = b'<?xml version="1.0" encoding="ISO-8859-1"?>\n<paxml><personal/></paxml>\n'

# What came of a position: the columns of its entry that say so. Every state, and causes of every kind.
SAID: dict[str, dict[str, Any]] = {
    "waiting": {"state": "waiting"},
    "not yet": {
        "state": "waiting",
        "cause": "not_yet_current",
        "message": "It starts on 1 Sep 2026: PowerOffice Go takes the current position only.",
    },
    "running": {"state": "running", "action": "update", "epoch": 4},
    "retrying": {
        "state": "retrying",
        "cause": "target_unavailable",
        "message": "It did not answer: 503 Service UnavailableError.",
        "vendor_text": "upstream connect error",
        "vendor_code": "503",
        "attempts": 2,
        "tried": ["2026-01-01"],
    },
    "missing": {
        "state": "failed",
        "cause": "missing_required_field",
        "message": "Occupation code is missing, and Tripletex needs it. Fill it in on the position; it is sent when "
        "you save.",
        "field": "occupation_code",
    },
    "overlap": {
        "state": "failed",
        "cause": "overlap_in_target",
        "message": "It overlaps Cook, 1 Feb 2026 to 30 Jun 2026 there. End that period there, then press Re-sync.",
        "vendor_text": "Ansettelsesforhold overlapper: “Kokk” <1.2.2026>",
        "vendor_code": "18000",
    },
    "nobody": {
        "state": "failed",
        "cause": "employee_not_found",
        "message": "Nobody there has the number 1043. Create the person there, then press Re-sync.",
    },
    "accepted": {"state": "succeeded", "action": "create", "message": "Accepted by Tripletex."},
    "warned": {
        "state": "succeeded",
        "action": "update",
        "warning": True,
        "message": "Cost centre stays “77” there: a clerk chose it.",
        "field": "",
    },
    "taken over": {
        "state": "succeeded",
        "action": "end",
        "cause": "taken_over",
        "message": "Another position took over the record there.",
    },
    "moved": {"state": "succeeded", "action": "move", "move": True, "message": "Moved from 1 Jan 2026."},
    "deleted": {"state": "succeeded", "action": "delete", "deleted": True, "message": "Accepted by Tripletex."},
    "in a file": {"state": "succeeded", "action": "create", "message": "In the file of 14:02, not yet imported."},
    "nothing": {
        "state": "skipped",
        "cause": "nothing_to_change",
        "message": "The record there says this already: nothing to change.",
    },
    "dismissed": {
        "state": "dismissed",
        "cause": "delete_by_hand",
        "deleted": True,
        "message": "PowerOffice Go cannot delete it: delete it there by hand, then press Dismiss.",
        "dismissed_reason": "done by hand, kari",
    },
    "outside": {
        "state": "succeeded",
        "action": "delete",
        "outside": True,
        "message": "It left this connection's companies, so its record was removed there.",
    },
}
LATER = {"xledger": {"free_numbers": {"percentage": "value1"}}}  # settings that were chosen after what was sent
OF_FLAT = ("not yet", "taken over", "dismissed")

EVENTS = (
    ("on", "Send positions was switched on: changes from now on are sent.", "kari"),
    ("retrying", "Tripletex: It did not answer. It is tried again.", ""),
    ("recovered", "Tripletex answers again.", ""),
    ("paused", "Paused: changes are recorded and go out on resume.", "kari"),
    ("resync", "Re-sync: 2 positions looked at again.", "kari"),
)
LEFT_ALONE = "Someone else's record there has the number 1043. Confirm under People that it is the same person."
STOPPED = "PowerOffice Go refuses the client key: invalid_client."
PUT_OFF = "Netvisor did not answer: 503 Service UnavailableError."
TROUBLE = "it does not exist below EXPORT_ROOT."
CALL = {
    "at": NOW.timestamp(),
    "method": "POST",
    "url": "https://tripletex.no/v2/employee/employment",
    "request_headers": {"Content-Type": "application/json", "Authorization": "•••"},
    "request_body": '{"startDate": "2026-01-01"}',
    "status": 422,
    "response_headers": {"Content-Type": "application/json"},
    "response_body": '{"code": 18000, "message": "Ansettelsesforhold overlapper"}',
    "milliseconds": 87,
    "error": "",
}
TRACE = [
    {"title": "Employee matched", "ok": True, "detail": "Åse Sørlie", "at": NOW.timestamp()},
    {"title": "Read there", "ok": True, "detail": "2 periods", "at": NOW.timestamp()},
    {"title": "Required fields", "ok": True, "detail": "All there", "at": NOW.timestamp()},
    {"title": "Create refused", "ok": False, "detail": "Ansettelsesforhold overlapper", "at": NOW.timestamp()},
]
CHANGES: list[dict[str, Any]] = [
    {"field": "title", "remote": "employmentDetails.occupation", "old": None, "new": "Baker"},
    {"field": "percentage", "remote": "percentageOfFullTimeEquivalent", "old": "100", "new": "80.5"},
]
UNSENT = {"note": "A note is never sent.", "cost_centre": "Tripletex has no cost centre of an employment."}
QUESTION = UUID("6f0c3a34-0000-4000-8000-000000000001")
WARNED = "Cost centre stays “77” there: a clerk chose it."


@dataclass
class Made:
    """Keys of what was made, by the names that the tests know it by."""

    organization: int = 0
    admin: int = 0
    employees: dict[str, int] = field(default_factory=dict)
    integrations: dict[str, int] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)  # also of those that are deleted
    credentials: dict[str, dict[str, str]] = field(default_factory=dict)
    jobs: dict[str, int] = field(default_factory=dict)
    files: list[int] = field(default_factory=list)
    batch: int = 0


class Before:
    """Fills the database; `key_hash` is of the API key that the tests use."""

    def __init__(self, apps: Any, key_hash: str) -> None:
        self.apps, self.key_hash, self.made = apps, key_hash, Made()

    def __call__(self) -> Made:
        self._people()
        self._connections()
        self._log()
        self._sent_before_a_place_was_chosen()
        self._files()
        self._rest()
        return self.made

    def _add(self, app: str, model: str, **values: Any) -> Any:
        return self.apps.get_model(app, model).objects.create(**values)

    def _people(self) -> None:
        self.organization = self._add("positions", "Organization", name="Fjellheim", time_zone="Europe/Oslo")
        user = self._add(*settings.AUTH_USER_MODEL.split("."), username="kari", is_staff=True, is_active=True)
        self._add("positions", "Member", organization=self.organization, user=user, role="admin")
        company = self._add(
            "positions", "Company", organization=self.organization, name="Bakeri AS", organization_number="974760673"
        )
        self.company = company
        department = self._add("positions", "Department", organization=self.organization, code="10", name="Oven")
        for number, first, last in (("1042", "Åse", "Sørlie"), ("1043", "Ola", "Nordmann")):
            employee = self._add(
                "positions", "Employee", organization=self.organization, number=number, first_name=first,
                last_name=last, email=f"{number}@example.com", birth_date=date(1985, 3, 14), company=company,
                department=department, national_id="14038512345",
            )  # fmt: skip
            for word in sorted(words(number, first, last, email=employee.email)):
                self._add("positions", "EmployeeWord", organization=self.organization, employee=employee, word=word)
            self.made.employees[number] = employee.pk
        self._add(
            "positions", "ApiKey", organization=self.organization, name="nightly", prefix="psk_old123",
            hash=self.key_hash, owner=user, created_by=user,
            scopes=["positions:read", "positions:write", "sync:read", "sync:write"],
            expires_at=datetime.now(UTC) + timedelta(days=30),
        )  # fmt: skip
        self.made.organization, self.made.admin = self.organization.pk, user.pk

    def _connections(self) -> None:
        troubles: dict[str, dict[str, Any]] = {
            "tripletex": {"last_success_at": NOW},
            "poweroffice_go": {
                "stopped_at": NOW, "stopped_cause": "not_authorized", "stopped_message": STOPPED,
            },
            "netvisor": {
                "retry_at": datetime.now(UTC) + timedelta(hours=1), "retry_set_at": NOW, "retry_count": 2,
                "retry_message": PUT_OFF,
            },
            "crona_lon": {"paused_at": NOW, "paused_by": "kari"},
            "xledger": {},
        }  # fmt: skip
        for key, values in troubles.items():
            sandbox = sandboxes()[key]
            self.made.credentials[key] = dict(sandbox.credentials)
            row = self._add(
                "integrations", "Integration", organization=self.organization, system_key=key, name=f"{key} of before",
                send_positions=True, delete_positions=True, activated_at=NOW, credentials=dict(sandbox.credentials),
                settings=LATER.get(key) or dict(sandbox.settings), **values,
            )  # fmt: skip
            self.made.integrations[key] = row.pk
            for kind, text, by in EVENTS:
                self._add("synclog", "Event", integration=row, kind=kind, text=text, by=by)
        tripletex = self.made.integrations["tripletex"]
        self._add("integrations", "IntegrationCompany", integration_id=tripletex, company=self.company)
        self._add(
            "integrations", "EmployeeLink", integration_id=tripletex, employee_key=self.made.employees["1042"],
            remote_id="77", label="Åse Sørlie", matched_by="employee number", written_to="77", confirmed_by="kari",
            confirmed_at=NOW,
        )  # fmt: skip
        self._add(
            "integrations", "EmployeeLink", integration_id=tripletex, employee_key=self.made.employees["1043"],
            state="not_matched", cause="not_the_same_person", message=LEFT_ALONE, remote_id="78",
        )  # fmt: skip

    def _log(self) -> None:
        for number, (name, said) in enumerate(SAID.items()):
            system = "crona_lon" if name == "in a file" else "poweroffice_go" if name in OF_FLAT else "tripletex"
            employee = self.made.employees["1043" if name in ("nobody", "missing") else "1042"]
            position = self._position(employee, name, said)
            self.made.positions[name] = position
            job = self._job(name, number, system, employee, position, said)
            self.made.jobs[name] = job.pk
            if said["state"] == "succeeded" and not said.get("deleted"):
                self._add(
                    "integrations", "PeriodLink", integration_id=job.integration_id, employee_key=employee,
                    position_key=position, remote_id=f"r{number}", values={"title": name, "start_date": "2026-01-01"},
                    left=[] if name == "warned" else None, stale=name == "moved",
                )  # fmt: skip
            if said["state"] not in ("waiting", "running"):
                self._attempt(job, said)

    def _sent_before_a_place_was_chosen(self) -> None:
        """One with something in the place that is chosen now, and one with nothing."""
        for name, more in (("placed", {"percentage": "80.50"}), ("not placed", {})):
            position = self._position(self.made.employees["1042"], name, {})
            self.made.positions[name] = position
            self._add(
                "integrations", "PeriodLink", integration_id=self.made.integrations["xledger"],
                employee_key=self.made.employees["1042"], position_key=position, remote_id=name,
                values={"start_date": "2026-01-01", **more}, left=None if more else {"percentage": {"number": "80.50"}},
            )  # fmt: skip

    def _position(self, employee: int, name: str, said: dict[str, Any]) -> int:
        if said.get("deleted"):
            return 900_000 + len(self.made.jobs)  # it is not here any more
        return self._add(
            "positions", "Position", employee_id=employee, title=f"Baker, {name}", company=self.company,
            start_date=date(2026, 1, 1), percentage="80.50",
        ).pk  # fmt: skip

    def _job(self, name: str, number: int, system: str, employee: int, position: int, said: dict[str, Any]) -> Any:
        is_open = said["state"] in ("waiting", "running", "retrying", "failed")
        first, last = ("Ola", "Nordmann") if employee == self.made.employees["1043"] else ("Åse", "Sørlie")
        return self._add(
            "synclog", "Job", organization=self.organization, integration_id=self.made.integrations[system],
            employee_key=employee, position_key=position, open_key=position if is_open else None,
            employee_name=f"{first} {last}", employee_number="1042", title=f"Baker, {name}",
            start_date=date(2026, 1, 1), generation=number + 1, due_at=datetime.now(UTC) + timedelta(hours=1),
            origin="edit", origin_name="kari", request_id=f"request-{number}", recorded_at=NOW,
            changed_at=NOW + timedelta(seconds=number), finished_at=None if is_open else NOW,
            first_failed_at=NOW if said["state"] in ("failed", "retrying") else None, **said,
        )  # fmt: skip

    def _attempt(self, job: Any, said: dict[str, Any]) -> None:
        result = {"succeeded": "sent", "failed": "failed", "retrying": "error", "skipped": "skipped"}
        shared = {"vendor_text": said.get("vendor_text", ""), "vendor_code": said.get("vendor_code", "")}
        for number in (1, 2):
            last = number == 2
            self._add(
                "synclog", "Attempt", job=job, number=number, started_at=NOW, finished_at=NOW + timedelta(seconds=1),
                result=result.get(said["state"], "failed") if last else "error",
                cause=said.get("cause", "") if last else "target_unavailable",
                message=said.get("message", "") if last else "It did not answer within 30 seconds.",
                trace=TRACE if said["state"] != "succeeded" else TRACE[:3], changes=CHANGES, unsent=UNSENT,
                warnings=[{"field": "cost_centre", "message": WARNED}] if said.get("warning") else [],
                exchanges=[CALL] if last else [], **shared,
            )  # fmt: skip

    def _files(self) -> None:
        states: tuple[dict[str, Any], ...] = (
            {"fetched_at": NOW, "fetched_by": "kari", "file_name": "crona-lon-20260615-140207-1.pax",
             "kept": FILE.decode("latin-1"), "imported_at": NOW, "imported_by": "kari"},
            {"fetched_at": NOW, "fetched_by": "kari", "file_name": "crona-lon-20260615-140307-2.pax",
             "kept": FILE.decode("latin-1"), "folder": "payroll", "trouble": TROUBLE},
            {},
        )  # fmt: skip
        for values in states:
            file = self._add(
                "integrations", "ExportFile", integration_id=self.made.integrations["crona_lon"], made_at=NOW, **values
            )
            record = {"anstid": "1042", "befattning": "Bagare"}
            self._add(
                "integrations", "ExportRecord", file=file, employee_key=self.made.employees["1042"], record=record
            )
            self.made.files.append(file.pk)
        jobs = self.apps.get_model("synclog", "Job").objects
        jobs.filter(pk=self.made.jobs["in a file"]).update(file_key=self.made.files[1])

    def _rest(self) -> None:
        tripletex, keys = self.made.integrations["tripletex"], sorted(self.made.jobs.values())
        self.made.batch = self._add(
            "synclog", "Batch", organization=self.organization, keys=array("q", keys).tobytes(), total=len(keys),
            taken=3, sent=2, left_out=1, off=["netvisor of before"], origin="api", by="nightly", asked_at=NOW,
            moved_at=datetime.now(UTC),
        ).pk  # fmt: skip
        self._add("synclog", "Resync", integration_id=tripletex, at=NOW, until=NOW, total=2, by="kari")
        self._add("synclog", "Lease", integration_id=tripletex, owner="", epoch=4)
        self._add("synclog", "Heartbeat", worker="host/1", seen_at=datetime.now(UTC))
        answer = {"lines": [{"ok": False, "title": "Signed in", "detail": "The token is refused.", "where": "Keys"}]}
        self._add(
            "synclog", "Question", uuid=QUESTION, organization=self.organization, integration_id=tripletex,
            kind="check", asked_by="nightly", begun_at=NOW, done_at=NOW, answer=answer,
        )  # fmt: skip
        self._add(
            "positions", "AuditEntry", organization=self.organization, actor="kari", via="admin", action="changed",
            kind="position", object_key=1, object_name="Baker of before", employee_key=self.made.employees["1042"],
            changes={"title": ["Baker", "Cook"]},
        )  # fmt: skip
