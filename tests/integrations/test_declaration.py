"""A field brings its settings, and the system has them all: what a declaration need not say twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from integrations.sdk.declaration import System
from integrations.sdk.declared_field import Field, Locked, place_table
from integrations.sdk.fields import BY_KEY, FIELDS
from integrations.sdk.settings import Kind, Setting, code_table, switch
from tests.integrations.systems import made_up

FORMS = (("P", "Permanent"), ("T", "Temporary"))


def system(*fields: Field, **overrides: Any) -> System:
    given = {f.ours for f in fields}
    return made_up(
        fields=fields, unsupported={f.key: "There is none." for f in FIELDS if f.key not in given}, **overrides
    )


def test_an_opt_in_is_named_after_its_field() -> None:
    [setting] = Field("cost_centre", "cc", opt_in=switch(on=True, help="It is looked up.")).settings
    assert (setting.name, setting.label) == ("send_cost_centre", "Send the cost centre")
    assert (setting.kind, setting.default, setting.help) == (Kind.BOOLEAN, True, "It is looked up.")
    [named] = Field("cost_centre", "cc", opt_in=switch("as_location", "As location")).settings
    assert (named.name, named.label, named.default) == ("as_location", "As location", False)


def test_a_table_and_a_default_offer_the_choices_of_their_field() -> None:
    default = Setting(name="form", label="Form of positions without one", default="P")
    declared = Field("contract_type", "form", choices=FORMS, table=code_table("forms"), default_setting=default)
    offered, table = declared.settings
    assert (offered.kind, offered.choices, offered.default) == (Kind.CHOICE, FORMS, "P")
    assert (table.label, table.rows, table.choices) == ("Contract types", BY_KEY["contract_type"].codes, FORMS)
    free = Field("company", "unit", table=code_table("units", "Sub-units"), default_setting=default)
    assert free.settings == (default, replace(code_table("units"), label="Sub-units")), "a text, and keys to type"


def test_the_form_goes_by_field_and_has_each_setting_once() -> None:
    empty = switch("empty_at_end", "Empty it at the end")
    found = system(
        Field(
            "start_date", "from", opt_in=switch(), always_by=switch("follow"), beside=(Setting(name="at", label=""),)
        ),
        Field("title", "job", cleared_by=empty, locked=Locked("fixed", "job", "it stays", lifted_by=switch("lift"))),
        Field("department", "unit", cleared_by=empty),
        settings=(Setting(name="own", label="Own"),),
    )
    assert [s.name for s in found.settings] == ["own", "lift", "send_start_date", "follow", "at", "empty_at_end"]
    assert replace(found, name="Other").settings == found.settings


def test_every_field_of_ours_is_told_of_in_our_order() -> None:
    found = system(Field("end_date", "to"), Field("title", "job"))
    assert [f.ours for f in found.fields] == [f.key for f in FIELDS]
    assert found.field("title").supported and found.field("manager").unsupported == "There is none."
    with pytest.raises(ValueError, match="declare each of our fields once"):
        made_up(unsupported={"title": "It is sent and not sent."})
    with pytest.raises(ValueError, match="one of our fields"):
        made_up(unsupported={"shoe_size": "Nobody asks."})


def test_what_a_connection_sends() -> None:
    assert Field("title", "job").sent({})
    optional = Field("title", "job", opt_in=switch())
    assert not optional.sent({}) and optional.sent({"send_title": True})
    assert not Field("title", unsupported="There is none.").sent({})


def test_a_field_goes_to_the_free_place_that_is_chosen_for_it() -> None:
    places = place_table("places", "Places", ("percentage", "weekly_hours"), ("a1", "a2"), help="")
    hours, percentage = (Field(ours, "a1–2", opt_in=places) for ours in ("weekly_hours", "percentage"))
    assert hours.settings == percentage.settings == (places,)
    chosen = {"places": {"weekly_hours": "a2"}}
    assert (hours.sent(chosen), hours.place(chosen)) == (True, "a2")
    assert not percentage.sent(chosen) and not hours.sent({"places": ""}) and not hours.sent({})
    assert [s for s in system(hours, percentage).settings if s.name == "places"] == [places]
