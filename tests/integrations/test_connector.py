"""What all connectors have from their base, without any system."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest

from integrations.sdk.connector import Connector
from integrations.sdk.context import Context
from integrations.sdk.errors import (
    DataRefusedError,
    EmployeeNotFoundError,
    EmployeeNotUniqueError,
    InterruptedRunError,
    NotAuthorizedError,
    RateLimitedError,
    UnavailableError,
)
from integrations.sdk.http import Response, rows_in
from integrations.sdk.messages import Text
from integrations.sdk.pages import LinkPages
from integrations.sdk.params import Label
from integrations.sdk.refusals import EVERYWHERE, Refusal, Says, Trouble
from integrations.sdk.settings import Kind
from integrations.sdk.texts import DATA_REFUSED, NOT_ANSWERED
from integrations.sdk.values import Change, CheckLine, Person, Remote, RemoteEmployee, Wanted, Written
from integrations.systems.registry import connector_for

XLEDGER = connector_for("xledger").system
PERSON = Person("77", "1042", "Åse", "Sørlie")


class Flat(Connector):
    """A flat system: the start stays, the end and its reason are ours, and the reason cannot be emptied."""

    system = XLEDGER
    written: Mapping[str, Change]

    def update(
        self,
        employee: RemoteEmployee,
        person: Person,
        remote: Remote,
        changes: Mapping[str, Change],
        wanted: Wanted,
    ) -> Written:
        self.written = changes
        return Written(remote.id)


@pytest.fixture
def connector() -> Flat:
    return Flat(Context({}, {}, {"api": "https://a.example"}, "n", date(2026, 6, 15)))


def test_a_step_that_is_well_needs_no_place(connector: Flat) -> None:
    assert connector.tried("Sign in", "Settings", lambda: "Done.") == CheckLine(True, "Sign in", "Done.")
    line = connector.tried("Sign in", "Settings", lambda: CheckLine(True, "", "Done."))
    assert line == CheckLine(True, "Sign in", "Done.")


@pytest.mark.parametrize(("given", "where"), [("", "Settings"), ("Another page", "Another page")])
def test_a_step_that_is_not_well_says_where_to_put_it_right(connector: Flat, given: str, where: str) -> None:
    line = connector.tried("Sign in", "Settings", lambda: CheckLine(False, "", "It is closed.", given))
    assert line == CheckLine(False, "Sign in", "It is closed.", where)


def test_a_step_that_fails_gives_their_words_too(connector: Flat) -> None:
    def fail() -> str:
        raise NotAuthorizedError("It refused us.", vendor_text="no such key")

    line = connector.tried("Sign in", "Settings", fail)
    assert (line.ok, line.title, line.where) == (False, "Sign in", "Settings")
    assert line.detail == "It refused us. Xledger says: no such key"


def test_a_step_that_fails_without_their_words_gives_ours(connector: Flat) -> None:
    def fail() -> str:
        raise NotAuthorizedError("It refused us.")

    assert connector.tried("Sign in", "Settings", fail).detail == "It refused us."


def test_an_interrupted_check_is_no_line(connector: Flat) -> None:
    def stop() -> str:
        raise InterruptedRunError("no more")

    with pytest.raises(InterruptedRunError):
        connector.tried("Sign in", "Settings", stop)


@pytest.mark.parametrize(
    ("bad", "needed", "tried", "well"),
    [([], 1, 3, True), ([1], 1, 1, False), ([2], 1, 3, True), ([2], 2, 2, False), ([3], 3, 3, False)],
)
def test_without_what_is_needed_the_rest_is_left_out(
    connector: Flat, bad: list[int], needed: int, tried: int, well: bool
) -> None:
    steps = [(str(n), "", lambda n=n: CheckLine(n not in bad, "")) for n in (1, 2, 3)]
    lines, all_well = connector.try_each(*steps, needed=needed)
    assert ([line.title for line in lines], all_well) == ([str(n + 1) for n in range(tried)], well)


def people(*ids: str) -> Callable[[], list[RemoteEmployee]]:
    return lambda: [RemoteEmployee(i, f"Somebody ({i})") for i in ids]


def never() -> list[RemoteEmployee]:
    raise AssertionError("searched for nothing, or after somebody was found")


def test_the_strongest_step_that_finds_somebody_counts(connector: Flat) -> None:
    steps = (("e-mail", "a@b", never), ("e-mail", "", never), ("national id", "14038512345", people("7", "7")))
    found = connector.match(PERSON, *steps, ("employee number", "1", people()))
    assert (found.id, found.matched_by) == ("7", "national id")


def test_of_two_employees_the_ids_are_said_but_no_names(connector: Flat) -> None:
    with pytest.raises(EmployeeNotUniqueError) as caught:
        connector.match(PERSON, ("employee number", "1", people("7", "5")), ("e-mail", "a@b", never))
    assert "2 employees in Xledger have employee number 1 (ids there: 5, 7)." in caught.value.message
    assert "Somebody" not in caught.value.message


@pytest.mark.parametrize("there", [(), ("7", "5")])
def test_a_national_id_is_never_said(connector: Flat, there: tuple[str, ...]) -> None:
    with pytest.raises((EmployeeNotUniqueError, EmployeeNotFoundError)) as caught:
        connector.match(PERSON, ("national id", "14038512345", people(*there)))
    assert "this national id" in caught.value.message and "14038512345" not in caught.value.message


def test_who_is_not_found_was_searched_for_by_all_this(connector: Flat) -> None:
    steps = (("employee number", "1", people()), ("external code", "1", people()), ("e-mail", "a@b", people()))
    with pytest.raises(EmployeeNotFoundError) as caught:
        connector.match(PERSON, *steps, hint=lambda: "Drafts are not seen.")
    assert "has employee number 1 or e-mail a@b." in caught.value.message
    assert caught.value.message.endswith("Re-sync. Drafts are not seen.")


def test_nothing_to_search_by_says_what_to_fill_in(connector: Flat) -> None:
    with pytest.raises(EmployeeNotFoundError, match="employee number, e-mail"):
        connector.match(PERSON, ("employee number", "", never), ("e-mail", "", never))


def written(connector: Flat, there: dict[str, Any], wanted: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    connector.write_into(RemoteEmployee("5"), PERSON, Remote("5", there), Wanted("1", wanted))
    return {key: (change.old, change.new) for key, change in connector.written.items()}


def test_what_differs_is_written_into_a_record_that_is_there(connector: Flat) -> None:
    there = {"title": "Cook", "notice_date": None, "start_date": date(2026, 1, 1)}
    wanted = {"title": "Chef", "notice_date": date(2026, 5, 1), "start_date": date(2026, 1, 1)}
    assert written(connector, there, wanted) == {"title": ("Cook", "Chef"), "notice_date": (None, date(2026, 5, 1))}


@pytest.mark.parametrize("empty", [None, ""])
def test_only_what_is_ours_to_clear_is_cleared_there(connector: Flat, empty: Any) -> None:
    there = {"title": "Cook", "end_date": date(2026, 5, 31), "end_reason": "FRIVILLIG"}
    wanted = dict.fromkeys(there, empty)
    assert written(connector, there, wanted) == {"end_date": (date(2026, 5, 31), None)}
    assert written(connector, {}, wanted) == {}


def test_a_refusal_names_the_field(connector: Flat) -> None:
    error = connector.data_refused("title", vendor_text="too long")
    assert "refused the field Title" in error.message and (error.field, error.vendor_text) == ("title", "too long")
    assert "this employee's data" in connector.data_refused().message


def test_what_only_a_mistake_of_ours_leads_to_is_said_to_be_ours(connector: Flat) -> None:
    error = connector.not_understood(vendor_text="no such field")
    assert "Xledger" in error.message and "fault of Position Sync" in error.message
    assert error.vendor_text == "no such field"


def test_no_credential_of_the_connection_is_shown() -> None:
    secrets = [s.name for s in XLEDGER.credentials if s.kind in (Kind.SECRET, Kind.LONG_SECRET)]
    assert secrets
    told = {name: f"secret-of-{name}" for name in secrets}
    connector = Flat(Context(told, {}, {"api": "https://a.example"}, "n", date(2026, 6, 15)))
    said = connector.http.masker.words(" ".join(["It has", *told.values()]))
    assert said.startswith("It has")
    assert not any(secret in said for secret in told.values())


def test_without_tokens_no_refusal_renews_anything(connector: Flat) -> None:
    unauthorized, forbidden = (Response(status, {}, b"", None) for status in (401, 403))
    assert connector.refused(unauthorized) and not connector.refused(forbidden)
    assert not connector._renewed(unauthorized)


# -- lists, look-ups and what a run keeps ----------------------------------------------------------------


class Scripted:
    """Answers in the place of the network."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, connector: Connector, *answers: Response) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.answers = list(answers)
        monkeypatch.setattr(connector.http, "_send", self.send)

    def send(self, method: str, url: str, *, params: Any = None, **kwargs: Any) -> Response:
        self.asked.append((url, params))
        return self.answers.pop(0)


