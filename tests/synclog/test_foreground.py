"""`manage.py sync --job N`: one job in the foreground, as a worker's turn would run it, and what it prints."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from integrations.models import Integration
from integrations.sdk.masking import MASK
from integrations.sdk.settings import Kind
from positions.models import Position
from synclog.engine import actions
from synclog.engine.lease import Held
from synclog.log import exchanges, transcript
from synclog.models import Heartbeat, Job, Lease
from tests.said import kept
from tests.synclog.world import World

NATIONAL_ID = "14038512345"


def sync(job: Job, *options: str) -> str:
    out = StringIO()
    call_command("sync", "--job", str(job.pk), *options, stdout=out)
    return out.getvalue()


def open_job(world: World, integration: Integration, **values: Any) -> Job:
    return world.job(integration, world.save(**{"occupation_code": "25140", **values}))


def calls(world: World, integration: Integration) -> int:
    return len(world.sandboxes[integration.pk].tenant.calls)


# -- what it runs ------------------------------------------------------------------------------------------


def test_the_job_is_run_and_its_outcome_told(world: World) -> None:
    integration = world.connect("netvisor")
    job = open_job(world, integration)
    said = sync(job)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.SUCCEEDED, 1)
    assert len(world.there(integration)) == 1
    assert said.startswith("Succeeded: Created in Netvisor")
    assert "call" not in said and "http" not in said
    assert Lease.objects.get(pk=integration.pk).owner == ""


def test_the_employees_other_jobs_run_with_it_and_nobody_elses(world: World, monkeypatch: Any) -> None:
    integration = world.connect("netvisor")
    job = open_job(world, integration)
    over = {"start_date": date(2025, 1, 1), "end_date": date(2025, 12, 31), "end_reason": "resigned"}
    second = open_job(world, integration, title="Cook", **over)
    person = world.hire(number="1043")
    world.introduce(integration, person)
    other = world.job(integration, world.save(person, occupation_code="25140"))
    rung: list[int] = []
    monkeypatch.setattr("synclog.queue.tasks.wake", rung.extend)
    said = sync(job)
    assert f"With it ran job {second.pk}, Cook: Succeeded." in said
    for one in (job, second, other):
        one.refresh_from_db()
    assert job.state == second.state == Job.State.SUCCEEDED
    assert (other.state, other.attempts, other.epoch) == (Job.State.WAITING, 0, 0)
    assert world.there(integration, person) == []
    assert rung == [integration.pk], "a worker that was rung for meanwhile found the lease taken"


def test_a_job_that_is_not_due_is_run_once(world: World) -> None:
    integration = world.connect("netvisor")
    job = open_job(world, integration)
    Job.objects.update(state=Job.State.RETRYING, attempts=3, due_at=timezone.now() + timedelta(hours=6))
    world.fail(integration, status=503, times=1000)
    said = sync(job)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.tries.count()) == (Job.State.RETRYING, 4, 1)
    assert said.startswith("Retrying: Not sent to Netvisor yet") and "next try" in said


def test_no_sign_of_life_is_given_in_the_name_of_a_worker(world: World) -> None:
    sync(open_job(world, world.connect("netvisor")))
    assert not Heartbeat.objects.exists()


# -- what it prints ------------------------------------------------------------------------------------------


def test_the_trace_tells_each_step_call_and_decision_in_the_order_of_time(world: World) -> None:
    integration = world.connect("netvisor")
    said = sync(open_job(world, integration), "--trace")
    changed, matched, read, accepted = (
        said.index(words) for words in ("Changed here", "Employee matched", "Read there", "Create accepted")
    )
    posted = said.index("POST http")
    field = said.index("Field   Start date (startdate): (empty) -> 2026-01-01")
    assert changed < matched < read < posted < accepted < field < said.index("Succeeded: ")
    assert said.count("  call    ") == len(world.attempt(integration, Position.objects.get()).exchanges)
    assert said.index("  call    GET") < matched, "by which the employee was found"


def test_a_refused_job_says_why_and_what_to_do(world: World) -> None:
    integration = world.connect("netvisor")
    world.save()
    world.drain(integration)
    job = open_job(world, integration, title="Cook", start_date=date(2026, 6, 1))
    said = sync(job, "--trace")
    job.refresh_from_db()
    assert (job.state, job.cause) == (Job.State.FAILED, "overlap_in_target")
    assert "FAILED  " in said
    assert "Needs action: Not sent to Netvisor" in said and job.message in said and "overlap_in_target" in said
    assert sync(job, "--trace").count("Needs action: ") == 1, "one that needs somebody may be followed again"


def test_a_job_that_waits_for_its_day_says_so(world: World) -> None:
    integration = world.connect("poweroffice_go")
    job = open_job(world, integration, start_date=timezone.now().date() + timedelta(days=30))
    said = sync(job, "--trace")
    assert said.startswith("No attempt was kept") and "Waits for its day" in said


@pytest.mark.parametrize("key", ["netvisor", "fortnox", "entra_id"])
@pytest.mark.parametrize("fails", [False, True])
def test_no_secret_and_no_national_id_is_printed(world: World, key: str, fails: bool) -> None:
    """Neither of what was sent nor where the system repeats it."""
    world.employee.national_id = NATIONAL_ID
    world.employee.save()
    integration = world.connect(key)
    job = open_job(world, integration)
    if fails:
        world.fail(integration, status=400, body=f"no {' '.join(secrets(integration))}", times=1000)
    said = sync(job, "--trace")
    integration.refresh_from_db()
    found = secrets(integration)
    assert "  call    " in said and len(found) > 1
    assert [secret for secret in found if secret in said] == []


def secrets(integration: Integration) -> list[str]:
    kinds = {s.name: s.kind for s in integration.system.credentials}
    given = [v for n, v in integration.credentials.items() if kinds[n] in (Kind.SECRET, Kind.LONG_SECRET)]
    return [NATIONAL_ID, *filter(None, given), *_tokens(integration.vault)]


def _tokens(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [token for inner in value.values() for token in _tokens(inner)]
    return [value] if isinstance(value, str) and len(value) >= 12 else []


def test_a_secret_that_was_kept_in_clear_is_masked_all_the_same(world: World) -> None:
    """As on the job's page: the second lock, for rows of before."""
    integration = world.connect("netvisor")
    world.employee.national_id = NATIONAL_ID
    world.employee.save()
    job = open_job(world, integration)
    sync(job)
    attempt, secret = job.tries.get(), secrets(integration)[1]
    assert len(secret) > 8 and secret != NATIONAL_ID
    everything = f"{secret} {NATIONAL_ID}"
    attempt.changes[0]["new"] = attempt.exchanges[0]["response_body"] = everything
    attempt.exchanges[0]["request_headers"]["X-Sent"] = everything
    attempt.trace[0]["detail"] = attempt.unsent["company"] = kept(everything)[0]
    attempt.warnings = [{"field": "", "said": kept(everything)[0]}]
    job = Job.objects.select_related("integration__organization").get(pk=job.pk)
    job.said, job.vendor_text, job.vendor_code = kept(everything), everything, everything
    masker = exchanges.masker_of(job.integration, NATIONAL_ID)
    said = "\n".join([*transcript.trace(job, attempt, masker), *transcript.outcome(job, masker)])
    assert secret not in said and NATIONAL_ID not in said
    assert said.count(MASK) >= 9


