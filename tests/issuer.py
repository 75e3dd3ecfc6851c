"""An OpenID issuer on loopback, written from OpenID Connect Core 1.0, Discovery 1.0 and RFC 7636: real HTTP, real keys.
It knows nothing of the library by which we sign in, and does what a test tells it to do wrong.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

Claims = dict[str, Any]


@cache
def key_named(kid: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(kid: str) -> bytes:
    found = key_named(kid).public_key()
    return found.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _jwk(kid: str) -> dict[str, Any]:
    return {**jwt.algorithms.RSAAlgorithm.to_jwk(key_named(kid).public_key(), as_dict=True), "kid": kid, "use": "sig"}


class Issuer:
    """`claims`: of whoever is signed in there now, since `signed_in_at`. `spoil` may change an ID token before it is
    signed, `sign` signs it, `answers` stands in for what an address would answer (called with its handler)."""

    client_id, client_secret = "position-sync", "s3cret:with/odd+letters"

    def __init__(self, address: str) -> None:
        self.address = address
        self.asked: list[str] = []
        self.forget()

    def forget(self) -> None:
        self.claims: Claims = {"sub": "248289761001", "given_name": "Kari", "family_name": "Nordmann"}
        self.claims |= {"email": "kari@example.com", "email_verified": True}
        self.signed_in_at = int(time.time()) - 3600
        self.kid = "one"
        self.published = ["one"]
        self.metadata: dict[str, Any] = {}
        self.spoil: Callable[[Claims], None] = lambda claims: None
        self.sign: Callable[[Claims], str] = self.signed
        self.answers: dict[str, Callable[[Any], None]] = {}
        self.asks_anew = True
        self.cancels = False
        self._codes: dict[str, dict[str, str]] = {}
        self.asked.clear()

    def signed(self, claims: Claims) -> str:
        return jwt.encode(claims, key_named(self.kid), "RS256", {"kid": self.kid})

    def document(self) -> dict[str, Any]:
        found = {"issuer": self.address, "response_types_supported": ["code"], "subject_types_supported": ["public"]}
        for name, place in (("authorization_endpoint", "authorize"), ("token_endpoint", "token"), ("jwks_uri", "keys")):
            found[name] = f"{self.address}/{place}"
        # Some list these: none of them is to be taken.
        found["id_token_signing_alg_values_supported"] = ["RS256", "HS256", "none"]
        return {**found, **self.metadata}

    def keys(self) -> list[dict[str, Any]]:
        return [_jwk(kid) for kid in self.published]

    def settings(self) -> dict[str, str]:
        """Of an installation that names it."""
        client = {"OIDC_CLIENT_ID": self.client_id, "OIDC_CLIENT_SECRET": self.client_secret}
        return {"OIDC_ISSUER": self.address, "OIDC_NAME": "Fjell ID", **client}

    # -- the person's browser

    def back(self, address: str) -> str:
        """Where a browser is sent that came to this address."""
        answer = requests.get(address, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def authorize(self, query: dict[str, str]) -> str:
        assert query["client_id"] == self.client_id and query["response_type"] == "code"
        assert query["redirect_uri"].endswith("/admin/sign-in/callback/"), "not registered"
        assert query["code_challenge_method"] == "S256" and len(query["code_challenge"]) == 43
        assert "openid" in query["scope"].split()
        assert len(query["state"]) > 20 and len(query["nonce"]) > 10
        if self.cancels:
            return f"{query['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': query['state']})}"
        if self.asks_anew and (query.get("prompt") == "login" or query.get("max_age") == "0"):
            self.signed_in_at = int(time.time())
        code = secrets.token_urlsafe(24)
        self._codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    # -- the client

    def token(self, authorization: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        given = [form.get("client_id", ""), form.get("client_secret", "")]
        self.by_header = bool(authorization)
        if authorization:
            given = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":", 1)
        if given != [self.client_id, self.client_secret]:
            return 401, {"error": "invalid_client"}
        query = self._codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if query is None or challenge.decode().rstrip("=") != query["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        assert form["redirect_uri"] == query["redirect_uri"] and form["grant_type"] == "authorization_code"
        now = int(time.time())
        claims = {"iss": self.address, "aud": self.client_id, "iat": now, "exp": now + 300, "nonce": query["nonce"]}
        claims |= {**self.claims, "auth_time": self.signed_in_at}
        self.spoil(claims)
        return 200, {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "id_token": self.sign(claims)}


class _Handler(BaseHTTPRequestHandler):
    issuer: Issuer

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        if self._instead(place.path):
            return
        if place.path == "/.well-known/openid-configuration":
            self.send_json(200, self.issuer.document())
        elif place.path == "/keys":
            self.send_json(200, {"keys": self.issuer.keys()})
        elif place.path == "/authorize":
            query = {name: values[0] for name, values in parse_qs(place.query).items()}
            self.send_response(302)
            self.send_header("Location", self.issuer.authorize(query))
            self.end_headers()
        elif place.path == "/page":  # for a browser, which is to see that it was there
            link = html.escape(f"/authorize?{place.query}")
            self.send(200, "text/html", f'<h1>The issuer</h1><a href="{link}">Sign in</a>'.encode())
        else:
            self.send_json(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if not self._instead(self.path):
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self.send_json(*self.issuer.token(self.headers.get("Authorization", ""), form))

    def _instead(self, path: str) -> bool:
        self.issuer.asked.append(path)
        answer = self.issuer.answers.get(path)
        if answer is not None:
            answer(self)
        return answer is not None

    def send_json(self, status: int, body: Any) -> None:
        self.send(status, "application/json", json.dumps(body).encode())

    def send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None: ...


@contextmanager
def running() -> Iterator[Issuer]:
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    handler.issuer = found = Issuer(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