def answer(status: int, body: str, **headers: str) -> Response:
    return Response(status, headers, body.encode(), None)


class Refusing(Flat):
    """Reads what is wrong from the body's own words."""

    refusals = (*EVERYWHERE, Refusal(text=DATA_REFUSED))

    def trouble(self, response: Response) -> Trouble | None:
        return None if response.ok else Trouble(response.status, response.text)


@pytest.fixture
def refusing() -> Refusing:
    return Refusing(Context({}, {}, {"api": "https://a.example"}, "n", date(2026, 6, 15)))


def test_what_is_not_there_is_none_and_other_trouble_is_trouble(
    refusing: Refusing, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = Says(status=404, words="no such")
    Scripted(monkeypatch, refusing, answer(404, "No such thing"), answer(404, "Nothing"), answer(200, "{}"))
    assert refusing.get_or_none("x", missing) is None
    with pytest.raises(DataRefusedError, match="Xledger refused this employee's data"):
        refusing.get_or_none("x", missing)
    found = refusing.get_or_none("x", missing)
    assert found is not None and found.ok


def test_the_pages_of_a_list_are_asked_of_this_system_alone(
    refusing: Refusing, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = ["https://a.example/list?page=2", "https://b.example/list?page=3"]
    bodies = [json.dumps({"rows": [{"id": number}], "next": link}) for number, link in enumerate(links)]
    network = Scripted(monkeypatch, refusing, *(answer(200, body) for body in bodies))
    paging = LinkPages(lambda found: found.json()["next"])
    rows = refusing.pages(paging, "list", {"top": 1}, rows=lambda found: rows_in(found, "rows"))
    assert [next(rows), next(rows)] == [{"id": 0}, {"id": 1}]
    with pytest.raises(UnavailableError, match="another server"):
        next(rows)
    assert network.asked == [("https://a.example/list", {"top": 1}), (links[0], None)]


@pytest.mark.parametrize("body", ["[]", "{}", '{"rows": {}}', '{"rows": [1]}', '{"rows": null}', "no"])
def test_an_answer_without_the_list_is_no_empty_one(body: str) -> None:
    with pytest.raises(UnavailableError):
        rows_in(answer(200, body), "rows")


def test_what_a_run_has_read_ahead_ends_with_it(connector: Flat) -> None:
    connector.ahead["5"] = "read"
    assert connector.ahead.pop("5") == "read"
    connector.ahead["6"] = "read"
    connector.http.begin()
    assert connector.ahead == {}


def test_what_was_not_taken_is_told(connector: Flat) -> None:
    changes = {
        "title": Change("Cook", "Chef"),
        "cost_centre": Change("1", "2"),
        "notice_date": Change("x", None),
        "end_date": Change(date(2026, 5, 31), None),
        "manager": Change(None, "7"),
        "weekly_hours": Change(None, 40),
    }
    shown = {
        "title": "Cook",
        "cost_centre": None,
        "notice_date": "x",
        "end_date": date(2026, 5, 31),
        "weekly_hours": 40,
    }
    own = Text("test.not_cleared", "Still {shown}.")
    told = [(w.field, w.message) for w in connector.not_taken(shown, changes, Label("on the card"), end_date=own)]
    assert told == [
        (
            "title",
            "Title “Chef” was sent, but Xledger still shows “Cook”. Correct it on the card, then press Re-sync.",
        ),
        (
            "cost_centre",
            "Cost centre “2” was sent, but Xledger still shows nothing. Correct it on the card, then press Re-sync.",
        ),
        (
            "notice_date",
            "Notice date was taken away here, but Xledger still shows “x”. Clear it on the card by hand, then press "
            "Re-sync.",
        ),
        ("end_date", "Still 2026-05-31."),
    ]


def test_a_line_of_a_test_is_kept_as_it_is() -> None:
    line = CheckLine(False, Label("Sign in"), NOT_ANSWERED(system="Xledger"), "Settings of 14038512345")
    assert CheckLine.from_json(json.loads(json.dumps(line.to_json()))) == line
    assert line.hiding(lambda text: text.replace("14038512345", "…")).where == "Settings of …"


@pytest.mark.parametrize(("told", "wait"), [(None, 7), (3.0, 3)])
def test_how_long_to_wait_stands_in_the_header_unless_the_system_says_it_elsewhere(
    refusing: Refusing, told: float | None, wait: float
) -> None:
    limited = Response(429, {"Retry-After": "7"}, b"", None)
    with pytest.raises(RateLimitedError) as caught:
        refusing.judge(limited, EVERYWHERE, read=lambda response: Trouble(response.status, wait=told))
    assert caught.value.wait == wait
