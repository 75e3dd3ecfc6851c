"""Erasure and export of one person: canaries of her everywhere that the product writes to, by its own ways; then every
table, every file and every queued message is searched. The others' data is as it was."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from array import array
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ, Task

from integrations.models import EmployeeLink, ExportFile, ExportRecord, Integration, PeriodLink
from positions.bulk import save_positions
from positions.importing import work
from positions.models import AuditEntry, Employee, IdempotencyKey, Import, ImportPiece, Organization, Position
from positions.privacy import personal_data, sqlite_wipe
from positions.privacy.redaction import MASK, Marks, masked
from synclog.engine.lease import Held
from synclog.engine.worker_turn import Turn
from synclog.log import batches
from synclog.models import Attempt, Batch, BatchError, DriftCheck, DriftRow, Event, Job, Lease, Question
from synclog.questions import asking, previews_of_many, walks
from synclog.queue import tasks
from tests.factories import ApiKeyFactory, EmployeeFactory, OrganizationFactory, PositionFactory
from tests.positions.files import sent
from tests.security.conftest import browser_of
from tests.security.test_canaries import contents, pages, queued
from tests.synclog.world import World, new_world

ROOT = Path(__file__).resolve().parents[2]

NUMBER = "QX7741"
NATIONAL_ID = "194304121234"
ESCAPED = json.dumps("Qvørtrup")[1:-1]  # as SQLite keeps JSON
CANARIES = [
    NUMBER,
    NATIONAL_ID,
    NATIONAL_ID[2:],
    "Xanthippe",
    "Qvørtrup",
    ESCAPED,
    "xq@example.com",
    "Zymurgist",
    "Secret-note",
    "ext-xq-1",
    "ext-xq-2",
    "1943-04-12",
]


@pytest.fixture
def world(db: Any, sandbox_server: Any, settings: Any, tmp_path: Path) -> World:
    settings.ALLOW_PRIVATE_TARGETS = True
    settings.EXPORT_ROOT = str(tmp_path)
    return new_world(sandbox_server)


def xanthippe(organization: Organization, **values: Any) -> Employee:
    return EmployeeFactory(
        **{
            "organization": organization,
            "number": NUMBER,
            "first_name": "Xanthippe",
            "last_name": "Qvørtrup",
            "email": "xq@example.com",
            "national_id": NATIONAL_ID,
            "birth_date": date(1943, 4, 12),
            "external_id": "ext-xq-1",
            **values,
        }
    )


def everything() -> str:
    """Every table with what is encrypted in clear, the database's own pages, and every file of the folders."""
    rows = []
    for model in apps.get_models(include_auto_created=True):
        encrypted = [f.attname for f in model._meta.concrete_fields if "Encrypted" in type(f).__name__]
        rows += [str(row) for row in model._base_manager.values(*encrypted)] if encrypted else []
    return "\n".join([*contents(), pages_anew(), *rows, queued(), *(str(t.result) for t in Task.objects.all())])


def pages_anew() -> str:
    """As an erasure leaves the file (`positions.privacy.sqlite_wipe`), which it cannot do in a test's transaction."""
    if connection.vendor != "sqlite":
        return ""
    copy = sqlite3.connect(":memory:", isolation_level=None)
    copy.deserialize(pages())
    copy.execute("VACUUM")
    return copy.serialize().decode("utf-8", "replace")


def files_below(folder: Path) -> str:
    return "\n".join(f.read_bytes().decode("latin-1") for f in sorted(folder.rglob("*")) if f.is_file())


def left(text: str) -> dict[str, str]:
    found = {}
    for canary in CANARIES:
        at = text.casefold().find(canary.casefold())
        if at >= 0:
            found[canary] = text[max(0, at - 100) : at + 100]
    return found


def erase(organization: Organization, number: str = NUMBER) -> dict[str, int]:
    return personal_data.erase(personal_data.find(organization, number), "kari", "admin").rows


def spoken_of_models() -> set[type[models.Model]]:
    return {one.model for one in personal_data.holdings()} | {one.model for one in personal_data.namings()}


def snapshot(model: type[models.Model], **wanted: Any) -> list[dict[str, Any]]:
    return list(model._base_manager.filter(**wanted).order_by("pk").values())


