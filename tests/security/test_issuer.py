"""What comes from an OpenID issuer is taken only when all of it is right: over real HTTP, with real keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import time
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from positions.accounts import issuer as ours
from positions.admin import sign_in as pages
from positions.models import FederatedIdentity
from tests.factories import MemberFactory, UserFactory
from tests.issuer import Claims, Issuer, key_named, public_pem
from tests.security.test_second_factor import inside, password_given, person

pytestmark = pytest.mark.django_db

BEGIN, BACK, ARRIVED = "/admin/sign-in/begin/", "/admin/sign-in/callback/", "/admin/sign-in/arrived/"
EVIL = ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]


def connected(issuer: Issuer, user: Any = None, subject: str = "") -> Any:
    user = user or UserFactory(username="kari", email="kari@example.com")
    FederatedIdentity.objects.create(user=user, issuer=issuer.address, subject=subject or issuer.claims["sub"])
    return user


def connected_kari(issuer: Issuer) -> Any:
    """Without a password, an admin."""
    user = connected(issuer)
    user.set_unusable_password()
    user.save()
    MemberFactory(user=user, role="admin")
    return user


@pytest.fixture
def kari(issuer: Issuer) -> Any:
    return connected_kari(issuer)


def there(client: Client, **query: str) -> str:
    """Begins a sign-in: the address at the issuer."""
    answer = client.get(BEGIN, query)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer.headers["Location"])


def path_of(address: str) -> str:
    place = urlsplit(address)
    assert place.netloc == "testserver"
    return f"{place.path}?{place.query}"


def sign_in(issuer: Issuer, client: Client | None = None, **query: str) -> tuple[Client, Any]:
    """All of it, as a browser does it: the browser, and the answer to the way back."""
    client = client or Client()
    return client, client.get(path_of(issuer.back(there(client, **query))))


def changed(address: str, **query: str) -> str:
    place = urlsplit(address)
    return f"{place.path}?{urlencode({**dict(parse_qsl(place.query)), **query})}"


# -- as it should be


def test_whoever_is_connected_signs_in_and_goes_where_they_wanted(issuer: Issuer, kari: Any) -> None:
    client, answer = sign_in(issuer, next="/admin/positions/employee/?q=a")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/positions/employee/?q=a")
    assert inside(client)
    assert client.get("/admin/login/").status_code == 302


def test_a_sign_in_gets_a_new_session(issuer: Issuer, kari: Any) -> None:
    client = Client()
    address = there(client)
    before = client.session.session_key
    client.get(path_of(issuer.back(address)))
    assert inside(client) and client.session.session_key != before
    assert not client.session.exists(str(before))


@pytest.mark.parametrize("then", EVIL)
def test_it_leads_nowhere_else(issuer: Issuer, kari: Any, then: str) -> None:
    _, answer = sign_in(issuer, next=then)
    assert answer.headers["Location"] == "/admin/"


def test_each_sign_in_has_its_own_secrets(issuer: Issuer) -> None:
    client = Client()
    first, second = (parse_qs(urlsplit(there(client)).query) for _ in range(2))
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]
    assert first["redirect_uri"] == ["http://testserver/admin/sign-in/callback/"]


def test_new_keys_of_the_issuer_are_taken(issuer: Issuer, kari: Any) -> None:
    assert inside(sign_in(issuer)[0])
    issuer.kid, issuer.published = "two", ["one", "two"]
    assert inside(sign_in(issuer)[0])


def test_its_metadata_is_asked_for_once_an_hour(issuer: Issuer, kari: Any) -> None:
    for _ in range(2):
        sign_in(issuer)
    assert issuer.asked.count("/.well-known/openid-configuration") == 1 and issuer.asked.count("/keys") == 1


@pytest.mark.parametrize("ways", [None, ["client_secret_basic"], ["client_secret_basic", "client_secret_post"]])
def test_the_secret_is_given_as_the_issuer_takes_it(issuer: Issuer, kari: Any, ways: Any) -> None:
    issuer.metadata["token_endpoint_auth_methods_supported"] = ways
    assert inside(sign_in(issuer)[0])
    assert not issuer.by_header if ways and len(ways) == 2 else issuer.by_header


# -- tokens that prove nothing


def refused(answer: Any) -> None:
    assert answer.status_code == 403 and "Not signed in" in answer.content.decode()
    assert answer.headers["Cache-Control"].count("no-store")


def without(name: str) -> Any:
    return lambda claims: claims.pop(name)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda c: c.update(nonce="another"), id="another nonce"),
        pytest.param(without("nonce"), id="no nonce"),
        pytest.param(lambda c: c.update(iss="https://evil.example"), id="another issuer"),
        pytest.param(without("iss"), id="no issuer"),
        pytest.param(lambda c: c.update(aud="another-client"), id="another audience"),
        pytest.param(lambda c: c.update(aud=["another-client"]), id="others as audience"),
        pytest.param(lambda c: c.update(aud=["position-sync", "other"], azp="other"), id="made for another"),
        pytest.param(lambda c: c.update(aud="other", azp="position-sync"), id="for another, made for us"),
        pytest.param(without("aud"), id="no audience"),
        pytest.param(lambda c: c.update(exp=int(time.time()) - 120), id="expired"),
        pytest.param(without("exp"), id="without an end"),
        pytest.param(lambda c: c.update(iat=int(time.time()) + 600), id="from the future"),
        pytest.param(without("sub"), id="nobody"),
        pytest.param(lambda c: c.update(sub=""), id="an empty subject"),
        pytest.param(lambda c: c.update(sub=["248289761001"]), id="a list of subjects"),
        pytest.param(lambda c: c.update(at_hash="AAAAAAAAAAAAAAAAAAAAAA"), id="of another access token"),
        pytest.param(lambda c: c.update(_claim_names=5), id="names of claims that are none"),
        pytest.param(lambda c: c.update(auth_time=float("inf")), id="seen at the end of time"),
        pytest.param(lambda c: c.update(auth_time=float("nan")), id="seen at no time"),
    ],
)
def test_claims_that_are_not_right_sign_nobody_in(issuer: Issuer, kari: Any, spoil: Any) -> None:
    issuer.spoil = spoil
    client, answer = sign_in(issuer)
    refused(answer)
    assert not inside(client)


def jws(payload: bytes) -> str:
    return str(jwt.api_jws.encode(payload, key_named("one"), "RS256", {"kid": "one"}))


def _hs256_with_the_public_key(claims: Claims) -> str:
    # PyJWT refuses to sign so: by hand, as an attacker would.
    def part(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    signed = part(json.dumps({"alg": "HS256", "kid": "one"}).encode()) + b"." + part(json.dumps(claims).encode())
    return (signed + b"." + part(hmac.new(public_pem("one"), signed, hashlib.sha256).digest())).decode()


@pytest.mark.parametrize(
    "sign",
    [
        pytest.param(lambda c: jwt.encode(c, "", "none"), id="unsigned"),
        pytest.param(lambda c: jwt.encode(c, "", "none", {"kid": "one"}), id="unsigned, with a key's name"),
        pytest.param(_hs256_with_the_public_key, id="HS256 with the public key"),
        pytest.param(lambda c: jwt.encode(c, Issuer.client_secret * 2, "HS256"), id="HS256"),
        pytest.param(lambda c: jwt.encode(c, key_named("x"), "RS256", {"kid": "x"}), id="an unknown key"),
        pytest.param(lambda c: jwt.encode(c, key_named("x"), "RS256", {"kid": "one"}), id="a key under another's name"),
        pytest.param(
            lambda c: jwt.encode(c, key_named("one"), "RS256", {"kid": "one"})[:-8] + "AAAAAAAA", id="changed"
        ),
        pytest.param(lambda c: "a.b.c", id="no token"),
        pytest.param(lambda c: "", id="nothing"),
        pytest.param(lambda c: None, id="null"),
        pytest.param(lambda c: 7, id="a number"),
        pytest.param(lambda c: {"alg": "none"}, id="an object"),
        pytest.param(lambda c: jws(b"[1]"), id="a list"),
        pytest.param(lambda c: jws(b"\xff"), id="bytes"),
    ],
)
def test_signatures_that_are_not_the_issuers_sign_nobody_in(issuer: Issuer, kari: Any, sign: Any) -> None:
    issuer.sign = sign
    client, answer = sign_in(issuer)
    refused(answer)
    assert not inside(client)


def test_an_answer_without_an_id_token_signs_nobody_in(issuer: Issuer, kari: Any) -> None:
    body = {"access_token": "a", "token_type": "Bearer"}
    issuer.answers["/token"] = lambda handler: handler.send_json(200, body)
    client, answer = sign_in(issuer)
    refused(answer)
    assert not inside(client)


# -- answers that belong to another sign-in


def test_an_answer_counts_once(issuer: Issuer, kari: Any) -> None:
    client = Client()
    back = path_of(issuer.back(there(client)))
    assert client.get(back).status_code == 302
    client.post("/admin/logout/")
    refused(client.get(back))
    assert not inside(client)


def test_another_browser_cannot_use_it(issuer: Issuer, kari: Any) -> None:
    back = path_of(issuer.back(there(Client())))
    thief = Client()
    there(thief)
    refused(thief.get(back))
    assert not inside(thief)


def test_a_made_up_state_is_refused(issuer: Issuer, kari: Any) -> None:
    client = Client()
    back = issuer.back(there(client))
    for state in ("", "x", "' OR 1=1"):
        refused(client.get(changed(back, state=state)))
    assert not inside(client) and "/token" not in issuer.asked


def test_a_code_of_another_sign_in_is_refused(issuer: Issuer, kari: Any) -> None:
    """Somebody gets another person's code and puts it behind their own state: PKCE and nonce are those of another."""
    stolen = dict(parse_qsl(urlsplit(issuer.back(there(Client()))).query))["code"]
    client = Client()
    refused(client.get(changed(issuer.back(there(client)), code=stolen)))
    assert not inside(client)


