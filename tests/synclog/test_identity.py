"""Nobody's record is written for somebody else: what the engine does with matches, through real sandboxes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from integrations.models import EmployeeLink, Integration, PeriodLink
from integrations.planning.work import Trace
from integrations.sdk.context import MemoryMatches
from integrations.sdk.errors import InterruptedRunError
from integrations.sdk.values import Person, RemoteEmployee
from positions.models import Employee
from synclog.engine import matches
from synclog.engine.matches import DatabaseMatches
from synclog.models import Job
from synclog.questions.preview import find
from synclog.queue import tasks
from tests.synclog.world import TURN, World

State = EmployeeLink.State
COMPLETE = {
    "occupation_code": "7412101",
    "working_hours_scheme": "not_shift",
    "remuneration_type": "monthly",
    "percentage": 100,
}
SYSTEMS = ("fortnox", "xledger", "entra_id", "tripletex", "unimicro", "finago", "netvisor", "visma_net_payroll")


def link(integration: Integration, employee: Employee) -> EmployeeLink:
    return EmployeeLink.objects.get(integration=integration, employee_key=employee.pk)


def twin(world: World, **values: Any) -> Employee:
    """A new person with the e-mail of 1042, who is in the target."""
    given = {"number": "2000", "first_name": "Ane", "last_name": "Sørlie", "email": world.employee.email.upper()}
    return world.hire(**{**given, "company": world.employee.company, **values})


@pytest.fixture
def fortnox(world: World) -> Integration:
    return world.connect("fortnox")


# -- somebody else's e-mail -----------------------------------------------------------------------------------


def test_a_new_person_with_the_same_email_is_refused_and_the_record_stays(world: World, fortnox: Integration) -> None:
    world.save()
    world.drain(fortnox)
    before = world.there(fortnox)
    other = twin(world)
    position = world.save(other, title="Chef")
    world.drain(fortnox)
    job = world.job(fortnox, position)
    assert (job.state, job.cause) == (Job.State.FAILED, "not_the_same_person")
    assert "1042" in job.message and "number" in job.message and "Sørlie" not in job.message
    assert world.there(fortnox) == before
    refused = link(fortnox, other)
    assert (refused.state, refused.remote_id, refused.cause) == (State.NOT_MATCHED, "1042", "not_the_same_person")
    assert link(fortnox, world.employee).state == State.MATCHED


def test_correct_the_number_there(world: World, fortnox: Integration) -> None:
    world.save()
    other = twin(world)
    position = world.save(other, title="Chef")
    world.drain(fortnox)
    world.introduce(fortnox, other)
    matches.try_again(fortnox.pk, [other.pk])  # Re-sync
    world.drain(fortnox)
    assert world.job(fortnox, position).state == Job.State.SUCCEEDED
    assert [e["JobTitle"] for e in world.there(fortnox, other)] == ["Chef"]
    assert [e["JobTitle"] for e in world.there(fortnox)] == ["Baker"]


def test_correct_the_number_here(world: World, fortnox: Integration) -> None:
    """Somebody who is in the target as 1042 was typed in here as 2000, and nobody else has 1042."""
    position = world.save(twin(world), title="Chef")
    world.employee.delete()
    world.drain(fortnox)
    assert world.job(fortnox, position).cause == "not_the_same_person"
    other = position.employee
    other.number = "1042"
    other.save()  # goes out by itself
    world.drain(fortnox)
    assert world.job(fortnox, position).state == Job.State.SUCCEEDED
    assert [e["JobTitle"] for e in world.there(fortnox, other)] == ["Chef"]


def test_confirm_that_it_is_the_same_person(world: World, fortnox: Integration) -> None:
    other = twin(world)
    position = world.save(other, title="Chef")
    world.drain(fortnox)
    confirmed = matches.confirm(link(fortnox, other), "anna")
    assert (confirmed.state, confirmed.confirmed_by) == (State.MATCHED, "anna")
    world.drain(fortnox)
    assert world.job(fortnox, position).state == Job.State.SUCCEEDED
    assert [e["JobTitle"] for e in world.there(fortnox)] == ["Chef"]
    other.email = "new@example.com"
    other.save()  # confirmed: another mark that is nowhere there makes nobody else of them
    world.drain(fortnox)
    assert link(fortnox, other).state == State.MATCHED and link(fortnox, other).confirmed


def test_what_is_matched_to_somebody_cannot_be_confirmed_for_another(world: World, fortnox: Integration) -> None:
    world.save()
    other = twin(world)
    position = world.save(other)
    world.drain(fortnox)
    with pytest.raises(matches.NotPossibleError, match="Release that match first"):
        matches.confirm(link(fortnox, other), "anna")
    matches.release(link(fortnox, world.employee), "anna")
    matches.confirm(link(fortnox, other), "anna")
    world.drain(fortnox)
    assert world.job(fortnox, position).cause == "nothing_to_change"  # the job there is the same


def test_numbers_that_differ_on_purpose(world: World, fortnox: Integration) -> None:
    fortnox.settings["numbers_differ"] = True
    fortnox.save()
    other = twin(world)
    position = world.save(other, title="Chef")
    world.drain(fortnox)
    assert world.job(fortnox, position).state == Job.State.SUCCEEDED
    assert link(fortnox, other).matched_by == "e-mail"


# -- one record, one employee ---------------------------------------------------------------------------------


def unnumbered(world: World, integration: Integration) -> str:
    """1042's account bears no number there."""
    users: dict[str, dict[str, Any]] = world.sandboxes[integration.pk].state["users"]
    [user] = [u for u in users.values() if u["employeeId"] == "1042"]
    user["employeeId"] = None
    user["mail"] = world.employee.email
    return str(user["id"])