def test_a_system_gives_the_terminal_no_orders(world: World) -> None:
    integration = world.connect("netvisor")
    world.fail(integration, status=400, body="\x1b]0;owned\x07 \x9b2J", times=1000)
    said = sync(open_job(world, integration), "--trace")
    assert "owned" in said
    assert not {c for c in said if (c != "\n" and ord(c) < 32) or 127 <= ord(c) < 160}


# -- what keeps it from running --------------------------------------------------------------------------------


def refused(world: World, integration: Integration, job: Job) -> str:
    before, asked = Job.objects.values().get(pk=job.pk), calls(world, integration)
    with pytest.raises(CommandError) as told:
        sync(job, "--trace")
    assert Job.objects.values().get(pk=job.pk) == before
    assert calls(world, integration) == asked
    return str(told.value)


def test_a_number_that_is_no_jobs(world: World) -> None:
    with pytest.raises(CommandError, match="There is no job 77"):
        call_command("sync", "--job", "77")


def test_a_closed_job_names_the_open_one(world: World) -> None:
    integration = world.connect("netvisor")
    job = open_job(world, integration)
    sync(job)
    assert "is closed (succeeded). To send the position again, press Re-sync" in refused(world, integration, job)
    position = Position.objects.get()
    position.title = "Cook"
    position.save()
    newer = world.job(integration, position)
    assert newer.pk != job.pk
    assert f"Open for this position is job {newer.pk}." in refused(world, integration, job)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"paused_at": timezone.now(), "paused_by": "anna"}, "was paused by anna"),
        (
            {"stopped_at": timezone.now(), "stopped_said": kept("Key refused.")},
            "is stopped: Key refused.",
        ),
        ({"send_positions": False}, "Send positions is switched off"),
        (
            {"retry_at": timezone.now() + timedelta(hours=1), "retry_said": kept("It asks to wait.")},
            "It asks to wait. The connection waits: it is tried again",
        ),
    ],
)
def test_a_connection_that_sends_nothing_now(world: World, values: dict[str, Any], words: str) -> None:
    integration = world.connect("netvisor")
    job = open_job(world, integration)
    Integration.objects.filter(pk=integration.pk).update(**values)
    assert words in refused(world, integration, job)


def test_another_worker_that_holds_the_lease(world: World) -> None:
    integration = world.connect("netvisor")
    job = open_job(world, integration)
    held = Held.acquire(integration.pk)
    assert held is not None
    lease = Lease.objects.get(pk=integration.pk)
    said = refused(world, integration, job)
    assert "Another worker" in said and f"process {lease.pid} on {lease.host}" in said
    held.release()
    assert sync(job).startswith("Succeeded")


def test_a_connection_that_is_paused_meanwhile_is_not_written_to(world: World, monkeypatch: Any) -> None:
    """The guard of a turn holds here too."""
    integration = world.connect("netvisor")
    job = open_job(world, integration)
    acquire = Held.acquire

    def paused_just_then(pk: int) -> Held | None:
        held = acquire(pk)
        actions.pause(integration, "anna")
        return held

    monkeypatch.setattr("synclog.queue.foreground.Held.acquire", paused_just_then)
    said = sync(job)
    assert "was paused by anna" in said
    assert world.there(integration) == []
