"""One answer must not hold up others: whatever comes back for one employee, the others of the batch end as if it were
not there, and that one's entry in the log says what happened."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, OperationalError, connection
from django.utils import timezone

from integrations.models import EmployeeLink, Integration, PeriodLink
from positions.models import Employee, Position
from synclog.engine import actions
from synclog.log import exchanges
from synclog.log.causes import remedy
from synclog.models import Attempt, Event, Job
from tests.synclog.world import World

SUCCEEDED, FAILED, WAITING, RETRYING = (Job.State[name] for name in ("SUCCEEDED", "FAILED", "WAITING", "RETRYING"))


class Office:
    """A connection to Entra ID, whose addresses tell whose record a call is about, with four employees of ours."""

    def __init__(self, world: World, **settings: Any) -> None:
        self.world = world
        self.integration = world.connect("entra_id")
        self.integration.settings |= settings
        self.integration.save()
        self.people = [world.employee, *(self.hire(str(2000 + n)) for n in range(3))]

    def hire(self, number: str) -> Employee:
        person = self.world.hire(number=number, email=f"p{number}@example.com")
        self.world.introduce(self.integration, person)
        return person

    def user(self, person: Employee) -> dict[str, Any]:
        users: dict[str, dict[str, Any]] = self.world.sandboxes[self.integration.pk].state["users"]
        return next(user for user in users.values() if user["employeeId"] == person.number)

    def answer(self, person: Employee, **fault: Any) -> None:
        """What calls about this person's record are answered with from now on."""
        self.world.fail(self.integration, path=self.user(person)["id"], times=1000, **fault)

    def save(self, title: str = "Baker") -> dict[Employee, Position]:
        return {person: self.world.save(person, title=title) for person in self.people}

    def drain(self) -> None:
        self.world.drain(self.integration)

    def job(self, position: Position) -> Job:
        return self.world.job(self.integration, position)


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


def error(text: str, code: str = "Request_BadRequest") -> str:
    """As Graph writes one; escapes stay escapes."""
    return json.dumps({"error": {"code": code, "message": "@"}}).replace("@", text)


