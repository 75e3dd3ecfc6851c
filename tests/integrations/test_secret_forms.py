"""No secret leaves in any form: encoded, escaped, folded, quoted by a library that refuses it."""

from __future__ import annotations

import base64
import html
import json
import logging
import re
import traceback
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from config.logging import TextFormatter
from integrations.models import Integration
from integrations.sdk.errors import DataRefusedError, NotAuthorizedError, UnavailableError
from integrations.sdk.masking import MASK, Masker
from integrations.sdk.settings import Kind
from integrations.settings_form import ConnectionForm
from integrations.systems.registry import connectors
from tests.factories import OrganizationFactory
from tests.integrations.test_http import bad, client  # noqa: F401
from tests.systems.kit import PERSON, Rig

SECRET = 'kø"y/+&<b>=\\4711 s3cr3t'
KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\nEFAASCBKcwggSjAgEAAoIBAQ\n-----END PRIVATE KEY-----\n"
FORMS = {
    "as it is": SECRET,
    "in an address": quote(SECRET, safe=""),
    "in an address, slashes left": quote(SECRET),
    "in a form": quote_plus(SECRET),
    "in small hexadecimal": re.sub("%..", lambda found: found[0].lower(), quote(SECRET, safe="")),
    "in JSON": json.dumps(SECRET),
    "in JSON, letters left": json.dumps(SECRET, ensure_ascii=False),
    "in a program's words": repr(SECRET),
    "in a page": html.escape(SECRET),
    "in base64": base64.b64encode(SECRET.encode()).decode(),
    "in base64 of addresses": base64.urlsafe_b64encode(SECRET.encode()).decode(),
    **{
        f"in base64 after {user}": base64.b64encode(f"{user}:{SECRET}".encode()).decode()
        for user in ("", "a", "ab", "abc")
    },
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_masked(form: str) -> None:
    """All of it but the ends in base64, which others have a part in."""
    masker = Masker([SECRET])
    left = masker.words(f"x {FORMS[form]} y")
    assert MASK in left and "s3cr3t" not in left
    assert FORMS[form][8:-8] not in left


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\n ", "\\n", " ", ""])
def test_a_key_of_several_lines_is_masked_line_by_line(break_: str) -> None:
    left = Masker([KEY]).words(KEY.replace("\n", break_))
    assert "MIIE" not in left and "EFAA" not in left


@pytest.mark.parametrize(
    "text",
    [
        "{'token': 'hunter2hunter2', 'id': 5}",
        "Grant(token='hunter2hunter2', seconds=5)",
        """{'token': "it's hunter2hunter2", 'id': 5}""",
        """Grant(token="it's hunter2hunter2", seconds=5)""",
        '{"body": "{\\"access_token\\": \\"hunter2hunter2\\", \\"id\\": 5}"}',
        "Max retries exceeded with url: /auth?token=hunter2hunter2&id=5 (Caused by x)",
    ],
)
def test_whatever_its_name_gives_away_is_masked(text: str) -> None:
    left = Masker().text(text)
    assert "hunter2" not in left and "5" in left


def test_the_log_shows_no_secret_of_a_connection_in_use() -> None:
    """Whoever writes the line, and without a name beside it."""
    masker = Masker([SECRET])
    for said in FORMS.values():
        line = TextFormatter().format(logging.LogRecord("x", logging.ERROR, "x", 1, "it broke: %s", (said,), None))
        assert "s3cr3t" not in line and said[8:-8] not in line
    assert masker.words("x") == "x"


@pytest.mark.parametrize("value", ["s3cr3t\nsecond", "s3cr3t\r\nX-Other: 1", " s3cr3t-first", "s3cr3t-ø\u2713"])
def test_what_no_header_can_carry_is_told_without_it(bad: str, value: str, caplog: Any) -> None:  # noqa: F811
    caplog.set_level(logging.DEBUG)
    http = client(bad)
    http.masker.add(value)
    with pytest.raises((NotAuthorizedError, UnavailableError)) as caught:
        http.get("x", headers={"Ocp-Apim-Subscription-Key": value})
    told = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(http.take_exchanges())
    assert "s3cr3t" not in told


@pytest.mark.parametrize("address", ["http://[s3cr3t", "http://a b/?token=s3cr3t-value", "http://x:s3cr3t/"])
def test_an_address_that_cannot_be_called_is_told_without_it(bad: str, address: str) -> None:  # noqa: F811
    with pytest.raises(UnavailableError) as caught:
        client(bad).get(address)
    assert "s3cr3t" not in "".join(traceback.format_exception(caught.value))


def test_a_token_in_an_address_is_nowhere(sandbox_server: Any, caplog: Any) -> None:
    """Finago's stands in its query: in the record, in what a failed connection says, in the lines of libraries."""
    caplog.set_level(logging.DEBUG)
    caplog.handler.setFormatter(TextFormatter())
    rig = Rig(sandbox_server, "finago", PERSON, {}, known=True)
    token = rig.credentials["token"]
    connector: Any = rig.connector()
    connector.check()
    connector.http.base_url = "http://127.0.0.1:9/x"  # nobody is there
    with pytest.raises(UnavailableError) as caught:
        connector.tokens.prove()
    told = "".join(traceback.format_exception(caught.value))
    logging.getLogger("urllib3.connectionpool").debug('%s://%s "GET %s"', "http", "h", f"/auth?token={token}")
    logging.getLogger("urllib3.connectionpool").warning("Retrying: %r", OSError(f"/auth?token={token}"))
    logging.getLogger("anybody").warning("Failed: %s", {"params": {"token": token}})
    calls = connector.http.take_exchanges()
    assert any("/auth?token=" in call.url for call in calls) and "Retrying" in caplog.text
    for text in (told, caplog.text, repr(calls)):
        assert token not in text and quote(token, safe="") not in text
    connector.close()


def test_an_e_mail_address_in_the_words_of_a_system_is_masked() -> None:
    said = DataRefusedError(
        "x", vendor_text="The user kari.nordmann@example.com (a%40b.example) exists already"
    ).vendor_text
    assert said == f"The user {MASK} ({MASK}) exists already"


@pytest.mark.django_db
@pytest.mark.parametrize("key", sorted(k for k, c in connectors().items() if c.system.credentials))
def test_a_credential_of_several_lines_is_refused(key: str) -> None:
    """But for those that are keys in PEM form. Blanks around one are taken away."""
    system = connectors()[key].system
    secrets = [s for s in system.credentials if s.kind is not Kind.LONG_SECRET]
    for sign in ("\n", "\r\n", "\t", "\x7f", "\u2028"):
        typed = {f"credential__{s.name}": f"abc{sign}def" for s in secrets}
        form = ConnectionForm(Integration(system_key=key, organization=OrganizationFactory()), typed)
        assert not form.is_valid()
        for secret in secrets:
            [told] = form.errors[f"credential__{secret.name}"][:1]
            assert "abc" not in told