@pytest.mark.django_db
def test_a_file_that_is_being_imported_is_thrown_away_where_she_stands_in_it() -> None:
    organization = OrganizationFactory()
    her, other = xanthippe(organization, number="7741"), EmployeeFactory(organization=organization)
    headings = ["Employee number", "Title", "Contract start date"]
    kept = sent(organization, "positions", [headings, [other.number, "Baker", "1.1.2026"]])
    sent(organization, "positions", [headings, [other.number, "Baker", "1.1.2026"], [her.number, "X", "1.1.2026"]])
    sent(organization, "employees", [["External id", "First name"], ["x", "Xanthippe Qvørtrup"]])
    work.begin(organization, kept.user, "employees", b"nobody has read it yet")
    erase(organization, her.number)
    assert list(Import.objects.values_list("pk", flat=True)) == [kept.pk]
    assert set(ImportPiece.objects.values_list("part_of", flat=True)) == {kept.pk}


# -- the whole


def plant(world: World) -> tuple[Employee, dict[str, Integration]]:
    """Her in every place where the product itself would put her; "Åse Sørlie" is everywhere beside her."""
    organization = world.organization
    admin, api_key = browser_of(organization, "admin"), ApiKeyFactory(organization=organization)

    def post(path: str, body: Any) -> None:
        headers = {"Authorization": f"Bearer {api_key.key}", "Idempotency-Key": path}
        made = Client(headers=headers).post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")
        assert made.status_code < 300, made.content

    connections = {
        key: world.connect(key, delete_positions=True) for key in ("tripletex", "fortnox", "entra_id", "crona_lon")
    }
    crona = connections["crona_lon"]
    crona.settings |= {"folder": "crona", "send_national_id": True}
    crona.save()
    her = xanthippe(organization, company=world.employee.company)
    for integration in connections.values():
        world.introduce(integration, her)
    world.employee.manager = her
    world.employee.save()
    common: dict[str, Any] = {
        "occupation_code": "7412101",
        "working_hours_scheme": "not_shift",
        "remuneration_type": "monthly",
    }

    # through the API, with an answer that is kept, which also speaks of somebody else
    period = {"employee": her.pk, "title": "Zymurgist", "start_date": "2020-01-01", "end_date": "2020-06-30"}
    post("positions/", {**period, "note": "Secret-note"})
    later = {**period, "start_date": "2020-07-01", "end_date": "2020-12-31", "external_id": "ext-xq-2"}
    baker = {"employee": world.employee.pk, "title": "Baker", "start_date": "2019-01-01", "external_id": "ext-ås"}
    post("positions/bulk/", {"positions": [later, baker]})
    # through the pages, so that Django's own history has it; one is deleted again
    form = {"employee": her.pk, "start_date": "2021-01-01", "contract_type": "permanent", "percentage": "80"}
    for title in ("Zymurgist two", "Zymurgist gone"):
        admin.post(reverse("admin:positions_position_add"), {**form, **common, "title": title, "note": "Secret-note"})
    gone = Position.objects.get(title="Zymurgist gone")
    admin.post(reverse("admin:positions_position_delete", args=[gone.pk]), {"post": "yes"})
    admin.post(
        reverse("admin:positions_employee_change", args=[her.pk]),
        {"number": NUMBER, "first_name": "Xanthippe", "last_name": "Qvørtrup", "email": "xq@example.com",
         "birth_date": "1943-04-12", "external_id": "ext-xq-1", "company": her.company_id},
    )  # fmt: skip
    save_positions([PositionFactory.build(employee=her, title="Zymurgist bulk", start_date=date(2022, 1, 1), **common)])
    # sent, refused with her name in the refusal of somebody else, and filed
    world.save(percentage=Decimal(70), start_date=date(2023, 1, 1), **common)
    for integration in connections.values():
        world.drain(integration)
    tasks.drain(crona.pk)  # the file is frozen and dropped
    other = Position.objects.filter(employee=world.employee).order_by("pk").last()
    assert other is not None
    other.percentage = Decimal(60)
    other.save()
    her_own = Position.objects.filter(employee=her).order_by("pk").last()
    assert her_own is not None
    her_own.percentage = Decimal(50)
    her_own.save()
    people = [
        {"employeeNumber": "1042", "firstName": "Åse", "lastName": "Sørlie"},
        {"employeeNumber": NUMBER, "firstName": "Xanthippe", "lastName": "Qvørtrup", "born": "1943-04-12"},
    ]
    refusal = {"message": "Clashes with Xanthippe Qvørtrup, xq@example.com.", "people": people}
    world.fail(connections["tripletex"], status=422, times=5, body=json.dumps(refusal))
    world.drain(connections["tripletex"])
    world.drain(crona)
    # in a file that is being imported
    headings = ["Employee number", "Title", "Contract start date"]
    sent(organization, "positions", [headings, [NUMBER, "Zymurgist", "soon"]])
    Task.objects.create(
        id="f" * 32, name="look", func="synclog.queue.tasks.look", started=timezone.now(), stopped=timezone.now(),
        success=False, result="KeyError: Xanthippe Qvørtrup",
    )  # fmt: skip
    return her, connections