JSON = {"Content-Type": "application/json"}
ANSWERS: dict[str, tuple[dict[str, Any], str]] = {
    "half a surrogate pair": ({"status": 400, "body": error(r"no \ud800 here"), "headers": JSON}, FAILED),
    "half of one in bytes": ({"status": 400, "body": error("no #").encode().replace(b"#", b"\xed\xa0\x80"),
                              "headers": JSON}, FAILED),
    "a NUL": ({"status": 400, "body": error(r"no \u0000 here"), "headers": JSON}, FAILED),
    "a NUL in plain text": ({"status": 400, "body": "no \0 here"}, FAILED),
    "a code of a megabyte": ({"status": 400, "body": error("no", "x" * 2**20), "headers": JSON}, FAILED),
    "no such encoding": ({"status": 400, "body": b"\xff\0", "headers": {"Content-Type": "text/plain; charset=zip"}},
                         FAILED),
    "punycode": ({"status": 400, "body": "a-" * 9000, "headers": {"Content-Type": "text/plain; charset=punycode"}},
                 FAILED),
    "wait 1e300 seconds": ({"status": 503, "headers": {"Retry-After": "1e300"}}, RETRYING),
    "wait for ever": ({"status": 503, "headers": {"Retry-After": "inf"}}, RETRYING),
    "wait for no number": ({"status": 503, "headers": {"Retry-After": "nan"}}, RETRYING),
    "wait until 2083": ({"status": 503, "headers": {"Retry-After": "1790000000"}}, RETRYING),
    "wait until the year 9999": ({"status": 503, "headers": {"Retry-After": "31 Dec 9999 23:59:59 GMT"}}, RETRYING),
    "wait until no day": ({"status": 503, "headers": {"Retry-After": "99 Dec 99999999999 23:59:59 GMT"}}, RETRYING),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_what_one_employee_is_answered_is_that_employees(office: Office, name: str) -> None:
    """Each of these rolled back the whole batch at every turn, on one database or on both, or waited for decades."""
    fault, state = ANSWERS[name]
    victim, *others = office.people
    saved = office.save()
    office.answer(victim, method="PATCH", **fault)
    office.drain()
    assert {office.job(saved[person]).state for person in others} == {SUCCEEDED}
    job = office.job(saved[victim])
    assert (job.state, bool(job.message), job.attempts) == (state, True, 1)
    assert job.tries.count() == 1
    assert job.due_at < timezone.now() + timedelta(days=1, hours=1)
    assert exchanges.shown(job.tries.get().exchanges, exchanges.masker_of(office.integration), UTC)
    assert not office.integration.stopped


@pytest.mark.parametrize("name", ["Ada \0 Berg", "A" * 500])
def test_a_good_answer_that_cannot_be_stored_as_it_is(office: Office, name: str) -> None:
    saved = office.save()
    office.user(office.people[0])["displayName"] = name
    office.drain()
    assert {office.job(position).state for position in saved.values()} == {SUCCEEDED}
    assert EmployeeLink.objects.filter(integration=office.integration).count() == 4


@pytest.mark.parametrize("remote_id", ["x" * 200, "x\0y", "x\ud800y"])
@pytest.mark.parametrize("of", ["employee", "record"])
def test_an_id_that_cannot_be_kept_is_never_cut(
    office: Office, monkeypatch: pytest.MonkeyPatch, of: str, remote_id: str
) -> None:
    *others, victim = office.people
    saved = office.save()
    connector = office.integration.connector_class
    find, update = connector.find_employee, connector.update

    def found(self: Any, person: Any, known_id: str = "") -> Any:
        employee = find(self, person, known_id)
        return replace(employee, id=remote_id) if person.number == victim.number else employee

    def written(self: Any, employee: Any, person: Any, *args: Any) -> Any:
        left = update(self, employee, person, *args)
        return replace(left, remote_id=remote_id) if person.number == victim.number else left

    if of == "employee":
        monkeypatch.setattr(connector, "find_employee", found)
    else:
        monkeypatch.setattr(connector, "update", written)
    office.drain()
    assert {office.job(saved[person]).state for person in others} == {SUCCEEDED}
    job = office.job(saved[victim])
    if of == "employee":
        assert (job.state, job.cause) == (RETRYING, "target_unavailable")
        assert "cannot be kept" in job.message
    else:
        assert (job.state, job.cause) == (FAILED, "answer_not_kept")
        assert "looks first" in job.message and remedy(job.cause)
    assert PeriodLink.objects.filter(integration=office.integration).count() == 3


def test_what_the_database_refuses_of_one_is_stored_for_the_others(office: Office) -> None:
    """Whatever it is that nobody has thought of: the statement that holds it fails, again and again."""
    *others, victim = office.people  # whose key is no other row's
    saved = office.save()

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("INSERT") and "periodlink" in sql and victim.pk in _flat(params):
            raise IntegrityError("refused")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        office.drain()
    assert {office.job(saved[person]).state for person in others} == {SUCCEEDED}
    job = office.job(saved[victim])
    assert (job.state, job.cause, job.attempts) == (FAILED, "answer_not_kept", 1)
    assert job.tries.count() == 1
    assert job.meant, "the next try knows what may have been written"
    calls = len(writes(office))
    actions.resync(Job.objects.filter(pk=job.pk), by="anna")
    office.drain()
    assert office.job(saved[victim]).state in (SUCCEEDED, Job.State.SKIPPED)
    assert len(writes(office)) == calls, "it read first, and wrote nothing twice"


def _flat(params: Any) -> list[Any]:
    return [p for outer in params or () for p in (outer if isinstance(outer, list | tuple) else [outer])]


def writes(office: Office) -> list[Any]:
    calls = office.world.sandboxes[office.integration.pk].tenant.calls
    return [call for call in calls if call.method == "PATCH"]


def test_trouble_with_the_database_itself_is_nobodys(office: Office) -> None:
    saved = office.save()

    def full(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "synclog_attempt" in sql and sql.startswith("INSERT"):
            raise OperationalError("database or disk is full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(full), pytest.raises(OperationalError):
        office.drain()
    assert FAILED not in {office.job(position).state for position in saved.values()}
    office.drain()
    assert not Job.objects.open().exists()


# -- refused access ----------------------------------------------------------------------------------------

PROTECTED = {"status": 403, "body": error("Insufficient privileges.", "Authorization_RequestDenied"), "headers": JSON}


@pytest.mark.parametrize("first", [True, False])
def test_a_protected_record_is_one_employees_failure(office: Office, first: bool) -> None:
    """One 403 of one account stopped the connection, and each Resume stopped it again."""
    if not first:
        office.save("Cook")
        office.drain()
    victim, *others = office.people
    office.answer(victim, method="PATCH", **PROTECTED)
    saved = office.save()
    office.drain()
    assert not office.integration.stopped
    assert {office.job(saved[person]).state for person in others} == {SUCCEEDED}
    job = office.job(saved[victim])
    assert (job.state, job.cause) == (FAILED, "record_refused")
    assert "this employee's record" in job.message and "User.ReadWrite.All" in job.message
    assert job.vendor_text.startswith("Insufficient privileges.")


def test_a_protected_record_alone_holds_up_nobody_who_comes_later(office: Office) -> None:
    victim, other, *_ = office.people
    office.answer(victim, method="PATCH", **PROTECTED)
    refused = office.world.save(victim)
    office.drain()
    let_through = office.world.save(other)
    office.drain()
    assert (office.job(refused).state, office.job(let_through).state) == (FAILED, SUCCEEDED)


def test_many_protected_records_are_not_everybody(office: Office) -> None:
    office.world.save(office.people[3])
    office.drain()
    for person in office.people[:3]:
        office.answer(person, method="PATCH", **PROTECTED)
    saved = office.save()
    office.drain()
    assert not office.integration.stopped
    assert [office.job(position).cause for position in saved.values()][:3] == ["record_refused"] * 3


def test_a_right_that_is_taken_away_from_everybody_stops_the_connection(office: Office) -> None:
    """Reading is still allowed, so that only the writes tell. What was refused goes out with the rest on Resume."""
    office.save("Cook")
    office.drain()
    state = office.world.sandboxes[office.integration.pk].state
    state["permissions"] = ["User.Read.All"]
    saved = office.save()
    office.drain()
    assert (office.integration.stopped, office.integration.stopped_cause) == (True, "permission_missing")
    assert {office.job(position).state for position in saved.values()} <= {WAITING, FAILED}
    assert [office.job(position).state for position in saved.values()].count(WAITING) >= 3
    assert Event.objects.filter(kind="stopped").count() == 1
    state["permissions"] = ["User.ReadWrite.All", "User-LifeCycleInfo.ReadWrite.All"]
    actions.resume(office.integration, by="anna")
    Job.objects.open().update(state=WAITING, due_at=timezone.now())
    office.drain()
    assert {office.job(position).state for position in saved.values()} == {SUCCEEDED}


def test_a_right_that_was_never_there_stops_a_new_connection(office: Office) -> None:
    office.world.sandboxes[office.integration.pk].state["permissions"] = ["User.Read.All"]
    office.save()
    office.drain()
    assert (office.integration.stopped, office.integration.stopped_cause) == (True, "permission_missing")


@pytest.mark.parametrize("known", [True, False])
def test_a_refusal_that_the_test_of_the_connection_meets_too_is_everybodys(office: Office, known: bool) -> None:
    """One employee is enough: the connection asks once more where no employee is concerned."""
    person = office.people[0]
    if known:
        office.world.save(person)
        office.drain()
    office.world.sandboxes[office.integration.pk].state["permissions"] = []
    position = office.world.save(person, title="Cook", start_date=date(2026, 2, 1))
    office.drain()
    assert office.integration.stopped
    assert office.job(position).state == WAITING


@pytest.mark.parametrize("key", ["netvisor", "tripletex", "fortnox", "visma_net_payroll", "unimicro", "xledger"])
def test_credentials_that_are_no_longer_taken_stop_at_once(world: World, key: str) -> None:
    integration = world.connect(key)
    secret = [s.name for s in integration.system.credentials if "secret" in s.kind]
    integration.set_credentials(dict.fromkeys(secret, "wrong-wrong-wrong"), by="anna")
    integration.save()
    position = world.save()
    world.drain(integration)
    if world.job(integration, position).cause != "missing_required_field":
        assert integration.stopped
        assert world.job(integration, position).state == WAITING


# -- late reads --------------------------------------------------------------------------------------------


@time_machine.travel(datetime(2026, 6, 15, 10, tzinfo=UTC), tick=True)
def test_a_correction_within_the_lag_is_written(office: Office) -> None:
    """Entra shows a write late: the correction looked as if it were there already, and the slip stayed."""
    person = office.people[0]
    position = office.world.save(person, title="Baker")
    office.drain()
    office.world.sandboxes[office.integration.pk].state["lag"] = 3
    for title in ("Bkaer", "Baker"):
        position.title = title
        position.save()
        office.drain()
        assert office.job(position).state == SUCCEEDED
        assert office.user(person)["jobTitle"] == title


@time_machine.travel(datetime(2026, 6, 15, 10, tzinfo=UTC), tick=True)
def test_a_resignation_that_is_withdrawn_within_the_lag_is_withdrawn_there(office: Office) -> None:
    person = office.people[0]
    position = office.world.save(person)
    office.drain()
    office.world.sandboxes[office.integration.pk].state["lag"] = 3
    for day, reason in ((date(2026, 8, 31), "resigned"), (None, "")):
        position.end_date, position.end_reason = day, reason
        position.save()
        office.drain()
    assert office.user(person)["employeeLeaveDateTime"] is None


@time_machine.travel(datetime(2026, 6, 15, 10, tzinfo=UTC), tick=True)
def test_a_manager_changed_back_within_the_lag_is_written(office: Office) -> None:
    state = office.world.sandboxes[office.integration.pk].state
    person, one, two, _ = office.people
    person.manager = one
    person.save()
    position = office.world.save(person)
    office.drain()
    shown = dict(state["managers"])
    for manager in (two, one):
        person.manager = manager
        person.save()
        position.save()
        actions.resync(Job.objects.filter(position_key=position.pk), by="anna")
        now = dict(state["managers"])
        state["managers"] = dict(shown)  # as a late read shows it
        there = office.user(manager)["id"]
        office.drain()
        state["managers"] = {**now, **state["managers"]}
        assert state["managers"][office.user(person)["id"]] == there


@time_machine.travel(datetime(2026, 6, 15, 10, tzinfo=UTC), tick=True)
def test_what_a_clerk_writes_within_the_lag_is_seen(office: Office) -> None:
    person = office.people[0]
    position = office.world.save(person, title="Baker")
    office.drain()
    office.user(person)["jobTitle"] = "On leave"
    actions.resync(Job.objects.filter(position_key=position.pk), by="anna")
    office.drain()
    assert office.user(person)["jobTitle"] == "Baker", "what neither we wrote nor was there before is no late read"


def test_after_the_lag_a_read_is_believed(office: Office) -> None:
    person = office.people[0]
    with time_machine.travel(datetime(2026, 6, 15, 10, tzinfo=UTC), tick=True):
        position = office.world.save(person, title="Baker")
        office.drain()
        before = office.user(person)["jobTitle"]
        position.title = "Cook"
        position.save()
        office.drain()
    with time_machine.travel(datetime(2026, 6, 15, 10, 11, tzinfo=UTC), tick=True):
        office.user(person)["jobTitle"] = before
        actions.resync(Job.objects.filter(position_key=position.pk), by="anna")
        office.drain()
    assert (before, office.user(person)["jobTitle"]) == ("Baker", "Cook")


def test_agreeing_once_more_does_not_prolong_the_lag(office: Office) -> None:
    person = office.people[0]
    with time_machine.travel(datetime(2026, 6, 15, 10, tzinfo=UTC), tick=True):
        position = office.world.save(person, title="Baker")
        office.drain()
    written = PeriodLink.objects.get(position_key=position.pk).written_at
    with time_machine.travel(datetime(2026, 6, 15, 10, 5, tzinfo=UTC), tick=True):
        actions.resync(Job.objects.filter(position_key=position.pk), by="anna")
        office.drain()
    assert office.job(position).cause == "nothing_to_change"
    assert PeriodLink.objects.get(position_key=position.pk).written_at == written


@time_machine.travel(datetime(2026, 6, 15, 10, tzinfo=UTC), tick=True)
def test_a_write_without_an_answer_is_made_again_whatever_a_late_read_shows(office: Office, settings: Any) -> None:
    """The slip may have been written although no answer came; the read that follows shows what was there before it."""
    person = office.people[0]
    position = office.world.save(person, title="Baker")
    office.drain()
    office.world.sandboxes[office.integration.pk].state["lag"] = 2
    settings.TARGET_READ_TIMEOUT = 0.4
    office.world.fail(office.integration, kind="hang", method="PATCH", seconds=0.9, after=True)
    position.title = "Bkaer"
    position.save()
    office.drain()
    assert (office.job(position).cause, office.user(person)["jobTitle"]) == ("unclear_outcome", "Bkaer")
    settings.TARGET_READ_TIMEOUT = 0
    position.title = "Baker"
    position.save()
    Job.objects.open().update(due_at=timezone.now())
    Integration.objects.update(retry_at=None)
    office.drain()
    assert office.job(position).state == SUCCEEDED
    assert office.user(person)["jobTitle"] == "Baker"
    assert not Attempt.objects.filter(state="skipped").exists()