@pytest.mark.parametrize("together", [True, False])
def test_two_employees_never_have_one_account(world: World, together: bool) -> None:
    """In one batch, and one after the other: Entra ID's two overwrote each other at every save."""
    entra = world.connect("entra_id")
    account = unnumbered(world, entra)
    first = world.save()
    if not together:
        world.drain(entra)
    second = world.save(twin(world), title="Chef")
    world.drain(entra)
    jobs = [world.job(entra, p) for p in (first, second)]
    assert sorted(job.state for job in jobs) == [Job.State.FAILED, Job.State.SUCCEEDED]
    [failed] = [job for job in jobs if job.state == Job.State.FAILED]
    assert failed.cause == "already_matched" and account in failed.message and "@" not in failed.message
    [won] = EmployeeLink.objects.filter(integration=entra, state=State.MATCHED)
    user = world.sandboxes[entra.pk].state["users"][account]
    assert user["jobTitle"] == {first.pk: "Baker", second.pk: "Chef"}[won_position(won, first, second)]
    # What helps: the other match is released, and this one goes out by itself.
    matches.release(won, "anna")
    world.drain(entra)
    failed.refresh_from_db()
    assert failed.state == Job.State.SUCCEEDED
    [left] = EmployeeLink.objects.filter(integration=entra).exclude(state=State.MATCHED)
    assert left.state == State.RELEASED and EmployeeLink.objects.filter(remote_id=account, state="matched").count() == 1


def won_position(won: EmployeeLink, first: Any, second: Any) -> int:
    return first.pk if won.employee_key == first.employee_id else second.pk


