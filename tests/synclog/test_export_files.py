"""A system whose transport is a file: what is collected, who fetches it, what the log says until it is imported."""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine
from defusedxml.ElementTree import fromstring
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations import history
from integrations.models import ExportFile, ExportRecord, Integration
from integrations.runtime import export_files, folders, outbox
from integrations.sdk.errors import InterruptedRunError
from integrations.settings_form import ConnectionForm
from positions.models import Position
from synclog.engine import actions
from synclog.engine.lease import Held
from synclog.engine.worker_turn import Turn
from synclog.models import Job, Lease
from synclog.queue import tasks
from tests.factories import DepartmentFactory, MemberFactory, OperatorFactory, UserFactory
from tests.synclog.world import World, new_world

NOT_YET = "In the file of 14:02, not yet imported."


@pytest.fixture(autouse=True)
def two_past_two() -> Any:
    """In Oslo."""
    with time_machine.travel(datetime(2026, 6, 15, 12, 2, 7, tzinfo=UTC), tick=True):
        yield


@pytest.fixture
def crona(world: World) -> Integration:
    return world.connect("crona_lon")


@pytest.fixture
def exports(tmp_path: Path, settings: Any) -> Path:
    settings.EXPORT_ROOT = str(tmp_path)
    return tmp_path


def sign_in(integration: Integration, role: str) -> Client:
    client = Client()
    user = OperatorFactory() if role == "operator" else UserFactory(username=f"kari-{role}")
    if role not in ("operator", "stranger"):
        MemberFactory(organization=integration.organization, user=user, role=role)
    client.force_login(user)
    return client


def url(integration: Integration, page: str, *more: int) -> str:
    return reverse(f"admin:integrations_integration_{page}", args=[integration.pk, *more])


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def files(integration: Integration) -> list[ExportFile]:
    return list(integration.export_files.order_by("pk"))


def people(content: bytes) -> dict[str, str]:
    return {p.get("anstid", ""): p.findtext("befattning", "") for p in fromstring(content).findall("personal/person")}


def download(client: Client, integration: Integration, file: ExportFile) -> Any:
    back = client.post(url(integration, "file_fetch", file.pk))
    assert back.status_code == 302
    page = client.get(back["Location"]).content.decode()
    address = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page)
    assert address, "the page starts the download"
    return client.get(address[1])


# -- the whole way -------------------------------------------------------------------------------------------


def test_from_a_saved_position_to_an_imported_file(world: World, crona: Integration) -> None:
    position = world.save(title="Bagare")
    world.drain(crona)
    job = world.job(crona, position)
    assert (job.state, job.action, job.message) == (Job.State.SUCCEEDED, "create", NOT_YET)
    assert crona.last_success_at is not None
    [file] = files(crona)
    assert job.file_key == file.pk and not file.fetched

    editor = sign_in(crona, "editor")
    first = download(editor, crona, file)
    named = rf'attachment; filename="crona-lon-20260615-1402\d\d-{file.pk}\.pax"'
    assert re.fullmatch(named, first.headers["Content-Disposition"])
    assert first.headers["Content-Type"] == "application/xml"
    assert "no-store" in first.headers["Cache-Control"]
    assert people(first.content) == {"1042": "Bagare"}

    position.title = "Konditor"
    position.save()
    world.drain(crona)
    assert download(editor, crona, file).content == first.content, "what was fetched never changes"
    old, new = files(crona)
    assert (old.pk, new.fetched) == (file.pk, False)
    assert people(download(editor, crona, new).content) == {"1042": "Konditor"}

    assert editor.post(url(crona, "files_imported"), {"file": file.pk}).status_code == 302
    job.refresh_from_db()
    assert job.message == "In the file of 14:02, imported by kari-editor."
    assert world.job(crona, position).message == NOT_YET, "the other file still waits"
    old, new = files(crona)
    assert [history.words(entry) for entry in LogEntry.objects.order_by("pk")] == [
        f"Downloaded {old.file_name}.",
        f"Downloaded {old.file_name}.",
        f"Downloaded {new.file_name}.",
        f"Marked {old.file_name} as imported in Crona Lön.",
    ]