def test_an_answer_of_another_issuer_is_refused(issuer: Issuer, kari: Any) -> None:
    client = Client()
    refused(client.get(changed(issuer.back(there(client)), iss="https://evil.example")))
    assert "/token" not in issuer.asked and not inside(client)


def test_who_breaks_it_off_there_is_told_so_and_nothing_of_the_address_is_repeated(issuer: Issuer) -> None:
    issuer.cancels = True
    client = Client()
    back = changed(issuer.back(there(client)), error_description="call 555-1234")
    answer = client.get(back)
    assert answer.status_code == 403 and "was cancelled there" in answer.content.decode()
    assert "555-1234" not in answer.content.decode()
    assert "belongs to no sign-in" in client.get(back).content.decode()  # once


# -- an issuer that does not answer as one


def unreachable(answer: Any) -> None:
    assert answer.status_code == 503 and "does not answer" in answer.content.decode()


def drip(handler: Any) -> None:
    """A right answer, byte by byte: each comes soon enough for a limit of single reads."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(15):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)
    right = {"/keys": {"keys": handler.issuer.keys()}}.get(handler.path, handler.issuer.document())
    handler.wfile.write(json.dumps(right).encode())


def huge(handler: Any) -> None:
    """A right answer behind eight megabytes of blanks."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(64):
        handler.wfile.write(b" " * 2**17)
    right = {"/keys": {"keys": handler.issuer.keys()}}.get(handler.path, handler.issuer.document())
    handler.wfile.write(json.dumps(right).encode())