def test_a_record_is_claimed_before_it_is_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is killed between the first write and its result leaves no record that somebody else may have."""
    entra = world.connect("entra_id")
    unnumbered(world, entra)
    world.save()
    with monkeypatch.context() as killed:
        killed.setattr("synclog.engine.worker_turn.store_results", lambda *args: False)
        world.drain(entra)
    assert link(entra, world.employee).state == State.MATCHED
    second = world.save(twin(world), title="Chef")
    world.drain(entra)
    assert world.job(entra, second).cause == "already_matched"


def test_preview_says_so_and_claims_nothing(world: World) -> None:
    entra = world.connect("entra_id")
    unnumbered(world, entra)
    position, other = world.save(), world.save(twin(world))
    shown = find(entra, other.pk, 0)
    assert shown.outcome is not None and shown.outcome.state == "planned"
    assert not EmployeeLink.objects.exists()
    Job.objects.filter(position_key=other.pk).delete()
    world.drain(entra)
    assert world.job(entra, position).state == Job.State.SUCCEEDED
    shown = find(entra, other.pk, 0)
    assert shown.outcome is not None and shown.outcome.cause == "already_matched"


@pytest.mark.parametrize("contractor_first", [True, False])
def test_a_contractors_row_and_a_new_employment_have_one_account(world: World, contractor_first: bool) -> None:
    """One human, two employees here: whoever has the account keeps it until a person says otherwise."""
    entra = world.connect("entra_id")
    entra.settings |= {"send_hire_date": True, "send_leave_date": True}
    entra.save()
    contractor = twin(world, number="C7", first_name="Åse", email=world.employee.email)
    [user] = [u for u in world.sandboxes[entra.pk].state["users"].values() if u["employeeId"] == "1042"]
    user |= {"mail": world.employee.email, "employeeId": "C7" if contractor_first else "1042"}
    if contractor_first:
        past = world.save(contractor, title="Contractor")
        world.drain(entra)
        user["employeeId"] = "1042"  # IT gives the account the number of the new employment
    new = world.save(start_date=date(2026, 4, 1))
    world.drain(entra)
    if contractor_first:
        assert world.job(entra, new).cause == "already_matched"
        matches.release(link(entra, contractor), "anna")
        world.drain(entra)
    else:
        past = world.save(contractor, title="Contractor")
    assert world.job(entra, new).state == Job.State.SUCCEEDED
    before = dict(user)
    past.end_date, past.end_reason = date(2026, 3, 31), "contract_ended"
    past.save()
    world.drain(entra)
    assert world.job(entra, past).cause == ("match_released" if contractor_first else "not_current")
    tasks_again(entra, contractor)
    assert user == before and user["jobTitle"] == "Baker" and not user["employeeLeaveDateTime"]


def tasks_again(integration: Integration, employee: Employee) -> None:
    matches.try_again(integration.pk, [employee.pk])
    tasks.drain(integration.pk, TURN)


# -- a mark changes -------------------------------------------------------------------------------------------


def mistyped(world: World, integration: Integration) -> tuple[Employee, Any]:
    """Kari, who is 1043 in the target, was saved as 1042 and sent to a record that shows nothing against it."""
    record = world.sandboxes[integration.pk].state["employees"]["1042"]
    record["Email"] = record["PersonalIdentityNumber"] = ""
    world.employee.delete()
    Job.objects.all().delete()
    kari = world.hire(number="1042", first_name="Kari", last_name="Lie", email="kari@example.com")
    world.sandboxes[integration.pk].add_employee("1043", "Kari", "Lie", email="kari@example.com")
    position = world.save(kari, title="Chef")
    world.drain(integration)
    assert [e["JobTitle"] for e in world.there(integration, kari)] == ["Chef"]
    return kari, position


def test_a_corrected_number_moves_the_match_and_tells_what_was_written(world: World, fortnox: Integration) -> None:
    kari, position = mistyped(world, fortnox)
    kari.number = "1043"
    kari.save()  # nobody touches the position: what was sent is looked at by itself
    world.drain(fortnox)
    assert [e["JobTitle"] for e in world.there(fortnox, kari)] == ["Chef"]
    moved = link(fortnox, kari)
    assert (moved.state, moved.remote_id, moved.written_to) == (State.MATCHED, "1043", "1043")
    job = world.job(fortnox, position)
    assert job.state == Job.State.SUCCEEDED and job.warning
    assert "record 1042" in job.message and "1 position was written there" in job.message
    lines = [Trace.from_json(line) for line in world.attempt(fortnox, position).trace]
    written = [str(line.detail) for line in lines if str(line.title) == "Written to record 1042"]
    assert len(written) == 1 and "Chef from 1 Jan 2026" in written[0]
    assert [row.remote_id for row in PeriodLink.objects.filter(integration=fortnox)] == ["1043"]
    # Said once.
    matches.look_anew([moved])
    world.drain(fortnox)
    assert "1042" not in world.job(fortnox, position).message


def test_a_corrected_number_that_nobody_has_there_ends_the_match(world: World, fortnox: Integration) -> None:
    kari, position = mistyped(world, fortnox)
    before = world.there(fortnox, kari)
    kari.number, kari.email = "1044", "kari.lie@example.com"
    kari.save()
    world.drain(fortnox)
    job = world.job(fortnox, position)
    assert (job.state, job.cause) == (Job.State.FAILED, "employee_not_found")
    assert "Until now this employee was matched to record 1042" in job.message
    assert link(fortnox, kari).state == State.NOT_MATCHED
    kari.number = "1042"
    assert world.there(fortnox, kari) == before
    # The number is corrected there, and Re-sync finds the person: what was written to 1042 is forgotten, being told.
    employees = world.sandboxes[fortnox.pk].state["employees"]
    employees["1044"] = {**employees.pop("1043"), "EmployeeId": "1044"}
    tasks_again(fortnox, kari)
    assert world.job(fortnox, position).state == Job.State.SUCCEEDED
    assert link(fortnox, kari).remote_id == "1044"


def test_two_numbers_that_were_swapped_come_right_by_themselves(world: World, fortnox: Integration) -> None:
    kari = world.hire(number="1043", first_name="Kari", last_name="Lie", email="")
    for record in world.sandboxes[fortnox.pk].state["employees"].values():
        record["Email"] = ""
    world.sandboxes[fortnox.pk].add_employee("1043", "Sørlie", "Lie")
    world.save(title="Baker")
    world.save(kari, title="Chef")
    world.drain(fortnox)
    Employee.objects.filter(pk=kari.pk).update(number="x")
    world.employee.number = "1043"
    world.employee.save()
    kari.number = "1042"
    kari.save()
    for _ in range(3):
        world.drain(fortnox)
    assert not Job.objects.open().exists()
    assert {k.employee_key: k.remote_id for k in EmployeeLink.objects.all()} == {
        world.employee.pk: "1043",
        kari.pk: "1042",
    }
    assert [e["JobTitle"] for e in world.there(fortnox)] == ["Baker"]
    assert [e["JobTitle"] for e in world.there(fortnox, kari)] == ["Chef"]


def test_a_match_of_before_is_kept_and_from_now_on_a_change_is_seen(world: World, fortnox: Integration) -> None:
    position = world.save()
    world.drain(fortnox)
    EmployeeLink.objects.update(fingerprints={}, matched_by="e-mail")  # as it was before there were any
    position.title = "Cook"
    position.save()
    world.drain(fortnox)
    before = link(fortnox, world.employee)
    assert (before.state, before.remote_id, before.matched_by) == (State.MATCHED, "1042", "e-mail")
    assert before.fingerprints and world.employee.email not in str(before.fingerprints)
    world.employee.email = "new@example.com"
    world.employee.save()
    assert Job.objects.open().get().position_key == position.pk
    world.drain(fortnox)
    assert link(fortnox, world.employee).matched_by == "employee number"


def test_a_save_that_changes_no_mark_asks_for_nothing(world: World, fortnox: Integration) -> None:
    world.save()
    world.drain(fortnox)
    world.employee.email = world.employee.email.upper()
    world.employee.first_name = "Aase"
    world.employee.save()
    assert not Job.objects.open().exists()


def test_a_record_that_is_somebody_elses_by_now_is_no_longer_believed(world: World, fortnox: Integration) -> None:
    position = world.save()
    world.drain(fortnox)
    record = world.sandboxes[fortnox.pk].state["employees"]["1042"]
    record |= {"Email": "bo@example.com", "FirstName": "Bo", "LastName": "Berg"}
    position.title = "Cook"
    position.save()
    world.drain(fortnox)
    assert world.job(fortnox, position).cause == "not_the_same_person"
    assert [e["JobTitle"] for e in world.there(fortnox)] == ["Baker"]
    assert link(fortnox, world.employee).state == State.NOT_MATCHED


# -- released, stopped, gone ----------------------------------------------------------------------------------


def test_released_is_not_written_to_until_matched_anew(world: World, fortnox: Integration) -> None:
    position = world.save()
    world.drain(fortnox)
    matches.release(link(fortnox, world.employee), "anna")
    world.sandboxes[fortnox.pk].tenant.calls.clear()
    position.title = "Cook"
    position.save()
    world.drain(fortnox)
    assert world.job(fortnox, position).cause == "match_released"
    assert not world.sandboxes[fortnox.pk].tenant.calls
    matches.match_anew(link(fortnox, world.employee), "anna")
    world.drain(fortnox)
    assert world.job(fortnox, position).state == Job.State.SUCCEEDED
    assert [e["JobTitle"] for e in world.there(fortnox)] == ["Cook"]


def test_stopped_until_a_person_has_said_whose_it_is(world: World, fortnox: Integration) -> None:
    other = twin(world)
    positions = [world.save(), world.save(other, title="Chef")]
    for employee in (world.employee, other):
        EmployeeLink.objects.create(
            integration=fortnox, employee_key=employee.pk, remote_id="1042", state=State.STOPPED, cause="match_stopped"
        )
    world.drain(fortnox)
    assert [world.job(fortnox, p).cause for p in positions] == ["match_stopped"] * 2
    assert world.there(fortnox) == []
    matches.confirm(link(fortnox, world.employee), "anna")
    matches.match_anew(link(fortnox, other), "anna")
    world.introduce(fortnox, other)
    world.drain(fortnox)
    assert [world.job(fortnox, p).state for p in positions] == [Job.State.SUCCEEDED] * 2
    assert [e["JobTitle"] for e in world.there(fortnox)] == ["Baker"]


def test_released_while_it_was_being_sent_stays_released(world: World, fortnox: Integration) -> None:
    world.save()
    world.drain(fortnox)
    matches.release(link(fortnox, world.employee), "anna")
    person = Person(str(world.employee.pk), "1042", "Åse", "Sørlie")
    with pytest.raises(InterruptedRunError):
        DatabaseMatches(fortnox).claim(person, RemoteEmployee("1042"))
    assert link(fortnox, world.employee).state == State.RELEASED


def test_an_employee_who_is_made_anew_here_takes_over_the_record(world: World, fortnox: Integration) -> None:
    world.save()
    world.drain(fortnox)
    values = {
        name: getattr(world.employee, name) for name in ("number", "first_name", "last_name", "email", "birth_date")
    }
    world.employee.delete()
    again = world.hire(**values)
    position = world.save(again, title="Chef")
    for _ in range(3):
        world.drain(fortnox)
    assert world.job(fortnox, position).state == Job.State.SUCCEEDED
    assert link(fortnox, again).remote_id == "1042"


def test_one_question_for_all_who_ask_at_once(
    world: World, fortnox: Integration, django_assert_num_queries: Any
) -> None:
    here = [world.hire() for _ in range(40)]
    people = [(Person(str(e.pk), e.number, "A", "B"), RemoteEmployee(f"r{e.pk}")) for e in here]
    with django_assert_num_queries(4):  # with the transaction's own two
        assert DatabaseMatches(fortnox).claim_all(people) == [True] * 40
    doubles = [(replace(person, id=str(1_000_000 + int(person.id))), found) for person, found in people]
    with django_assert_num_queries(4):  # whether those who have the records are still here, and nothing to keep
        assert DatabaseMatches(fortnox).claim_all(doubles) == [False] * 40
    Employee.objects.filter(pk__in=[e.pk for e in here]).delete()
    assert DatabaseMatches(fortnox).claim_all(doubles) == [True] * 40
    assert EmployeeLink.objects.filter(state=State.MATCHED).count() == 40


def test_matches_in_memory_keep_the_same_rule() -> None:
    held = MemoryMatches()
    one, other = Person("1", "1", "A", "B"), Person("2", "2", "C", "D")
    assert held.claim(one, RemoteEmployee("r")) and held.claim(one, RemoteEmployee("r"))
    assert not held.claim(other, RemoteEmployee("r")) and not held.free(other, RemoteEmployee("r"))
    assert held.claim(one, RemoteEmployee("s")) and held.claim(other, RemoteEmployee("r"))
