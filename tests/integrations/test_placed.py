"""Where a value was written and what was written beside it, told by the settings of then and of now. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from integrations.planning.placed import where_it_goes_now, written_as, written_otherwise
from integrations.planning.planner import Sent
from integrations.sdk.values import Wanted
from integrations.systems.entra_id.declaration import SYSTEM as ENTRA
from integrations.systems.xledger.declaration import SYSTEM as XLEDGER

TODAY = date(2026, 6, 15)
SETTINGS: dict[str, Any] = {
    "free_texts": {"occupation_code": "text1"},
    "department_object": "glObject1",
    "title_kind": "7",
}
VALUES = {"occupation_code": "5223101", "department": "BUT1", "title": "Kokk", "probation_end": date(2026, 7, 1)}


def sent(**written: list[str]) -> Sent:
    return Sent("1", VALUES, terms={"title": [(date(2026, 1, 1), "Kokk")]}, written_as=written)


def test_what_the_value_does_not_tell_is_kept_with_it() -> None:
    found = written_as(XLEDGER, {**SETTINGS, "department_kind": "Avdeling"}, {**VALUES, "weekly_hours": None})
    assert found == {
        "occupation_code": ["text1", ""],
        "department": ["glObject1 / Avdeling", ""],
        "title": ["7", ""],
    }


def test_what_went_elsewhere_was_never_written_where_it_goes_now() -> None:
    kept = sent(**written_as(XLEDGER, SETTINGS, VALUES))
    assert where_it_goes_now(XLEDGER, SETTINGS, kept) == kept
    now = where_it_goes_now(XLEDGER, {**SETTINGS, "free_texts": {"occupation_code": "text2"}, "title_kind": "8"}, kept)
    assert set(now.values) == {"department", "probation_end"} and not now.terms
    assert where_it_goes_now(XLEDGER, {**SETTINGS, "title_kind": ""}, kept).values == VALUES, "it is not sent any more"


def test_where_it_went_is_not_known_of_what_was_sent_before_it_was_kept() -> None:
    unknown = sent()
    assert where_it_goes_now(XLEDGER, {**SETTINGS, "title_kind": "8"}, unknown) is unknown


@pytest.mark.parametrize(
    ("end", "leave_time", "again"),
    [
        (date(2026, 12, 31), "20:00", {"end_date"}),
        (date(2026, 12, 31), "23:00", set()),
        (date(2026, 6, 14), "20:00", set()),
    ],
)
def test_what_goes_along_is_written_again_unless_its_day_is_over(end: date, leave_time: str, again: set[str]) -> None:
    before = {"send_leave_date": True, "leave_time": "23:00"}
    values = {"end_date": end}
    kept = Sent("1", values, written_as=written_as(ENTRA, before, values))
    wanted = Wanted("1", values, frozenset(), date(2026, 1, 1))
    assert written_otherwise(ENTRA, {**before, "leave_time": leave_time}, wanted, kept, TODAY) == again
    assert written_otherwise(ENTRA, {**before, "leave_time": leave_time}, wanted, None, TODAY) == set()