def test_the_sandbox_imports_what_was_downloaded(world: World, crona: Integration) -> None:
    world.save(title="Bagare", department=DepartmentFactory(organization=world.organization, code="BAK1"))
    world.drain(crona)
    content = download(sign_in(crona, "admin"), crona, files(crona)[0]).content
    sandbox = world.sandboxes[crona.pk]
    done = requests.post(f"{world.address}/crona_lon/{sandbox.tenant.name}/import", data=content, timeout=5).json()
    assert (done["antal"], done["fel"]) == (1, [])
    [there] = world.there(crona)
    assert (there["befattning"], there["resenhet"], there["sysgrad"]) == ("Bagare", "BAK1", "100")


def test_settings_changed_later_do_not_change_a_fetched_file(world: World, crona: Integration) -> None:
    world.save()
    world.drain(crona)
    [file] = files(crona)
    export_files.fetch(file, by="kari")
    name, content = export_files.content(file)
    crona.settings |= {"organization_number": "556677-8899", "file_ending": "xml"}
    crona.save()
    [again] = files(crona)
    assert export_files.content(again) == (name, content)
    assert not export_files.fetch(again, by="ola")
    assert again.fetched_by == "kari"


def test_only_who_changed_is_in_a_file_and_only_once(world: World, crona: Integration) -> None:
    other = world.hire(number="2001")
    world.introduce(crona, other)
    position = world.save()
    world.drain(crona)
    for title in ("A", "B"):
        position.title = title
        position.save()
        world.drain(crona)
    [file] = files(crona)
    export_files.fetch(file, by="kari")
    assert people(file.content) == {"1042": "B"}
    world.save(other, title="C")
    world.drain(crona)
    new = files(crona)[1]
    export_files.fetch(new, by="kari")
    assert people(new.content) == {"2001": "C"}


def test_unchanged_goes_into_no_file(world: World, crona: Integration) -> None:
    """Changed and changed back; what a person asks for again goes again (`test_a_resync_files_the_record_again`)."""
    position = world.save()
    world.drain(crona)
    export_files.fetch(files(crona)[0], by="kari")
    before = position.title
    for title in ("Cook", before):
        position.title = title
        position.save()
    world.drain(crona)
    job = world.job(crona, position)
    assert job.cause == "nothing_to_change"
    assert job.message == "The newest record for Crona Lön says this already: nothing to change."
    assert len(files(crona)) == 1


def test_a_file_cannot_be_read_while_it_is_filled(world: World, crona: Integration) -> None:
    world.save()
    world.drain(crona)
    [file] = files(crona)
    with pytest.raises(ValueError, match="still being filled"):
        export_files.content(file)
    assert not export_files.mark_imported(file, by="kari")
    client = sign_in(crona, "admin")
    assert client.get(url(crona, "file_download", file.pk)).status_code == 302
    assert client.post(url(crona, "files_imported"), {"file": file.pk}).status_code == 302
    assert not files(crona)[0].imported
    assert not files(crona)[0].fetched


def test_a_warning_stands_beside_the_file_and_outlives_its_import(world: World, crona: Integration) -> None:
    position = world.save(end_date=date(2026, 12, 31), end_reason="resigned")
    world.drain(crona)
    export_files.fetch(files(crona)[0], by="kari")
    position.end_date, position.end_reason = None, ""
    position.save()
    world.drain(crona)
    job = world.job(crona, position)
    assert job.warning
    assert job.message.startswith(f"{NOT_YET} A file cannot take an end date away.")
    file = files(crona)[1]
    export_files.fetch(file, by="kari")
    assert export_files.mark_imported(file, by="kari")
    assert not export_files.mark_imported(file, by="ola")
    job.refresh_from_db()
    assert job.message.startswith("In the file of 14:02, imported by kari. A file cannot take an end date away.")