@pytest.mark.django_db
def test_nothing_is_left_of_her_and_the_others_are_untouched(
    world: World, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    her, connections = plant(world)
    organization, crona = world.organization, connections["crona_lon"]
    planted = left(everything() + files_below(tmp_path))
    assert {*planted, ESCAPED} == set(CANARIES), set(CANARIES) - set(planted)
    file = ExportFile.objects.filter(integration=crona).exclude(kept="").earliest("pk")
    assert file.dropped_at and len(fromstring(file.content).findall("personal/person")) == 2
    dropped = tmp_path / str(organization.pk) / "crona" / file.file_name
    inode = dropped.stat().st_ino
    told = Attempt.objects.filter(job__employee_key=world.employee.pk, vendor_text__contains="Xanthippe")
    assert told.exists(), "somebody else's refusal names her"
    beside = {
        Employee: {"pk": world.employee.pk},
        Position: {"employee": world.employee.pk},
        Job: {"employee_key": world.employee.pk},
        Attempt: {"job__employee_key": world.employee.pk},
        EmployeeLink: {"employee_key": world.employee.pk},
        PeriodLink: {"employee_key": world.employee.pk},
        ExportRecord: {"employee_key": world.employee.pk},
        AuditEntry: {"employee_key": world.employee.pk},
        Integration: {},
        Event: {},
    }
    before = {model: snapshot(model, **wanted) for model, wanted in beside.items()}
    there = {pk: world.there(i, her) for pk, i in connections.items() if pk != "crona_lon"}
    assert all(there.values())
    queue = OrmQ.objects.count()

    with django_capture_on_commit_callbacks(execute=True):
        found = erase(organization)

    remaining = left(everything())
    assert not remaining, remaining
    assert left(files_below(tmp_path)) == {}
    assert {"Employee": 1, "Positions": 4}.items() <= found.items() and found["Error log"] >= 9

    # the others, but for her name and for having a manager
    for model, rows in before.items():
        for old, new in zip(rows, snapshot(model, **beside[model]), strict=True):
            for name, value in old.items():
                if not left(str(value)) and name != "manager_id":
                    assert new[name] == value, (model, name)
    body = str([row["exchanges"] for row in snapshot(Attempt, job__employee_key=world.employee.pk)])
    assert "1042" in body and MASK in body and "Sørlie" not in body

    # nothing is sent, then or later
    assert OrmQ.objects.count() == queue
    tasks.sweep()
    for integration in connections.values():
        world.drain(integration)
    assert not Job.objects.filter(employee_key=her.pk).exists()
    assert {pk: world.there(connections[pk], her) for pk in there} == there

    [entry] = AuditEntry.objects.filter(action="erased")
    assert (entry.actor, entry.via, entry.object_key, entry.employee_key, entry.changes) == (
        "kari",
        "admin",
        None,
        None,
        {},
    )
    # whoever did something to her did it then; what it was is gone
    assert AuditEntry.objects.filter(object_name="(erased)").count() >= 5

    # the file is the same for everybody else, where it lies
    file.refresh_from_db()
    assert [p.get("anstid") for p in fromstring(file.content).findall("personal/person")] == ["1042"]
    assert dropped.read_bytes() == file.content and dropped.stat().st_ino == inode
    answered: Any = IdempotencyKey.objects.latest("pk").body
    bulk = answered["results"]
    assert bulk[0]["external_id"] == MASK and bulk[1]["external_id"] == "ext-ås"


def test_every_model_is_spoken_of() -> None:
    """A new model either says what it holds of a person, or is named here, with the reason."""
    nothing = {
        # of organizations, users and the installation
        "Organization", "Member", "Company", "Department", "ApiKey", "IntegrationCompany", "SharedRate", "Lease",
        "SharedPlace", "Resync", "Batch", "ChangeFeed",
        "Heartbeat", "User", "User_groups", "User_user_permissions", "Group", "Group_permissions", "Permission",
        "ContentType", "SecondFactor", "SelfMadeUser", "LanguageChoice", "FederatedIdentity", "GroupRole",
        "AddressChange", "Session", "AccessAttempt", "AccessAttemptExpiration", "AccessFailureLog", "AccessLog",
        # what a system calls its occupation codes
        "OccupationRegister", "Occupation",
        # of a form that was sent: whose, its token, what it made, and a keyed digest
        "SentForm",
        # the queue's messages hold numbers of integrations only; Success and Failure are views of Task
        "OrmQ", "Schedule", "Success", "Failure",
        # its records speak for it
        "ExportFile",
        # what is told holds ids, states, causes and times (tests/synclog/test_webhooks.py)
        "Webhook", "WebhookDelivery",
        # what members are told holds causes and numbers (tests/synclog/test_telling.py)
        "MailChoice", "Notice", "Mail",
        # when a connection is compared
        "DriftSchedule",
    }  # fmt: skip
    spoken_of = {model.__name__ for model in spoken_of_models()}
    every = {model.__name__ for model in apps.get_models(include_auto_created=True)}
    assert every - nothing == spoken_of
    assert not nothing & spoken_of


def test_whatever_refers_to_an_employee_is_spoken_of() -> None:
    """By a foreign key, directly or through another model, or by a key without a constraint."""
    reached: set[Any] = {Employee}
    while True:
        more = {
            model
            for model in apps.get_models(include_auto_created=True)
            if model not in reached
            for f in model._meta.concrete_fields
            if (f.remote_field and f.remote_field.model in reached) or f.name in ("employee_key", "position_key")
        }
        if not more:
            break
        reached |= more
    assert {Position, Job, Attempt, ExportRecord, AuditEntry} <= reached
    assert reached <= spoken_of_models()


# -- while it is sent


@pytest.mark.django_db
def test_not_while_she_is_being_sent(world: World) -> None:
    integration = world.connect("tripletex")
    position = world.save(world.hire(number=NUMBER), occupation_code="7412101")
    held = Held.acquire(integration.pk)
    assert held is not None
    turn = Turn(integration, held)
    turn._claim()
    Job.objects.update(state=Job.State.WAITING)  # a save during the call
    with pytest.raises(personal_data.NotNow, match="try again in a minute"):
        erase(world.organization)
    assert Position.objects.filter(pk=position.pk).exists()
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    erase(world.organization)
    # what that worker brings back afterwards is dropped, and what it brings of others is kept
    Lease.objects.update(until=timezone.now() + timedelta(seconds=10))
    other = world.save(occupation_code="7412101", working_hours_scheme="not_shift", remuneration_type="monthly")
    turn.run()
    assert world.job(integration, other).state == Job.State.SUCCEEDED
    for model in (Job, EmployeeLink, PeriodLink):
        assert {row.employee_key for row in model.objects.all()} == {world.employee.pk}
    assert not turn._done and turn.integration == integration


@pytest.mark.django_db
def test_not_while_somebody_is_being_sent_whose_manager_she_is(world: World) -> None:
    integration = world.connect("entra_id")
    her = world.hire(number=NUMBER)
    Employee.objects.filter(pk=world.employee.pk).update(manager=her)
    world.save()
    held = Held.acquire(integration.pk)
    assert held is not None
    Turn(integration, held)._claim()
    with pytest.raises(personal_data.NotNow, match="whose manager they are"):
        erase(world.organization)
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    erase(world.organization)


@pytest.mark.django_db
@pytest.mark.parametrize("deleted", [False, True], ids=["here", "deleted before"])
def test_what_a_check_read_before_is_not_stored_after(world: World, monkeypatch: Any, deleted: bool) -> None:
    """It looks at her, she is erased, then it stores what it found."""
    integration = world.connect("tripletex")
    her = xanthippe(world.organization, company=world.employee.company)
    world.introduce(integration, her)
    sent = {"occupation_code": "7412101", "working_hours_scheme": "not_shift", "remuneration_type": "monthly"}
    position = world.save(her, title="Zymurgist", **sent)
    world.drain(integration)
    Position.objects.filter(pk=position.pk).update(percentage=33)
    if deleted:
        her.delete()  # by HR; the record there stays, and is a difference until she is erased
    seen = _erased_before(monkeypatch, walks, "_stored", world)
    question = Question.objects.get(drift_check=asking.compare_everything(integration, "anna"))
    asking.answer(question.pk)
    assert seen and DriftCheck.objects.exclude(done_at=None).exists()
    assert not DriftRow.objects.filter(employee_key=position.employee_id).exists()
    assert not left(everything())


@pytest.mark.django_db
def test_what_a_preview_found_before_is_not_stored_after(world: World, monkeypatch: Any) -> None:
    integration = world.connect("tripletex")
    her = xanthippe(world.organization, company=world.employee.company)
    position = world.save(her, title="Zymurgist")  # it lacks what is required
    wanted = batches.Wanted(Batch.Action.PREVIEW, "anna", "api", world.organization.pk, integration, "", ())
    asked = batches.begin(array("q", [position.pk]), wanted)
    seen = _erased_before(monkeypatch, previews_of_many, "_store", world)
    previews_of_many.carry_on(asked.pk, integration)
    assert seen and Batch.objects.exclude(done_at=None).exists()
    assert not BatchError.objects.exists()
    assert not left(everything())


def _erased_before(monkeypatch: Any, module: Any, name: str, world: World) -> list[None]:
    """Of this function of the module: it finds her gone. The list fills when that has been so."""
    real, seen = getattr(module, name), list[None]()

    def late(*given: Any) -> Any:
        if not seen:
            erase(world.organization)
        seen.append(None)
        return real(*given)

    monkeypatch.setattr(module, name, late)
    return seen


# -- who is meant


@pytest.mark.django_db
def test_somebody_who_was_deleted_before_leaves_nothing_either(world: World) -> None:
    integration = world.connect("tripletex", delete_positions=True)
    her = xanthippe(world.organization, company=world.employee.company)
    world.introduce(integration, her)
    complete = {"occupation_code": "7412101", "working_hours_scheme": "not_shift", "remuneration_type": "monthly"}
    world.save(her, title="Zymurgist", **complete)
    world.drain(integration)
    her.delete()
    world.drain(integration)
    assert left(everything())
    found = erase(world.organization)
    assert found["Error log"] == 2 and "Employee" not in found
    remaining = left(everything())
    assert not remaining, remaining
    with pytest.raises(personal_data.NotHeld, match="nothing is left"):
        personal_data.find(world.organization, NUMBER)


@pytest.mark.django_db
def test_a_namesake_and_whoever_had_the_number_before_stay(world: World) -> None:
    integration = world.connect("tripletex")
    before = xanthippe(world.organization, first_name="Other", last_name="Person", external_id="", national_id="")
    world.save(before, title="Former")
    before.delete()
    elsewhere = OrganizationFactory()
    theirs = xanthippe(elsewhere)
    PositionFactory(employee=theirs, title="Zymurgist elsewhere")
    her = xanthippe(world.organization)
    world.save(her)
    assert personal_data.find(world.organization, NUMBER).keys == (her.pk,)
    rows = snapshot(Employee, pk=theirs.pk), snapshot(AuditEntry, organization=elsewhere)
    erase(world.organization)
    assert (snapshot(Employee, pk=theirs.pk), snapshot(AuditEntry, organization=elsewhere)) == rows
    assert Job.objects.filter(integration=integration, employee_name="Other Person").count() == 1
    assert personal_data.find(world.organization, NUMBER).keys == (before.pk or Job.objects.get().employee_key,)


# -- how much it takes


@pytest.mark.django_db
def test_a_thousand_positions_take_as_many_queries_as_a_few(world: World) -> None:
    integration = world.connect("tripletex")
    queries, texts = {}, {}
    ContentType.objects.get_for_models(*apps.get_models())  # kept from its first use on
    for number, count in (("few", 3), ("many", 1000)):
        her = world.hire(number=number)
        start = date(1900, 1, 1)
        save_positions(
            PositionFactory.build(employee=her, start_date=start + timedelta(days=i), title="T") for i in range(count)
        )
        jobs = Job.objects.filter(employee_key=her.pk)
        now = timezone.now()
        Attempt.objects.bulk_create(
            Attempt(job=job, number=1, started_at=now, finished_at=now, exchanges=[{"x": "y" * 100}]) for job in jobs
        )
        subject = personal_data.find(world.organization, number)
        with CaptureQueriesContext(connection) as captured:
            found = personal_data.erase(subject, "kari", "admin").rows
        assert found["Positions"] == found["Error log"] == found["Attempts"] == count
        queries[number] = len(captured)
        texts[number] = sum(
            q["sql"].startswith("SELECT") and "exchanges" in q["sql"].split("FROM")[0] for q in captured
        )
    assert queries["many"] == queries["few"] and not any(texts.values()), queries
    assert not Job.objects.filter(integration=integration).exists()


@pytest.mark.django_db
def test_an_error_on_the_way_leaves_everything(world: World, monkeypatch: Any) -> None:
    world.connect("tripletex")
    her = xanthippe(world.organization)
    world.save(her)
    before = {model: snapshot(model) for model in (Employee, Position, Job, AuditEntry)}
    monkeypatch.setattr("positions.privacy.personal_data._entry", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        erase(world.organization)
    assert {model: snapshot(model) for model in before} == before


# -- the masks


def marks_of(number: str = NUMBER) -> Marks:
    name = ("Xanthippe", "Qvørtrup")
    return Marks.of({" ".join(name)}, first_and_last=name, others=["xq@example.com", NATIONAL_ID], number=number)


HER_XML = "<person id='3'><name>Qvørtrup</name><first>Xanthippe</first><town>Bergen</town></person>"


@pytest.mark.parametrize(
    ("before", "gone", "kept"),
    [
        ("Clash with Qvørtrup, Xanthippe in row 7.", ["Qvørtrup"], ["Clash", "row 7"]),
        (json.dumps({"a": [{"mail": "xq@example.com", "city": "Bergen"}, {"city": "Oslo"}]}), ["Bergen"], ["Oslo"]),
        (json.dumps({"first": "Xanthippe", "last": "Qvørtrup", "town": "Bergen"}), ["Bergen"], ["town"]),
        # who is managed by her is somebody else
        (json.dumps({"name": "Åse", "managerEmail": "XQ@example.com"}), ["xq@example"], ["Åse"]),
        (json.dumps({"name": "Åse", "manager": {"name": "Xanthippe Qvørtrup", "town": "Bergen"}}), ["Bergen"], ["Åse"]),
        (json.dumps({"name": "Åse", "manager": NUMBER}), [NUMBER], ["Åse"]),
        (f"<all>{HER_XML}<person><name>Åse</name></person></all>", ["Bergen", "Xanthippe", "'3'"], ["Åse"]),
        # cut off, so that it cannot be read
        ('[{"first": "Xanthippe", "last": "Qv\\u00f8rtrup"}, {"first": "Åse", "xq@example.com', ["xq@"], ["Åse"]),
        ('[{"first": "Xanthippe", "last": "Qvørtrup"}, {"first": "Åse", "l', ["Xanthippe", "Qvørtrup"], ["Åse"]),
        ("q=Xanthippe%20Qv%C3%B8rtrup&x=1", ["Xanthippe"], ["x=1"]),
        ("q=Xanthippe+Qv%C3%B8rtrup&x=1", ["Xanthippe"], ["x=1"]),
    ],
)
def test_only_her_part_is_masked(before: str, gone: list[str], kept: list[str]) -> None:
    after = masked(before, marks_of())
    assert MASK in after
    assert not [text for text in gone if text.casefold() in after.casefold()], after
    assert not [text for text in kept if text not in after], after


@pytest.mark.parametrize(
    "text",
    ["Xanthippea Qvørtrupsen", "total 12", json.dumps({"first": "Xanthippe", "last": "Berg"}), "<a>Berg</a>", ""],
)
def test_others_are_not_masked(text: str) -> None:
    assert masked(text, marks_of()) == text


def test_a_short_number_is_masked_only_in_a_call_that_names_her() -> None:
    call = {"method": "GET", "url": "/users?no=104", "request_headers": {"a": "104"}, "request_body": "", "at": 1.5}
    marks = marks_of("104")
    assert masked([call], marks) == [call]
    named = {**call, "response_body": "Xanthippe Qvørtrup"}
    assert masked([named], marks)[0] == {**named, "url": f"/users?no={MASK}", "response_body": MASK}


# -- the commands


def test_it_asks_for_the_number_and_says_what_it_does(world: World, monkeypatch: Any, capsys: Any) -> None:
    world.connect("tripletex")
    her = xanthippe(world.organization)
    world.save(her)
    call_command("erase_employee", world.organization.name, NUMBER, dry_run=True)
    said = capsys.readouterr().out
    assert "Positions: 1" in said and "Nothing is sent to payroll" in said and "--dry-run" in said
    monkeypatch.setattr("builtins.input", lambda text: "QX774")
    with pytest.raises(CommandError, match="Nothing was erased"):
        call_command("erase_employee", str(world.organization.pk), NUMBER)
    assert Employee.objects.filter(pk=her.pk).exists()
    monkeypatch.setattr("builtins.input", lambda text: NUMBER)
    call_command("erase_employee", str(world.organization.pk), NUMBER)
    assert not Employee.objects.filter(pk=her.pk).exists()
    entry = AuditEntry.objects.get(action="erased")
    assert entry.actor.endswith("(command line)") and entry.via == "system"
    with pytest.raises(CommandError, match="nothing is left"):
        call_command("erase_employee", str(world.organization.pk), NUMBER, yes=True)
    with pytest.raises(CommandError, match="no organization 4711"):
        call_command("erase_employee", "4711", NUMBER, yes=True)


def test_the_export_has_everything_and_nobody_else(world: World, tmp_path: Path, capsys: Any) -> None:
    plant(world)
    file = tmp_path / "her.json"
    call_command("export_employee", world.organization.name, NUMBER, output=str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    found = json.loads(file.read_text())
    assert found["about"]["employee number"] == NUMBER
    [employee] = found["Employee"]
    assert employee["national_id"] == NATIONAL_ID and employee["birth_date"] == "1943-04-12"
    assert {row["title"] for row in found["Positions"]} == {"Zymurgist", "Zymurgist two", "Zymurgist bulk"}
    assert {row["note"] for row in found["Positions"]} == {"Secret-note", ""}
    assert len(found["Error log"]) == Job.objects.filter(employee_number=NUMBER).count()
    for heading in (
        "Attempts",
        "Terms by day",
        "Known in other systems",
        "Sent to other systems",
        "Audit trail",
        "History of pages",
    ):
        assert found[heading], heading
    assert any(row["record"]["persnr"] == NATIONAL_ID for row in found["Records in files"])
    # calls as they are stored: masked
    calls = str([row["exchanges"] for row in found["Attempts"]])
    assert "•••" in calls and NATIONAL_ID not in calls
    assert "Sørlie" not in str([found[h] for h in found if h not in ("Attempts", "Audit trail")])
    assert AuditEntry.objects.filter(action="exported", actor__endswith="(command line)").count() == 1
    with pytest.raises(CommandError, match="File exists"):
        call_command("export_employee", world.organization.name, NUMBER, output=str(file))
    call_command("export_employee", world.organization.name, NUMBER)
    assert json.loads(capsys.readouterr().out)["Employee"] == [employee]


def test_no_byte_is_left_in_the_data_folder(tmp_path: Path, already_migrated: Callable[[Path], None]) -> None:
    """With SQLite's own files, as the product keeps them: the database, and its journal while another process reads."""
    env = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": "", "EXPORT_ROOT": "", "REDIS_URL": ""}
    env = {name: value for name, value in env.items() if value}

    def manage(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=env, capture_output=True, text=True, check=True
        )
        return done.stdout

    already_migrated(tmp_path)
    fill = """
from datetime import date, timedelta
from django.db import transaction
from positions.models import *
from integrations.models import Integration
o = Organization.objects.create(name="Fjord")
i = Integration(organization=o, system_key="tripletex", name="T"); i.switch(True); i.save()
e = Employee.objects.create(organization=o, number="QX7741", first_name="Xanthippe", last_name="Qvortrup")
k = Employee.objects.create(organization=o, number="1", first_name="Kari", last_name="Nordmann")
with transaction.atomic():
    for n in range(400):
        for who in (e, k):
            day = date(1950, 1, 1) + timedelta(n)
            p = Position.objects.create(employee=who, title=f"{who.first_name} {n}", start_date=day, note="n" * n * 3)
            p.title += " changed"; p.save()
    # Rows that grow move to other pages, and leave copies in unused parts of the old ones.
    for n in range(0, 800, 3):
        p = Position.objects.order_by("pk")[n * 7919 % 800]
        p.note += "m" * (n * 6007 % 997); p.save()
Position.objects.filter(employee=e, start_date__lt=date(1950, 3, 1)).delete()
"""
    manage("shell", "--no-imports", "-c", fill)
    assert b"Xanthippe" in b"".join(f.read_bytes() for f in tmp_path.iterdir())
    reader = sqlite3.connect(tmp_path / "position-sync.sqlite3")
    reader.execute("SELECT count(*) FROM positions_employee").fetchone()  # keeps the journal from going by itself
    assert "Positions: 341" in manage("erase_employee", "Fjord", "QX7741", "--yes")
    held = {f.name: f.read_bytes() for f in tmp_path.iterdir()}
    reader.close()
    assert b"Kari" in held["position-sync.sqlite3"]
    assert not [name for name, content in held.items() if b"Xanthippe" in content or b"QX7741" in content]


@pytest.mark.django_db(transaction=True)
def test_why_the_file_was_not_written_anew(monkeypatch: Any) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite keeps remains in its file until it is written anew")
    assert sqlite_wipe.remove_remains() == ""
    with connection.cursor() as reading:
        reading.execute("SELECT 1 UNION SELECT 2").fetchone()
        assert "(cannot VACUUM - SQL statements in progress)" in sqlite_wipe.remove_remains()
    monkeypatch.setattr(sqlite_wipe, "LARGEST", 1)
    assert "it is larger than" in sqlite_wipe.remove_remains()


@pytest.mark.django_db
def test_the_page_and_the_command_say_what_is_left(world: World, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr(personal_data, "remove_remains", lambda: "Run VACUUM on it.")
    her = xanthippe(world.organization)
    page = reverse("admin:positions_employee_erase", args=[her.pk])
    answer = browser_of(world.organization, "admin").post(page, {"number": NUMBER}, follow=True).content.decode()
    assert "Run VACUUM on it." in answer and "is erased." in answer
    xanthippe(world.organization)
    call_command("erase_employee", world.organization.name, NUMBER, yes=True)
    assert "Run VACUUM on it." in capsys.readouterr().err


# -- the pages


@pytest.mark.django_db
def test_the_pages(world: World) -> None:
    world.connect("tripletex")
    her = xanthippe(world.organization)
    world.save(her)
    page, export = (reverse(f"admin:positions_employee_{what}", args=[her.pk]) for what in ("erase", "export"))
    change = reverse("admin:positions_employee_change", args=[her.pk])
    for role in ("viewer", "editor"):
        person = browser_of(world.organization, role)
        assert export not in person.get(change).content.decode()
        assert person.get(page).status_code == person.post(page, {"number": NUMBER}).status_code == 403
        assert person.post(export).status_code == 403
    foreign = browser_of(OrganizationFactory(), "admin")
    absent = reverse("admin:positions_employee_erase", args=[4711])
    assert foreign.get(page)["Location"] == foreign.get(absent)["Location"] == foreign.post(export)["Location"]
    assert foreign.post(page, {"number": NUMBER}).status_code == 302
    assert Employee.objects.filter(pk=her.pk).exists() and not AuditEntry.objects.filter(action="exported").exists()

    admin = browser_of(world.organization, "admin")
    html = admin.get(change).content.decode()
    assert export in html and page in html
    assert admin.get(export).status_code == 405
    answer = admin.post(export)
    assert "attachment" in answer["Content-Disposition"] and NUMBER not in answer["Content-Disposition"]
    assert json.loads(b"".join(answer))["Employee"][0]["national_id"] == NATIONAL_ID
    entry = AuditEntry.objects.get(action="exported")
    assert (entry.actor, entry.via, entry.employee_key) == (admin.user.username, "admin", her.pk)

    html = admin.get(page).content.decode()
    assert "Nothing is sent by this" in html and "Positions: 1" in html
    html = admin.post(page, {"number": "QX774"}).content.decode()
    assert "Nothing was erased" in html and Employee.objects.filter(pk=her.pk).exists()
    answer = admin.post(page, {"number": f" {NUMBER} "}, follow=True)
    assert "is erased. Nothing was sent" in answer.content.decode()
    assert not Employee.objects.filter(pk=her.pk).exists()
    entry = AuditEntry.objects.get(action="erased")
    assert (entry.actor, entry.via) == (admin.user.username, "admin")
    assert "Erased" in admin.get(reverse("admin:positions_auditentry_changelist")).content.decode()
    remaining = left(everything())
    assert not remaining, remaining
