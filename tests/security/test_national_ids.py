"""Every form of a national id of the four countries is masked, wherever it stands; ordinary numbers stay readable."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from django.forms.models import model_to_dict
from hypothesis import given
from hypothesis import strategies as st

from integrations.sdk.masking import Masker
from positions.audit import shown
from positions.privacy.national_ids import MASK, luhn, masked, masked_strictly
from synclog.engine import actions
from synclog.models import Event
from tests.synclog.world import new_world

DAYS = st.dates(date(1900, 1, 1), date(2030, 12, 31))
SERIAL = st.integers(0, 99_999)
NORWAYS_SIGNS = st.sampled_from(["", " ", "-", "  ", "\u00a0", "–", " - ", "/", "."])
SURROUNDED = st.sampled_from(
    [
        "{}",
        "Fnr {} is unknown.",
        "({})",
        '{{"id": "{}"}}',
        "<a>{}</a>",
        "unknown: {}.",
        "id={}&x=1",
        "{}, {}",
        "no-{}",
        "q=%20{}",
        "fnr{}",
        "på{} é{}",
        "Unknown: SE{}",
        "Not found:\n{}",
        "a\t{}\r\n",
        '{{"message": "Not found:\\n{}"}}',
        '{{"message": "\\t{}", "other": "\\u00a0{}\\r\\n{}"}}',
        "A\u00a0{}",
        "{}/{}",
    ]
)


def check_digit(nine: str) -> str:
    return next(str(d) for d in range(10) if luhn(f"{nine}{d}"))


@st.composite
def norwegian(draw: Any) -> str:
    day, month, year = draw(DAYS).strftime("%d %m %y").split()
    day = f"{int(day) + draw(st.sampled_from([0, 40])):02}"
    month = f"{int(month) + draw(st.sampled_from([0, 20, 40, 65, 80])):02}"
    return f"{day}{month}{year}{draw(NORWAYS_SIGNS)}{draw(SERIAL):05}"


@st.composite
def swedish(draw: Any) -> str:
    born = draw(DAYS)
    day = born.day + draw(st.sampled_from([0, 60]))
    nine = f"{born:%y%m}{day:02}{draw(st.integers(0, 999)):03}"
    number = nine + check_digit(nine)
    century = draw(st.sampled_from(["", f"{born.year // 100}"]))
    return f"{century}{number[:6]}{draw(st.sampled_from(['', '-', '+', ' ']))}{number[6:]}"


@st.composite
def finnish(draw: Any) -> str:
    born, sign = draw(DAYS), draw(st.sampled_from("YXWVUABCDEF+-"))
    serial = draw(st.integers(2, 999))
    check = "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(f"{born:%d%m%y}{serial:03}") % 31]
    found = f"{born:%d%m%y}{sign}{serial:03}{check}"
    return draw(st.sampled_from([found, found.lower()]))


@st.composite
def danish(draw: Any) -> str:
    """With the check digit, and without it for those born on 1 January, whose numbers had run out."""
    born = draw(DAYS)
    if draw(st.booleans()):
        born = born.replace(month=1, day=1)
        serial = draw(st.integers(0, 9999))
        return f"{born:%d%m%y}{draw(st.sampled_from(['', '-', ' ']))}{serial:04}"
    weights = (4, 3, 2, 7, 6, 5, 4, 3, 2)
    for serial in range(draw(st.integers(0, 900)), 1000):
        nine = f"{born:%d%m%y}{serial:03}"
        rest = -sum(int(d) * w for d, w in zip(nine, weights, strict=True)) % 11
        if rest < 10:
            return f"{born:%d%m%y}{draw(st.sampled_from(['', '-', ' ']))}{serial:03}{rest}"
    raise AssertionError("one of twenty has a check digit")


@given(st.one_of(norwegian(), swedish(), finnish(), danish()), SURROUNDED)
def test_every_form_is_masked_everywhere(number: str, around: str) -> None:
    text = around.format(*[number] * around.count("{}"))
    for hide in (masked, masked_strictly, Masker().words, Masker().text, shown):
        assert number not in hide(text) and MASK in hide(text), (hide, text)


@pytest.mark.parametrize(
    "number",
    [
        "02049077777",  # no check digit fits: whoever is refused may have mistyped it
        "131052-308T",
        "131052A308T",
        "010190Y123X",
        "19640823-3234",
        "640823+3234",
        "6408233234",
        "196408233234",
        "701063-2391",
        "0101651234",
        "01.01.1990-12345",
        "01/01/90 - 12345",
        "640823–3234",
        "19640823\u00a03234",
    ],
)
def test_known_examples(number: str) -> None:
    assert masked(f"{number}.") == f"{MASK}."


@pytest.mark.parametrize(
    "text",
    [
        "organization 974760673",
        "organization 556123-4567, 5561234567, 16556123-4567",
        "company 1234567-8",
        "2026-01-31T14:02:07+01:00",
        "20260615-140207",
        "crona-lon-20260615-140207-3.pax",
        "employee 1042, record 77123456, invoice 99999999999",
        "amount 120590.50, 1.02",
        "123e4567-e89b-12d3-a456-020490777770 and 02049077-1212-4123-8123-123456789012",
        "trace 4bf92f3577b34da6a3ce929d0e0e4736",
        "timestamp 1767225600 1767225600123",
        "phone +47 22 00 00 00",
        "occupation 2511102, 7412101",
        "version 10.20.300",
        "IBAN NO9386011117947",
        "VAT SE556123456701, DK12345678",
        "hash ab12f01019012345",
        "31.12.2026 12345",
    ],
)
def test_ordinary_numbers_stay_readable(text: str) -> None:
    assert masked(text) == text


@given(st.integers(10**9, 10**10 - 1))
def test_of_plain_numbers_of_ten_digits_only_what_passes_its_check_is_masked(number: int) -> None:
    text = str(number)
    if masked(text) != text:
        weights = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
        modulus = sum(int(d) * w for d, w in zip(text, weights, strict=True)) % 11 == 0
        assert luhn(text) or modulus or text[:4] == "0101"


def test_recorded_calls_also_hide_bank_accounts() -> None:
    assert Masker().text("konto 86011117947") == f"konto {MASK}"
    assert Masker().words("record 86011117947") == "record 86011117947"


@given(
    st.recursive(
        st.integers(10**9, 10**12)
        | st.integers(-(10**11), -(10**9))
        | st.text()
        | st.sampled_from(['a: "6408233234", ']),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=6,
    ).filter(lambda value: isinstance(value, list | dict)),
)
def test_a_body_can_still_be_read(value: Any) -> None:
    for hide in (masked, masked_strictly):
        json.loads(hide(json.dumps(value)))


def test_a_number_of_a_body_becomes_a_text() -> None:
    body = json.dumps({"cpr": 101651234, "ssn": 6408233234, "said": 'no "6408233234", sorry', "sum": -6408233234})
    assert json.loads(masked(body)) == {
        "cpr": 101651234, "ssn": MASK, "said": f'no "{MASK}", sorry', "sum": -6408233234,
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("other", ["14038512345", "140385-1234", "131052A308T", "6408233234"])
def test_a_refusal_that_names_somebody_else_is_kept_without_the_number(
    other: str, sandbox_server: Any, settings: Any
) -> None:
    settings.ALLOW_PRIVATE_TARGETS = True
    world = new_world(sandbox_server)
    integration = world.connect("tripletex")
    position = world.save(occupation_code="7412101", working_hours_scheme="not_shift", remuneration_type="monthly")
    said = {"status": 422, "body": json.dumps({"code": 18000, "message": f"Overlaps with the employment of {other}."})}
    # The session is refused in the system's own form, by either method; then, within a session, the data.
    for cause, times in (("not_authorized", 2), ("refused_by_target", 1)):
        world.fail(integration, **said, times=times)
        world.drain(integration)
        job, attempt = world.job(integration, position), world.attempt(integration, position)
        assert job.cause == cause
        assert MASK in f"{job.message} {job.vendor_text}" and "Overlaps" in f"{job.message} {job.vendor_text}"
        kept = [model_to_dict(job), model_to_dict(attempt), model_to_dict(integration), *Event.objects.values()]
        assert other not in str(kept)
        actions.resume(integration, "test")
        world.drain(integration)
        position.percentage = 50
        position.save()


@pytest.mark.parametrize(
    "text",
    ["[Error] {} not found", "{{'fnr': '{}'}}", '{{"m": "a"}}\n{}', '[1] {} said "x"', "{{broken {}}}"],
)
@pytest.mark.parametrize("number", ["010190-12345", "010190A1234", "19640823-3234"])
def test_what_only_begins_like_json_is_masked_too(text: str, number: str) -> None:
    assert number not in masked(text.format(number))
    assert number not in masked_strictly(text.format(number))


def test_two_in_a_row_are_two() -> None:
    assert masked("01019012345-02029012345, 01019012345.02029012345") == f"{MASK}-{MASK}, {MASK}.{MASK}"
