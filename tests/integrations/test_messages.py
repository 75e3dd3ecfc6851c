"""What is said, as data and in words."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.sdk import messages, wording
from integrations.sdk.messages import Message, Text, in_full, packed, said_of, unpacked
from integrations.sdk.params import FieldName, Label, Span
from integrations.sdk.wording import in_words


@pytest.fixture(autouse=True)
def own_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that a test makes is no text of the product."""
    monkeypatch.setattr(messages, "TEXTS", dict(messages.TEXTS))


def say(pattern: str, **params: Any) -> str:
    return str(Text(f"test.{abs(hash(pattern))}", pattern)(**params))


@pytest.mark.parametrize(
    ("pattern", "value", "words"),
    [
        ("{x}", "Fortnox", "Fortnox"),
        ("{x}", 3, "3"),
        ("{x}", None, ""),
        ("{x}", Decimal("80.00"), "80"),
        ("{x}", Decimal("37.50"), "37.5"),
        ("{x}", date(2026, 3, 1), "1 Mar 2026"),
        ("{x}", datetime(2026, 3, 1, 9, 14, tzinfo=UTC), "1 Mar 2026 09:14"),
        ("{x}", Span(date(2026, 1, 1), date(2026, 12, 31)), "1 Jan 2026 – 31 Dec 2026"),
        ("{x}", Span(date(2026, 1, 1)), "from 1 Jan 2026"),
        ("{x}", FieldName("occupation_code"), "Occupation code"),
        ("has no {x:lower}", FieldName("occupation_code"), "has no occupation code"),
        ("{x}", FieldName("never_heard_of"), "Never heard of"),
        ("{x:cap} there", Label("employees"), "Employees there"),
        ("{x}", ("a",), "a"),
        ("{x}", ("a", "b", "c"), "a, b and c"),
        ("{x:or}", ("a", "b"), "a or b"),
        ("{x:comma}", ("a", "b"), "a, b"),
        ("{x}", (), ""),
        ("{x}", (FieldName("title"), Decimal("1.0")), "Title and 1"),
        ("{x}", "{system} and {0} and %s", "{system} and {0} and %s"),  # what a system says is never a pattern
    ],
)
def test_what_stands_in_it_is_put_into_words(pattern: str, value: Any, words: str) -> None:
    assert say(pattern, x=value) == words


def test_the_parts_are_apart_and_together() -> None:
    text = Text("test.parts", "{x} is so.", remedy="Change {x}.", next="{x} waits.", cause="c", field="title")
    words = in_words(text(x="It"))
    assert (words.why, words.remedy, words.next) == ("It is so.", "Change It.", "It waits.")
    assert str(text(x="It")) == "It is so. Change It. It waits."
    assert in_full(said_of(text(x="A"), None, text(x="B"))).startswith("A is so. Change A. A waits. B is so.")


def test_in_another_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text, and those of its parameters that are ours, are translated; a system's own words are not."""
    words = {"{what} is refused.": "{what} avvises.", "Title": "Stilling", "and": "og", "the wage": "lønnen"}
    text = Text("test.language", "{what} is refused.")
    message = text(what=(FieldName("title"), Label("the wage"), "and"))
    monkeypatch.setattr(wording, "READER", wording.Language(lambda english: words.get(english, english)))
    assert in_words(message).why == "Stilling, lønnen og and avvises."


def test_a_message_in_a_message() -> None:
    inner = Text("test.inner", "{x} is empty.", remedy="Fill it in.")
    outer = Text("test.outer", "Not sent: {why}")
    assert str(outer(why=inner(x=FieldName("title")))) == "Not sent: Title is empty. Fill it in."


def test_a_text_takes_what_it_names_and_nothing_else() -> None:
    text = Text("test.names", "{a} {b:lower}", remedy="{c}")
    with pytest.raises(ValueError, match="takes"):
        text(a="", b="")
    with pytest.raises(ValueError, match="takes"):
        text(a="", b="", c="", d="")
    assert text(a="", b="", c="").text is text


def test_an_id_is_one_text() -> None:
    Text("test.once", "One.")
    Text("test.once", "One.")
    with pytest.raises(ValueError, match=r"test\.once"):
        Text("test.once", "Another.")


def test_an_old_row_whose_text_is_gone_can_be_read() -> None:
    old = Message.from_json({"id": "gone.long_ago", "params": {"record": "1042", "on": {"day": "2026-03-01"}}})
    assert old.text is None
    assert str(old) == "gone.long_ago (1042, 1 Mar 2026)"


def test_an_old_row_may_lack_what_its_text_names_today() -> None:
    Text("test.grown", "{system} refuses {what}.")
    assert str(Message.from_json({"id": "test.grown", "params": {"system": "Fortnox"}})) == "Fortnox refuses ."


@pytest.mark.parametrize(
    "kept",
    [
        {"day": "[erased]"},
        {"number": "[erased]"},
        {"moment": "?"},
        {"span": ["[erased]", None]},
        {"of a later kind": 7},
    ],
)
def test_what_was_erased_or_is_not_known_is_shown_as_it_is(kept: dict[str, Any]) -> None:
    message = Message.from_json({"id": "as_written", "params": {"text": kept}})
    assert isinstance(message.params["text"], str)
    assert str(message)


PARAMS: st.SearchStrategy[Any] = st.deferred(
    lambda: (
        st.none()
        | st.text()
        | st.integers(-(10**9), 10**9)
        | st.builds(Label, st.text())
        | st.builds(lambda code: Label("{a} ({b})", a=Label("a"), b=code), st.text())
        | st.sampled_from(["title", "end_date"]).map(FieldName)
        | st.decimals(allow_nan=False, allow_infinity=False)
        | st.dates()
        | st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(fold=0))  # UTC has no hour twice
        | st.builds(Span, st.dates(), st.none() | st.dates())
        | st.lists(PARAMS, max_size=3).map(tuple)
        | st.builds(Message, st.just("as_written"), st.fixed_dictionaries({"text": st.text()}))
    )
)


@settings(deadline=None, suppress_health_check=list(HealthCheck))  # a busy machine is no fault of it
@given(st.dictionaries(st.sampled_from(["system", "field", "why", "record"]), PARAMS, max_size=4))
def test_it_comes_back_from_json_as_it_was(params: dict[str, Any]) -> None:
    message = Message("test.any", params)
    [back] = unpacked(json.loads(json.dumps(packed([message]))))
    assert back == message
    assert [type(value) for value in back.params.values()] == [type(value) for value in params.values()]
    assert str(back) == str(message)


def test_texts_of_others_are_hidden_wherever_they_stand() -> None:
    inner = Message("as_written", {"text": "secret"})
    message = Message(
        "x", {"a": "secret", "b": ("secret", 3), "c": inner, "d": Label("secret"), "e": FieldName("title")}
    )
    hidden = message.hiding(lambda text: text.replace("secret", "•••"))
    assert hidden.params["a"] == "•••" and hidden.params["b"] == ("•••", 3)
    assert hidden.params["c"].params["text"] == "•••"
    assert (hidden.params["d"], hidden.params["e"]) == (Label("secret"), FieldName("title"))


def test_the_settings_it_speaks_of() -> None:
    inner, outer = Text("test.token", "No.", setting="api_key"), Text("test.around", "{why}", setting="sub_units")
    assert list(outer(why=inner()).settings) == ["sub_units", "api_key"]
    assert list(Text("test.none", "{why}")(why="x").settings) == []