@pytest.mark.parametrize("kind", ["resync", "api"])
def test_a_resync_files_the_record_again(world: World, crona: Integration, kind: str) -> None:
    """The import refused the person, whom the clerk has added there by now: nothing differs, and it has to go again."""
    position = world.save()
    world.drain(crona)
    export_files.fetch(files(crona)[0], by="kari")
    actions.resync(Job.objects.filter(pk=world.job(crona, position).pk), by="kari", kind=kind)
    world.drain(crona)
    job = world.job(crona, position)
    assert (job.state, len(files(crona))) == (Job.State.SUCCEEDED, 2), job.message
    assert job.message == NOT_YET
    export_files.fetch(files(crona)[1], by="kari")
    assert [set(people(export_files.content(file)[1])) for file in files(crona)] == [{"1042"}, {"1042"}]


def test_what_is_to_be_done_by_hand_is_told_once_and_only_where_it_is_so(world: World, crona: Integration) -> None:
    position = world.save(end_date=date(2027, 12, 31), end_reason="resigned")
    world.drain(crona)
    position.end_date, position.end_reason = None, ""
    position.save()
    world.drain(crona)
    assert not world.job(crona, position).warning  # nobody has a file with that end
    export_files.fetch(files(crona)[0], by="kari")
    world.employee.number = "2042"
    world.employee.save()
    for title, told in (("Cook", True), ("Baker", False), ("Chef", False)):
        position.title = title
        position.save()
        world.drain(crona)
        assert ("change the number there by hand" in world.job(crona, position).message) == told, title


def test_nothing_in_the_database_is_clear(world: World, crona: Integration) -> None:
    crona.settings["send_national_id"] = True
    crona.save()
    world.employee.national_id = "19850314-1234"
    world.employee.save()
    world.save()
    world.drain(crona)
    [file] = files(crona)
    export_files.fetch(file, by="kari")
    assert b'persnr="198503141234"' in file.content
    with connection.cursor() as cursor:
        for table in (ExportFile._meta.db_table, ExportRecord._meta.db_table, "synclog_attempt", "synclog_job"):
            cursor.execute(f"SELECT * FROM {table}")
            assert "198503141234" not in repr(cursor.fetchall())


def test_an_employee_without_a_number_is_one_employees_trouble(world: World, crona: Integration) -> None:
    other = world.hire(number=" ")
    lost, sent = world.save(other), world.save()
    world.drain(crona)
    assert world.job(crona, lost).cause == "employee_number_missing"
    assert world.job(crona, sent).state == Job.State.SUCCEEDED
    other.number = "2001"
    other.save()
    world.drain(crona)
    assert world.job(crona, lost).message == NOT_YET


# -- whatever dies and whenever ------------------------------------------------------------------------------


def test_a_worker_that_was_replaced_files_nothing(world: World, crona: Integration) -> None:
    world.save()
    held = Held.acquire(crona.pk)
    assert held is not None
    mine = outbox.DatabaseOutbox(crona, held.holds)
    Lease.objects.filter(pk=crona.pk).update(owner="somebody else", epoch=held.epoch + 1)
    with pytest.raises(InterruptedRunError):
        mine.put(str(world.employee.pk), {"anstid": "1042"})
    assert files(crona) == []