def elsewhere(handler: Any) -> None:
    handler.send_response(302)
    handler.send_header("Location", f"http://{handler.headers['Host']}/elsewhere")
    handler.end_headers()


def half(handler: Any) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{")


def silent(handler: Any) -> None:
    half(handler)
    time.sleep(1)


BROKEN = [
    pytest.param(half, id="half"),
    pytest.param(silent, id="silent"),
    pytest.param(lambda handler: handler.send_json(500, {}), id="broken"),
    pytest.param(lambda handler: handler.send(200, "text/html", b"<h1>Hello</h1>"), id="a page"),
    pytest.param(lambda handler: handler.connection.close(), id="cut off"),
    pytest.param(drip, id="slow"),
    pytest.param(huge, id="huge"),
    pytest.param(elsewhere, id="elsewhere"),
]


@pytest.mark.parametrize("answer", BROKEN)
def test_broken_metadata_is_said(issuer: Issuer, monkeypatch: Any, answer: Any) -> None:
    monkeypatch.setattr(ours, "SECONDS", 0.8)
    issuer.answers["/.well-known/openid-configuration"] = answer
    unreachable(Client().get(BEGIN))
    assert "/elsewhere" not in issuer.asked


@pytest.mark.parametrize("place", ["/token", "/keys"])
@pytest.mark.parametrize("answer", BROKEN)
def test_broken_answers_sign_nobody_in(issuer: Issuer, kari: Any, monkeypatch: Any, answer: Any, place: str) -> None:
    monkeypatch.setattr(ours, "SECONDS", 0.8)
    issuer.answers[place] = answer
    client, answered = sign_in(issuer)
    assert answered.status_code in (403, 503) and not inside(client)
    assert "/elsewhere" not in issuer.asked


@pytest.mark.parametrize("body", [[], "x", 7, None, {}, {"keys": 7}, {"keys": [7]}, {"keys": [{}]}, {"keys": []}])
def test_what_is_not_of_the_form_signs_nobody_in(issuer: Issuer, kari: Any, body: Any) -> None:
    for place in ("/token", "/keys", "/.well-known/openid-configuration"):
        ours._app.cache_clear()
        issuer.answers = {place: lambda handler: handler.send_json(200, body)}
        client = Client()
        begun = client.get(BEGIN)
        assert begun.status_code == (503 if "well-known" in place else 302)
        if begun.status_code == 302:
            client.get(path_of(issuer.back(begun.headers["Location"])))
        assert not inside(client)


def test_an_issuer_that_is_down_is_said(issuer: Issuer, settings: Any) -> None:
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    unreachable(Client().get(BEGIN))
    assert "Sign in with Fjell ID" in Client().get("/admin/login/").content.decode()


def test_few_call_it_at_once_and_the_others_are_told(issuer: Issuer, monkeypatch: Any) -> None:
    """Else an issuer that hangs would keep every thread of the web process."""
    monkeypatch.setattr(ours, "PATIENCE", 0.05)
    for _ in range(ours.AT_ONCE):
        ours._turns.acquire()
    try:
        unreachable(Client().get(BEGIN))
    finally:
        for _ in range(ours.AT_ONCE):
            ours._turns.release()
    assert there(Client())


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param({"issuer": "https://evil.example"}, id="another's name"),
        pytest.param({"issuer": None}, id="no name"),
        pytest.param({"token_endpoint": None}, id="an address is missing"),
        pytest.param({"authorization_endpoint": "javascript:alert(1)"}, id="an address that is none"),
    ],
)
def test_metadata_of_somebody_else_is_not_taken(issuer: Issuer, metadata: Any) -> None:
    issuer.metadata = metadata
    unreachable(Client().get(BEGIN))


