"""What a position's connections say of it: the sign, whether somebody has to wonder, and whether it may be sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.models import Integration, PeriodLink
from positions.models import Organization, Position
from synclog.engine import agreeing
from synclog.log.states import SEND_IT, State, connections_of, states_of
from synclog.log.truth import Truth
from synclog.models import Job
from tests.factories import CompanyFactory, EmployeeFactory, OrganizationFactory, PositionFactory
from tests.synclog.pages import connection, job, unrecorded

pytestmark = pytest.mark.django_db
S = Job.State
SIGNS = {
    "Needs you": ("error", "danger"),
    "Waiting": ("schedule", "info"),
    "Sending": ("sync", "info"),
    "Becomes current on ": ("event", "info"),
    "Changes there on ": ("event", "info"),
    "Off": ("toggle_off", "neutral"),
    "Excluded": ("block", "neutral"),
    "Being compared": ("hourglass_top", "info"),
    "Changed here since": ("edit", "warning"),
    "Dismissed": ("archive", "neutral"),
    "Skipped": ("do_not_disturb_on", "neutral"),
    "Not supported": ("do_not_disturb_on", "neutral"),
    "Not sent": ("radio_button_unchecked", "warning"),
}


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory(time_zone="Europe/Oslo")


def state(integration: Integration, position: Position) -> State:
    row = Position.objects.select_related("employee", "company").get(pk=position.pk)
    connections = connections_of(integration.organization)
    [found] = [s for s in states_of(connections, [row])[row.pk] if s.integration == integration]
    assert found.excluded is (found.truth is Truth.OUT_OF_SCOPE)
    assert [(found.mark.glyph, found.mark.tone)] == [
        sign for word, sign in SIGNS.items() if found.mark.word.startswith(word)
    ] or found.mark.word.startswith("Sent")
    return found


def linked(integration: Integration, position: Position, **values: Any) -> PeriodLink:
    made = PeriodLink.objects.create(
        integration=integration,
        employee_key=position.employee_id,
        position_key=position.pk,
        remote_id=str(position.pk),
        **values,
    )
    PeriodLink.objects.filter(pk=made.pk).update(sent_at=datetime(2020, 3, 3, 8, 14, tzinfo=UTC))
    return made


CHANGED_WORDS = "It was sent to Netvisor on 3 Mar 2020 09:14."


@pytest.mark.parametrize(
    ("link", "entry", "truth", "word", "settled", "words"),
    [
        (None, {"state": S.FAILED, "message": "No title."}, "needs_you", "Needs you", False, ["No title."]),
        (None, {"state": S.WAITING}, "waiting", "Waiting", False, []),
        (None, {"state": S.RUNNING}, "waiting", "Sending", False, ["The result is here in a moment."]),
        (
            None,
            {"state": S.WAITING, "cause": "not_yet_current", "due_at": datetime(2030, 5, 31, 22, 30, tzinfo=UTC)},
            "upcoming", "Becomes current on 1 Jun 2030", True, [],
        ),
        (  # it is current, and its terms change
            {}, {"state": S.WAITING, "cause": "counts_later", "due_at": datetime(2030, 5, 31, 22, 30, tzinfo=UTC)},
            "upcoming", "Changes there on 1 Jun 2030", True, [],
        ),
        ({}, {"state": S.SUCCEEDED, "message": "As sent."}, "in_sync", "Sent 3 Mar 2020 09:14", True, ["As sent."]),
        ({}, {"state": S.SKIPPED, "message": "Equal."}, "in_sync", "Sent 3 Mar 2020 09:14", True, ["Equal."]),
        (
            {}, {"state": S.DISMISSED, "message": "Gone."}, "in_sync", "Sent 3 Mar 2020 09:14", True,
            ["Everything that is sent agrees with what was written there."],
        ),
        ({}, None, "in_sync", "Sent 3 Mar 2020 09:14", True, ["Everything that is sent agrees"]),
        (
            {}, {"state": S.SUCCEEDED, "message": "But.", "warning": True},
            "in_sync", "Sent 3 Mar 2020 09:14", False, ["But."],
        ),
        (
            {"look_on": agreeing.AT_ONCE}, None, "unknown", "Being compared", False,
            ["It was sent on 3 Mar 2020 09:14. Whether that is"],
        ),
        ({"stale": True}, None, "changed", "Changed here since", False, [CHANGED_WORDS, "not on its way"]),
        (
            {"stale": True}, {"state": S.DISMISSED, "dismissed_reason": "later"}, "changed", "Changed here since",
            False, [CHANGED_WORDS, "What was changed since was dismissed: later."],
        ),
        (
            {"stale": True}, {"state": S.SKIPPED, "cause": "switched_off"}, "changed", "Changed here since", False,
            ["Sync was switched off before"],
        ),
        (
            {"stale": True}, {"state": S.SUCCEEDED, "cause": ""}, "changed", "Changed here since", False,
            ["What is to be sent now is something else"],
        ),
        (
            {"left": {"title": "x"}}, None, "partly", "Sent 3 Mar 2020 09:14, not all of it", False,
            ["Title is not there as here, and"],
        ),
        (
            {"left": {"title": "x", "percentage": "x", "note": "x"}},
            {"state": S.SUCCEEDED, "message": "Said before."},
            "partly", "Sent 3 Mar 2020 09:14, not all of it", False,
            ["Note, Percentage and Title are not there as here", "would not change that."],
        ),
        (
            {"left": {"title": "x"}}, {"state": S.SUCCEEDED, "message": "But.", "warning": True}, "partly",
            "Sent 3 Mar 2020 09:14, not all of it", False, ["would not change that. But."],
        ),
        (
            {"left": {"title": "x"}}, {"state": S.SKIPPED, "message": "Stays.", "cause": "stays_there"}, "partly",
            "Sent 3 Mar 2020 09:14, not all of it", False, ["would not change that. Stays."],
        ),
        (
            None, {"state": S.DISMISSED, "dismissed_reason": "later"}, "not_sent", "Dismissed", False,
            ["later. The next change of the position is sent."],
        ),
        (
            None, {"state": S.SUCCEEDED, "message": "Deleted.", "cause": ""}, "not_sent", "Not sent", False,
            [f"Deleted. No record in Netvisor is known for it any more. {SEND_IT}"],
        ),
        (
            None, {"state": S.SUCCEEDED, "message": "Replaced.", "cause": "taken_over"}, "not_sent", "Not sent", False,
            [f"Replaced. {SEND_IT}"],
        ),
        (
            None, {"state": S.SKIPPED, "message": "Was off.", "cause": "switched_off"}, "not_sent", "Not sent", False,
            [f"Was off. {SEND_IT}"],
        ),
        (
            None, {"state": S.SKIPPED, "message": "No.", "cause": "not_current"}, "not_sent", "Not sent", False,
            [f"and is now. {SEND_IT}"],
        ),
        (None, {"state": S.SKIPPED, "message": "No.", "cause": "x"}, "not_sent", "Skipped", False, ["No."]),
    ],
)  # fmt: skip
def test_of_what_was_recorded(
    organization: Organization,
    link: dict[str, Any] | None,
    entry: dict[str, Any] | None,
    truth: str,
    word: str,
    settled: bool,
    words: list[str],
) -> None:
    integration, position = connection(organization), unrecorded(organization)
    made = job(integration, position, **{"cause": "", **entry}) if entry else None
    known = linked(integration, position, **link) if link is not None else None
    found = state(integration, position)
    assert (found.truth, found.mark.word, found.settled) == (truth, word, settled)
    assert found.job == made and found.link == known
    running = entry is not None and entry["state"] == S.RUNNING
    assert found.may_send is (found.truth is not Truth.UPCOMING and not running)
    for part in words:
        assert part in found.why
    assert found.why == found.why.strip() and "  " not in found.why


def test_the_sign_of_what_was_sent_warns_where_something_is_left(organization: Organization) -> None:
    integration = connection(organization)
    tones = []
    ways: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({}, {}), ({}, {"warning": True}), ({"left": {"title": "x"}}, {}), ({"stale": True}, {}),
    ]  # fmt: skip
    for link, entry in ways:
        position = unrecorded(organization)
        linked(integration, position, **link)
        job(integration, position, state=S.SUCCEEDED, **entry)
        found = state(integration, position)
        tones.append((found.mark.glyph, found.mark.tone))
    assert tones == [("check_circle", "success"), ("warning", "warning"), ("warning", "warning"), ("edit", "warning")]


def test_what_was_said_of_another_try_is_not_said_of_what_is_left(organization: Organization) -> None:
    integration, position = connection(organization), unrecorded(organization)
    linked(integration, position, left={"title": "x"})
    job(integration, position, state=S.SUCCEEDED, message="Accepted.", cause="")
    why = "Title is not there as here, and sending it again would not change that."
    assert state(integration, position).why == why


def test_what_is_off_says_what_was_sent_before(organization: Organization) -> None:
    off = connection(organization, send_positions=False)
    never, sent, stale, failed = (unrecorded(organization) for _ in range(4))
    linked(off, sent)
    linked(off, stale, stale=True)
    job(off, failed, message="No title.")
    switched = f"Send positions is switched off for {off.name}: changes are not recorded."
    assert state(off, never).why == switched
    assert state(off, sent).why == f"{switched} It was last sent on 3 Mar 2020 09:14, while it was on."
    assert state(off, stale).why.endswith("while it was on. It was changed here since.")
    found = state(off, stale)
    assert (found.truth, found.mark.word, found.settled, found.may_send) == (Truth.OFF, "Off", True, False)
    assert found.link is not None
    assert state(off, failed).truth is Truth.NEEDS_YOU and not state(off, failed).may_send


def test_of_another_company(organization: Organization) -> None:
    integration = connection(organization, name="Netvisor Oulu")
    Integration.objects.filter(pk=integration.pk).update(everybody=False)
    ours, theirs = CompanyFactory(organization=organization), CompanyFactory(organization=organization, name="Other Oy")
    position = unrecorded(organization, dates={"company": theirs})
    assert "takes none" in state(integration, position).why
    integration.companies.add(ours)
    found = state(integration, position)
    assert found.truth is Truth.OUT_OF_SCOPE and found.mark.word == "Excluded"
    assert (found.settled, found.may_send) == (False, False)
    assert found.why == f"This position is with Other Oy; Netvisor Oulu takes only positions with {ours.name}."


def flat_rows(organization: Organization, *rows: tuple[int, int | None, int]) -> list[Position]:
    """Positions of one employee: days from today to begin and to end (None: open), and a percentage."""
    employee, today = EmployeeFactory(organization=organization), organization.today()
    built = [
        PositionFactory.build(
            employee=employee,
            start_date=today + timedelta(days=start),
            end_date=None if end is None else today + timedelta(days=end),
            percentage=percentage,
        )
        for start, end, percentage in rows
    ]
    return Position.objects.bulk_create(built)


def test_a_flat_system_takes_the_one_that_counts_today(organization: Organization) -> None:
    fortnox = connection(organization, "fortnox")
    other = flat_rows(organization, (-10, None, 100))[0]
    over, part, most, ends_today, begins = flat_rows(
        organization, (-90, -1, 100), (-30, None, 20), (-20, None, 80), (-25, 0, 90), (1, None, 100)
    )
    assert state(fortnox, ends_today).truth is Truth.NOT_SENT, "it counts to the end of its last day"
    assert state(fortnox, begins).truth is Truth.NOT_SENT and state(fortnox, other).truth is Truth.NOT_SENT
    told = {pk: state(fortnox, pk) for pk in (over, part, most)}
    for found in told.values():
        assert found.truth is Truth.NOT_TAKEN and found.settled and not found.may_send
        assert found.mark.word == "Not supported"
    assert told[over].why == "Fortnox takes the current position only, and this one is over."
    assert told[part].why == "Fortnox takes the current position only, which is another one today."
    less = PositionFactory.build(employee=part.employee, start_date=part.start_date, percentage=5)
    less.end_date = organization.today()
    [less] = Position.objects.bulk_create([less])
    assert "another one today" in state(fortnox, less).why, "it is over tomorrow"
    Position.objects.filter(pk=ends_today.pk).delete()
    assert state(fortnox, most).truth is Truth.NOT_SENT and state(fortnox, part).truth is Truth.NOT_TAKEN
    Position.objects.filter(pk=most.pk).update(start_date=organization.today())
    assert state(fortnox, most).truth is Truth.NOT_SENT, "it counts from its first day"


def test_what_a_connection_does_not_take_does_not_count_there(
    organization: Organization, django_assert_num_queries: Callable[..., Any]
) -> None:
    limited, whole = connection(organization, "fortnox"), connection(organization, "fortnox")
    netvisor = connection(organization)
    ours, theirs = CompanyFactory(organization=organization), CompanyFactory(organization=organization)
    Integration.objects.filter(pk=limited.pk).update(everybody=False)
    limited.companies.add(ours)
    part, most = flat_rows(organization, (-30, None, 20), (-20, None, 80))
    Position.objects.filter(pk=part.pk).update(company=ours)
    Position.objects.filter(pk=most.pk).update(company=theirs)
    assert state(limited, part).truth is Truth.NOT_SENT and state(limited, most).truth is Truth.OUT_OF_SCOPE
    assert state(whole, part).truth is Truth.NOT_TAKEN and state(whole, most).truth is Truth.NOT_SENT
    connections = connections_of(organization)
    with django_assert_num_queries(3):
        states_of(connections, [part, most])
    assert state(netvisor, part).truth is state(netvisor, most).truth is Truth.NOT_SENT


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (None, "It was not recorded for Netvisor when it was saved."),
        (timedelta(0), "It was not recorded for Netvisor when it was saved."),
        (timedelta(minutes=30), "Saved on 3 Mar 2020 00:14; sync has been on since 3 Mar 2020 00:44."),
        (timedelta(hours=24), "Saved on 3 Mar 2020; sync has been on since 4 Mar 2020."),
    ],
)
def test_why_it_was_never_recorded(organization: Organization, since: timedelta | None, words: str) -> None:
    saved = datetime(2020, 3, 2, 23, 14, tzinfo=UTC)  # the day after, in Oslo
    integration, position = connection(organization, name="Netvisor"), unrecorded(organization)
    Position.objects.filter(pk=position.pk).update(updated_at=saved)
    Integration.objects.filter(pk=integration.pk).update(activated_at=saved + since if since is not None else None)
    found = state(integration, position)
    assert found.why == f"{words} {SEND_IT}" and found.mark.word == "Not sent"
    assert (found.truth, found.settled, found.may_send) == (Truth.NOT_SENT, False, True)


def test_the_newest_entry_counts_and_each_connections_own(
    organization: Organization, django_assert_num_queries: Callable[..., Any]
) -> None:
    one, other = connection(organization, name="b"), connection(organization, name="a")
    connection(OrganizationFactory())
    position, second = unrecorded(organization), unrecorded(organization)
    job(one, position, state=S.SUCCEEDED, message="First.")
    job(one, position, state=S.SKIPPED, message="Last.", cause="x")
    job(other, position, state=S.SUCCEEDED, message="Other.")
    linked(other, position)
    connections = connections_of(organization)
    assert [i.name for i in connections.integrations] == ["a", "b"]
    rows = list(Position.objects.select_related("employee", "company"))
    with django_assert_num_queries(2):
        found = states_of(connections, rows)
        assert [s.integration.organization for states in found.values() for s in states] == [organization] * 4
    assert [s.truth for s in found[position.pk]] == [Truth.IN_SYNC, Truth.NOT_SENT]
    assert found[position.pk][0].why == "Other." and found[position.pk][1].why.startswith("Last.")
    assert [s.truth for s in found[second.pk]] == [Truth.NOT_SENT] * 2
    only = connections.only(one)
    assert list(only.integrations) == [one] and only.organization == organization
    assert [len(states) for states in states_of(only, rows).values()] == [1, 1]
    assert only.takes(one, rows[0])
