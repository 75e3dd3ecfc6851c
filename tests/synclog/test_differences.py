"""*Differences*: who sees what was compared, narrows it, takes it along as a file and sends ours."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from integrations.models import Integration
from positions.models import Organization, Position
from positions.privacy import personal_data
from synclog.models import DriftCheck, DriftRow, Job
from tests.factories import OrganizationFactory
from tests.said import kept
from tests.synclog.pages import client_of, connection, text_of, unrecorded

pytestmark = [pytest.mark.django_db, pytest.mark.unanswered]


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory(time_zone="Europe/Oslo")


@pytest.fixture
def integration(organization: Organization) -> Integration:
    return connection(organization, "fortnox", name="Fortnox Oslo")


def page_of(integration: Integration, rest: str = "") -> str:
    return f"/admin/synclog/job/differences/{integration.pk}/{rest}"


def checked(integration: Integration, **values: Any) -> DriftCheck:
    now = timezone.now()
    return DriftCheck.objects.create(
        **{
            "integration": integration, "by": "anna", "asked_at": now, "due_at": now, "moved_at": now,
            "begun_at": now, "read_at": now, "done_at": now, "counts": {"equal": 7}, **values,
        }
    )  # fmt: skip


def differing(check: DriftCheck, position: Position | None, kind: str = "edited_there", **values: Any) -> DriftRow:
    check.counts = {**check.counts, kind: check.counts.get(kind, 0) + 1}
    check.save()
    line = {"field": "title", "remote": "JobTitle", "kind": kind, "here": "Baker", "there": "Chef", "since": None}
    return DriftRow.objects.create(
        **{
            "part_of": check,
            "employee_key": position.employee_id if position else 7,
            "position_key": position.pk if position else None,
            "kind": kind,
            "differs": {"fields": [{**line, "stays": None}]},
            **values,
        }
    )


def people(organization: Organization) -> tuple[Position, Position]:
    kari = unrecorded(organization, first_name="Kari", last_name="Lie", number="4711")
    return kari, unrecorded(organization, first_name="Bo", last_name="Berg", number="4712")


def test_a_check_that_gets_no_answer_says_so_wherever_it_is(
    organization: Organization, integration: Integration
) -> None:
    check = checked(integration, done_at=None, employees=1234, total=5678)
    client = client_of(organization, "viewer")
    assert "1,234 of 5,678 employees are compared" in text_of(client.get(page_of(integration)))
    for read_at in (check.read_at, None):
        DriftCheck.objects.update(misses=1, read_at=read_at)
        assert "Fortnox gave no answer. It goes on" in text_of(client.get(page_of(integration)))


def test_the_page_says_what_differs_and_the_connection_has_a_tab_of_it(
    organization: Organization, integration: Integration
) -> None:
    client = client_of(organization, "viewer")
    assert page_of(integration) in text_of(client.get(f"/admin/integrations/integration/{integration.pk}/change/"))
    assert "Nothing has been compared yet" in text_of(client.get(page_of(integration)))
    check = checked(integration)
    kari, bo = people(organization)
    differing(check, kari)
    differing(check, bo, "unknown_there", differs={}, said=kept("Nobody there has number 4712."))
    differing(check, None, "only_there", remote_id="REC-9", differs={})
    text = text_of(client.get(page_of(integration)))
    for words in ("Kari Lie", "Edited there", "Baker", "Chef", "Nobody there has number 4712.", "70.0 % agree",
                  "Record REC-9", "Deleted here"):  # fmt: skip
        assert words in text, words
    assert "Send ours" not in text and "Check everything" not in text, "a viewer sends nothing"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"Kari Lie", "Bo Berg"}),
        ("?q=lie", {"Kari Lie"}),
        ("?q=4712", {"Bo Berg"}),
        ("?q=REC-7", {"Bo Berg"}),
        ("?kind=unknown_there", {"Bo Berg"}),
        ("?kind=unknown_there&q=kari", set()),
        ("?kind=unheard_of", {"Kari Lie", "Bo Berg"}),
        ("?page=9", {"Kari Lie", "Bo Berg"}),
    ],
)
def test_it_is_narrowed_by_kind_and_by_words_and_so_is_its_file(
    organization: Organization, integration: Integration, query: str, found: set[str]
) -> None:
    check = checked(integration)
    kari, bo = people(organization)
    differing(check, kari)
    differing(check, bo, "unknown_there", remote_id="REC-7")
    client = client_of(organization, "viewer")
    for address in (page_of(integration), page_of(integration, "export.csv")):
        text = text_of(client.get(address + query))
        assert {name for name in ("Kari Lie", "Bo Berg") if name in text} == found, address


def test_its_queries_do_not_grow_with_its_rows(
    organization: Organization, integration: Integration, django_assert_max_num_queries: Any
) -> None:
    check = checked(integration)
    client = client_of(organization, "editor")
    differing(check, unrecorded(organization))
    with django_assert_max_num_queries(30) as few:
        client.get(page_of(integration))
    for _ in range(20):
        differing(check, unrecorded(organization))
    with django_assert_max_num_queries(30) as many:
        client.get(page_of(integration))
    assert len(many) == len(few)


def sent() -> set[int]:
    return set(Job.objects.filter(state=Job.State.WAITING).values_list("position_key", flat=True))


def test_ours_is_sent_of_one_row_of_a_filter_and_of_all_counted_first(
    organization: Organization, integration: Integration
) -> None:
    check = checked(integration)
    kari, bo = people(organization)
    one, other = differing(check, kari), differing(check, bo, "newer_here")
    differing(check, unrecorded(organization), "unknown_there")
    differing(check, None, "only_there")
    client, send = client_of(organization, "editor"), page_of(integration, "send/")
    assert "2 positions" in text_of(client.get(send))
    assert "1 position" in text_of(client.get(send + "?kind=newer_here"))
    assert "Nothing of this can be sent" in text_of(client.get(send + "?kind=unknown_there"))
    assert sent() == set()
    client.post(send, {"row": one.pk})
    assert sent() == {kari.pk}
    client.post(send + "?kind=newer_here")
    assert sent() == {kari.pk, bo.pk}
    Job.objects.all().delete()
    client.post(send)
    assert sent() == {kari.pk, bo.pk}
    Job.objects.all().delete()
    Integration.objects.update(send_positions=False)
    client.post(send, {"row": other.pk})
    assert sent() == set(), "it is off"


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("editor", 302), ("admin", 302)])
def test_editors_and_admins_check_cancel_and_send(
    organization: Organization, integration: Integration, role: str, status: int
) -> None:
    client = client_of(organization, role)
    for rest in ("check/", "cancel/", "send/"):
        assert client.post(page_of(integration, rest)).status_code == status, rest
        assert client.get(page_of(integration, rest)).status_code in (405, 403 if role == "viewer" else 200)


def test_nobody_sees_or_sends_anything_of_another_organization(integration: Integration) -> None:
    check = checked(integration)
    row = differing(check, unrecorded(integration.organization, first_name="Kari"))
    stranger = client_of(OrganizationFactory(), "admin")
    for rest in ("", "export.csv", "send/"):
        assert "Kari" not in text_of(stranger.get(page_of(integration, rest), follow=True))
    for rest in ("check/", "cancel/", "send/"):
        stranger.post(page_of(integration, rest), {"row": row.pk})
    assert sent() == set() and DriftCheck.objects.count() == 1
    own = connection(Organization.objects.exclude(pk=integration.organization_id).get())
    checked(own)
    stranger.post(page_of(own, "send/"), {"row": row.pk})
    assert sent() == set(), "a row of another check"


def test_it_says_why_it_cannot_and_how_far_it_is(world: Any) -> None:
    client = client_of(world.organization, "editor")
    blind, able = world.connect("crona_lon", known=False), world.connect("fortnox")
    assert "only takes files in" in text_of(client.get(page_of(blind)))
    assert "only takes files in" in text_of(client.post(page_of(blind, "check/"), follow=True))
    text = text_of(client.post(page_of(able, "check/"), follow=True))
    assert "It waits for a worker" in text and "Cancel the check" in text
    DriftCheck.objects.update(begun_at=timezone.now(), there=12)
    assert "12 so far" in text_of(client.get(page_of(able)))
    DriftCheck.objects.update(read_at=timezone.now(), employees=3, total=8)
    assert "3 of 8 employees are compared" in text_of(client.get(page_of(able)))
    client.post(page_of(able, "cancel/"))
    assert "It was cancelled by" in text_of(client.get(page_of(able)))


def test_an_employee_who_is_erased_is_erased_here_too(organization: Organization, integration: Integration) -> None:
    check = checked(integration)
    kari, bo = people(organization)
    differing(check, kari)
    line = {"field": "manager", "remote": "", "kind": "differs", "here": "Kari Lie (4711)", "there": None}
    other = differing(check, bo, differs={"fields": [{**line, "since": None, "stays": None}]})
    client: Client = client_of(organization, "admin")
    personal_data.erase(personal_data.find(organization, "4711"), "anna", "admin")
    assert list(DriftRow.objects.all()) == [other]
    other.refresh_from_db()
    assert "Kari" not in str(other.differs)
    assert client.get(page_of(integration)).status_code == 200