def test_a_worker_that_dies_after_filing_files_it_once(
    world: World, crona: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    position = world.save()
    with monkeypatch.context() as dying:
        dying.setattr(Turn, "_store", lambda self: self._done.clear())
        world.drain(crona)
    assert world.job(crona, position).state == Job.State.RUNNING
    world.drain(crona)
    assert world.job(crona, position).cause == "nothing_to_change"
    assert ExportRecord.objects.count() == 1


def test_a_bulk_of_employees_is_one_file(world: World, crona: Integration) -> None:
    for number in range(25):
        world.save(world.hire(number=str(3000 + number)))
    world.drain(crona)
    [file] = files(crona)
    export_files.fetch(file, by="kari")
    assert len(people(file.content)) == 25
    assert not Job.objects.exclude(state=Job.State.SUCCEEDED).exists()


# -- the page ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["viewer", "editor", "admin", "operator", "stranger"])
def test_each_role_does_just_what_it_may(world: World, crona: Integration, role: str) -> None:
    world.save()
    world.drain(crona)
    [file] = files(crona)
    client = sign_in(crona, role)
    reads, carries = role != "stranger", role in ("editor", "admin", "operator")
    denied = 403 if reads else 302
    assert client.get(url(crona, "files")).status_code == (200 if reads else 302)
    assert client.post(url(crona, "file_fetch", file.pk)).status_code == (302 if carries else denied)
    assert files(crona)[0].fetched is carries
    export_files.fetch(file, by="somebody")
    answer = client.get(url(crona, "file_download", file.pk))
    assert answer.status_code == (200 if carries else denied)
    assert client.post(url(crona, "files_imported"), {"file": file.pk}).status_code == (302 if carries else denied)
    assert files(crona)[0].imported is carries
    if reads:
        page = client.get(url(crona, "files")).content.decode()
        assert ("Download again" in page) is carries


def test_nothing_of_another_organization_is_fetched_or_marked(world: World, crona: Integration) -> None:
    theirs = new_world((world.address, world.tenants))
    foreign = theirs.connect("crona_lon")
    theirs.save(title="Zyxwvut")
    theirs.drain(foreign)
    world.save()
    world.drain(crona)
    [file], [own] = files(foreign), files(crona)
    client = sign_in(crona, "admin")
    for integration, status in ((foreign, 302), (crona, 404)):
        # Neither at its own address nor below a connection of mine.
        assert client.post(url(integration, "file_fetch", file.pk)).status_code == status
        assert client.get(url(integration, "file_download", file.pk)).status_code == status
    client.post(url(foreign, "files_imported"), {"file": file.pk})
    client.post(url(crona, "files_imported"), {"file": file.pk})
    client.post(url(crona, "files_imported"), {"file": "all"})
    client.post(url(foreign, "files_imported"), {"file": "all"})
    export_files.fetch(file, by="them")
    assert "refresh" not in client.get(f"{url(crona, 'files')}?download={file.pk}").content.decode()
    assert client.get(url(crona, "file_download", file.pk)).status_code == 404
    assert (files(foreign)[0].fetched_by, files(foreign)[0].imported) == ("them", False)
    assert not files(crona)[0].imported and files(crona)[0].pk == own.pk
    assert "Zyxwvut" not in client.get(url(crona, "files")).content.decode()


def test_what_changes_something_takes_a_post(world: World, crona: Integration) -> None:
    world.save()
    world.drain(crona)
    [file] = files(crona)
    client = sign_in(crona, "admin")
    assert client.get(url(crona, "file_fetch", file.pk)).status_code == 405
    assert client.get(url(crona, "files_imported")).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(OperatorFactory())
    assert strict.post(url(crona, "file_fetch", file.pk)).status_code == 403
    assert not files(crona)[0].fetched


def test_the_page_says_how_each_file_is(world: World, crona: Integration) -> None:
    client = sign_in(crona, "editor")
    assert "No files yet" in text(client.get(url(crona, "files")))
    position = world.save()
    world.drain(crona)
    page = text(client.get(url(crona, "files")))
    assert "Being filled 1 employee, begun today 14:02" in page
    assert "Not fetched yet: it may still grow" in page
    assert "Mark as imported" not in page
    assert "1 file for Crona Lön is not marked as imported" in text(client.get(url(crona, "change")))
    download(client, crona, files(crona)[0])
    page = text(client.get(url(crona, "files")))
    assert "Fetched today 14:02 by kari-editor" in page and "Mark as imported" in page
    position.title = "Konditor"
    position.save()
    world.drain(crona)
    download(client, crona, files(crona)[1])
    assert "Mark all 2 downloaded files as imported" in text(client.get(url(crona, "files")))
    client.post(url(crona, "files_imported"), {"file": "all"})
    page = text(client.get(url(crona, "files")))
    assert page.count("Imported today 14:02, says kari-editor") == 2
    assert "Every file for Crona Lön is marked as imported" in text(client.get(url(crona, "change")))


@pytest.mark.parametrize("asked", ["", "x", "-1", "99999999", "1 OR 1=1"])
def test_nonsense_marks_nothing(world: World, crona: Integration, asked: str) -> None:
    world.save()
    world.drain(crona)
    export_files.fetch(files(crona)[0], by="kari")
    assert sign_in(crona, "admin").post(url(crona, "files_imported"), {"file": asked}).status_code == 302
    assert not files(crona)[0].imported


def test_queries_do_not_grow_with_the_files(world: World, crona: Integration) -> None:
    client = sign_in(crona, "editor")
    counts = []
    for _ in range(2):
        for number in range(3):
            outbox.DatabaseOutbox(crona).put(str(number), {"anstid": str(number)})
            export_files.fetch(files(crona)[-1], by="kari")
        client.get(url(crona, "files"))
        with CaptureQueriesContext(connection) as queries:
            client.get(url(crona, "files"))
        counts.append(len(queries))
    assert len(files(crona)) == 6
    assert counts[0] == counts[1]


def test_other_systems_have_no_files(world: World) -> None:
    fortnox = world.connect("fortnox")
    client = sign_in(fortnox, "admin")
    assert client.get(url(fortnox, "files")).status_code == 404
    assert "/files/" not in client.get(url(fortnox, "change")).content.decode()


def test_every_page_of_a_connection_without_addresses_opens(world: World, crona: Integration) -> None:
    client = sign_in(crona, "admin")
    for page in ("change", "files", "fields", "settings", "history", "help", "switch_on_credentials"):
        response = client.get(url(crona, page))
        assert response.status_code == 200, page
        assert "Test tenant" not in response.content.decode()
    tested = text(client.post(url(crona, "test")))
    assert "There is no connection to test" in tested
    data = {"name": "Crona", "setting__organization_number": "556123-4567", "setting__file_ending": "xml"}
    assert client.post(url(crona, "settings"), data).status_code == 302
    crona.refresh_from_db()
    assert (crona.name, crona.settings["file_ending"]) == ("Crona", "xml")


def test_deleting_the_connection_says_what_is_lost(world: World, crona: Integration) -> None:
    world.save()
    world.drain(crona)
    admin = sign_in(crona, "admin")
    assert "1 file is not marked as imported, and cannot be downloaded" in text(admin.get(url(crona, "delete")))
    assert "1 file is not marked as imported. It can still be downloaded." in text(admin.get(url(crona, "switch")))


# -- the folder ----------------------------------------------------------------------------------------------


def use_folder(integration: Integration, folder: str = "crona/in") -> None:
    integration.settings["folder"] = folder
    integration.save()


def test_a_file_is_dropped_once_when_the_turn_ends(world: World, crona: Integration, exports: Path) -> None:
    use_folder(crona)
    position = world.save(title="Bagare")
    world.drain(crona)
    [file] = files(crona)
    folder = exports / str(crona.organization_id) / "crona" / "in"
    assert [f.name for f in folder.iterdir()] == [file.file_name]
    assert (folder / file.file_name).read_bytes() == file.content
    assert people(file.content) == {"1042": "Bagare"}
    assert (file.fetched_by, file.folder, file.trouble) == ("folder crona/in", "crona/in", "")
    assert file.dropped_at is not None and not file.imported
    page = text(sign_in(crona, "editor").get(url(crona, "files")))
    assert "Fetched today 14:02 by folder crona/in" in page and "Put into “crona/in” today 14:02" in page

    (folder / file.file_name).unlink()  # whoever watches the folder took it
    tasks.sweep()
    world.drain(crona)
    assert list(folder.iterdir()) == [], "once"
    position.title = "Konditor"
    position.save()
    world.drain(crona)
    new = files(crona)[1]
    assert [f.name for f in folder.iterdir()] == [new.file_name]
    assert world.job(crona, position).message == NOT_YET, "nothing comes back by itself"


def test_what_a_person_fetched_first_is_not_dropped(world: World, crona: Integration, exports: Path) -> None:
    world.save()
    world.drain(crona)
    export_files.fetch(files(crona)[0], by="kari")
    use_folder(crona)
    world.drain(crona)
    assert list(exports.iterdir()) == []


def test_a_person_who_is_quicker_than_the_worker_keeps_the_file(
    world: World, crona: Integration, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_folder(crona)
    world.save()

    def ready(*args: Any) -> None:
        export_files.fetch(files(crona)[0], by="kari")

    monkeypatch.setattr(folders, "ready", ready)
    monkeypatch.setattr(folders, "put", lambda *args: pytest.fail("it was dropped too"))
    world.drain(crona)
    [file] = files(crona)
    assert (file.fetched_by, file.folder, file.dropped_at) == ("kari", "", None)


def test_an_older_file_is_dropped_by_the_sweep_when_a_folder_is_named(
    world: World, crona: Integration, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.save()
    world.drain(crona)
    woken: list[int] = []
    monkeypatch.setattr(tasks, "wake", woken.extend)
    tasks.sweep()
    assert woken == []
    use_folder(crona)
    tasks.sweep()
    assert woken == [crona.pk]
    world.drain(crona)
    assert files(crona)[0].dropped_at is not None
    woken.clear()
    tasks.sweep()
    assert woken == []


def test_a_worker_that_died_between_freezing_and_writing_is_made_good(
    world: World, crona: Integration, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_folder(crona)
    world.save()
    with monkeypatch.context() as dying:
        dying.setattr(folders, "put", lambda *args: 1 / 0)
        world.drain(crona)
    [file] = files(crona)
    assert file.fetched and file.dropped_at is None
    assert export_files.waiting_for_a_folder() == [crona.pk]
    world.drain(crona)
    folder = exports / str(crona.organization_id) / "crona" / "in"
    assert (folder / file.file_name).read_bytes() == files(crona)[0].content == file.content


def test_trouble_with_the_folder_is_said_and_mended(world: World, crona: Integration, exports: Path) -> None:
    use_folder(crona)
    own = exports / str(crona.organization_id)
    own.mkdir()
    (own / "crona").write_text("not a folder")
    world.save()
    world.drain(crona)
    [file] = files(crona)
    assert file.trouble and not file.fetched
    page = text(sign_in(crona, "editor").get(url(crona, "files")))
    assert "The folder cannot be used" in page and "tried again every minute" in page
    assert str(exports) not in page
    (own / "crona").unlink()
    world.drain(crona)
    [file] = files(crona)
    assert file.trouble == "" and file.dropped_at is not None


def test_a_half_written_file_is_never_seen(exports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    folder = exports / "7" / "crona"
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda number: (seen.append([f.name for f in folder.iterdir()]), real(number)))
    folders.put(7, "crona", "a.pax", b"<paxml/>")
    assert seen == [["a.pax.tmp"]]
    assert [f.name for f in folder.iterdir()] == ["a.pax"]
    folders.put(7, "crona", "a.pax", b"something else")
    assert (folder / "a.pax").read_bytes() == b"<paxml/>", "one that is there stays"


def test_without_an_export_root_nothing_is_dropped(world: World, crona: Integration, settings: Any) -> None:
    assert settings.EXPORT_ROOT == ""
    use_folder(crona)
    world.save()
    world.drain(crona)
    assert not files(crona)[0].fetched
    assert export_files.waiting_for_a_folder() == []
    page = text(sign_in(crona, "editor").get(url(crona, "files")))
    assert "Nothing is put into the folder “crona/in”" in page and "EXPORT_ROOT" in page


def test_an_export_root_that_is_gone_is_not_made(
    world: World, crona: Integration, settings: Any, tmp_path: Path
) -> None:
    settings.EXPORT_ROOT = str(tmp_path / "unmounted")
    use_folder(crona)
    world.save()
    world.drain(crona)
    assert "is not there" in files(crona)[0].trouble
    assert not (tmp_path / "unmounted").exists()


OUTSIDE = [
    "/etc",
    "..",
    "../2",
    "crona/../../2",
    "crona/..",
    "~",
    "./crona",
    ".hidden",
    "a//b",
    "a\\b",
    "a\x00b",
    "a\nb",
    "a" * 121,
]


@pytest.mark.parametrize("folder", OUTSIDE)
def test_a_folder_outside_is_refused(exports: Path, folder: str) -> None:
    with pytest.raises(folders.FolderError):
        folders.place(1, folder)


def test_a_link_that_leads_outside_is_refused(exports: Path) -> None:
    (exports / "1").mkdir()
    (exports / "2").mkdir()
    (exports / "1" / "crona").symlink_to(exports / "2")
    with pytest.raises(folders.FolderError, match="leads out"):
        folders.put(1, "crona", "a.pax", b"")
    assert list((exports / "2").iterdir()) == []


@pytest.mark.parametrize(("folder", "fine"), [("crona", True), ("Lön 2026/in", True), ("", True), ("../2", False)])
def test_the_form_takes_only_folders_inside(crona: Integration, exports: Path, folder: str, fine: bool) -> None:
    data = {"name": "x", "setting__organization_number": "556123-4567", "setting__file_ending": "pax"}
    form = ConnectionForm(crona, {**data, "setting__folder": folder})
    assert form.is_valid() is fine, form.errors
    assert list(form.errors) == ([] if fine else ["setting__folder"])


def test_the_form_says_when_the_operator_has_set_no_place(crona: Integration) -> None:
    data = {"name": "x", "setting__organization_number": "556123-4567", "setting__file_ending": "pax"}
    form = ConnectionForm(crona, {**data, "setting__folder": "crona"})
    assert "EXPORT_ROOT" in str(form.errors["setting__folder"])


def test_the_sandbox_takes_what_is_dropped_and_a_person_still_says_so(
    world: World, crona: Integration, exports: Path
) -> None:
    sandbox = world.sandboxes[crona.pk]
    address = f"{world.address}/crona_lon/{sandbox.tenant.name}"
    requests.post(f"{address}/watch", json={"folder": f"{crona.organization_id}/crona/in"}, timeout=5)
    use_folder(crona)
    position = world.save(title="Bagare")
    world.drain(crona)
    assert world.there(crona)[0]["befattning"] == "Bagare"
    end(position)
    world.drain(crona)
    assert "2026-12-31" in requests.get(f"{address}/", timeout=5).text
    assert world.job(crona, position).message == NOT_YET
    folder = exports / str(crona.organization_id) / "crona" / "in"
    assert [f.name for f in folder.iterdir()] == ["importerade"]


def end(position: Position) -> None:
    position.end_date, position.end_reason = date(2026, 12, 31), "resigned"
    position.save()


@pytest.mark.parametrize("folder", ["..", "/tmp", "", "."])
def test_the_sandbox_looks_into_no_other_folder(world: World, crona: Integration, exports: Path, folder: str) -> None:
    (exports.parent / "private.xml").write_text("<paxml/>")
    (exports / "private.xml").write_text("<paxml/>")
    sandbox = world.sandboxes[crona.pk]
    address = f"{world.address}/crona_lon/{sandbox.tenant.name}"
    requests.post(f"{address}/watch", json={"folder": folder}, timeout=5)
    assert requests.get(f"{address}/", timeout=5).status_code == 200
    assert (exports / "private.xml").exists() and (exports.parent / "private.xml").exists()


def test_writing_over_a_file_never_makes_one(exports: Path) -> None:
    (exports / "3" / "crona").mkdir(parents=True)
    file = exports / "3" / "crona" / "a.pax"
    folders.overwrite(3, "crona", "a.pax", b"12345")
    assert not file.exists(), "it was taken away"
    file.write_bytes(b"changed by somebody")
    folders.overwrite(3, "crona", "a.pax", b"12345")
    assert file.read_bytes() == b"changed by somebody"
    file.write_bytes(b"abcde")
    folders.overwrite(3, "crona", "a.pax", b"a   e")
    assert file.read_bytes() == b"a   e"
    elsewhere = exports / "elsewhere"
    elsewhere.write_bytes(b"abcde")
    file.unlink()
    file.symlink_to(elsewhere)
    with pytest.raises(OSError, match="symbolic"):
        folders.overwrite(3, "crona", "a.pax", b"12345")
    assert elsewhere.read_bytes() == b"abcde"