def test_what_metadata_says_beside_that_is_no_option_of_our_calls(issuer: Issuer, kari: Any) -> None:
    issuer.metadata |= {"verify": False, "proxies": {"http": "http://127.0.0.1:9"}, "trust_env": False}
    assert inside(sign_in(issuer)[0])


# -- who guesses, and what is left


def test_nobody_begins_without_end(issuer: Issuer, monkeypatch: Any) -> None:
    monkeypatch.setattr(pages, "MOST", 3)
    here = Client(REMOTE_ADDR="203.0.113.77")
    assert [here.get(BEGIN).status_code for _ in range(4)] == [302, 302, 302, 429]
    assert Client(REMOTE_ADDR="203.0.113.78").get(BEGIN).status_code == 302


def test_begun_sign_ins_do_not_pile_up(issuer: Issuer, kari: Any) -> None:
    """Each lies in the database, and whoever begins one is nobody yet. The newest are good, in tabs side by side."""
    client = Client()
    begun = [there(client) for _ in range(ours.TOGETHER + 3)]
    assert sum("state" in name for name, _ in client.session.items()) == ours.TOGETHER
    refused(client.get(path_of(issuer.back(begun[2]))))
    assert client.get(path_of(issuer.back(begun[3]))).status_code == 302 and inside(client)


def test_codes_secrets_and_tokens_are_in_no_line_of_the_log(issuer: Issuer, kari: Any, caplog: Any) -> None:
    tokens: list[str] = []
    issuer.sign = lambda claims: (tokens.append(issuer.signed(claims)), tokens[-1])[1]
    with caplog.at_level(logging.DEBUG):
        client = Client()
        back = issuer.back(there(client))
        client.get(path_of(back))
        issuer.spoil = lambda claims: claims.update(nonce="another")
        sign_in(issuer)
    told = "\n".join(
        f"{line.getMessage()} {line.exc_text or ''}" for line in caplog.records if "urllib3" not in line.name
    )
    code = dict(parse_qsl(urlsplit(back).query))["code"]
    assert len(tokens) == 2
    for secret in (issuer.client_secret, code, *tokens, *(token.split(".")[2] for token in tokens)):
        assert secret not in told


def test_without_an_issuer_there_is_no_page_of_it(settings: Any) -> None:
    client = password_given(person())
    for half in ({}, {"OIDC_ISSUER": "https://id.example.com"}, {"OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "y"}):
        for name in ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"):
            setattr(settings, name, half.get(name, ""))
        for browser in (client, Client()):
            for address in (BEGIN, BACK, ARRIVED, "/admin/sign-in/confirmed/"):
                assert browser.get(address).status_code == 404
        assert client.get("/admin/sign-in/").status_code == 404
        assert "/admin/sign-in/" not in client.get("/admin/").content.decode()
        assert "/admin/sign-in/" not in Client().get("/admin/login/").content.decode()
    assert get_user_model().objects.count() == 1
