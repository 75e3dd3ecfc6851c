"""Unimicro's identity server: client credentials, proven by a signed assertion ("authentication/server")."""

from __future__ import annotations

import hashlib
import math
import time
import uuid

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import Sandbox, json_answer, route

CLIENT_ID = "00000000-0000-4000-8000-000000000111"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPE = "AppFramework"
TOKEN_SECONDS = 3600
LONGEST_ASSERTION = 300

_SMALL_PRIMES = math.prod(n for n in range(3, 2000) if all(n % d for d in range(2, math.isqrt(n) + 1)))


def _prime(seed: str) -> int:
    """The first probable prime of 1024 bits above a number made from the seed; the same in every process."""
    digests = (hashlib.sha256(f"{seed}/{part}".encode()).digest() for part in range(4))
    number = int.from_bytes(b"".join(digests), "big") | (3 << 1022) | 1
    while math.gcd(number, _SMALL_PRIMES) != 1 or any(pow(base, number - 1, number) != 1 for base in (2, 3, 5)):
        number += 2
    return number


def key_of(client_id: str) -> rsa.RSAPrivateKey:
    """The sandbox's key pair for a client. It is worked out from the client id, so that the demo's processes and a
    restarted sandbox agree on it although it is stored nowhere. Worth nothing outside the sandbox."""
    p, q, e = _prime(f"{client_id}/p"), _prime(f"{client_id}/q"), 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(e, p * q)
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), rsa.rsa_crt_iqmp(p, q), public).private_key()


_KEY = key_of(CLIENT_ID)
PEM = _KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()


class Identity(Sandbox):
    # -- identity ------------------------------------------------------------------------------------------

    @staticmethod
    def _identity(request: HttpRequest) -> str:
        return f"{request.scheme}://{request.META['HTTP_HOST']}{request.path.rsplit('/identity/', 1)[0]}/identity"

    @route("GET", "identity/.well-known/openid-configuration")
    def discovery(self, request: HttpRequest) -> HttpResponse:
        base = self._identity(request)
        return json_answer({"issuer": base, "token_endpoint": f"{base}/connect/token"})

    @route("POST", "identity/connect/token")
    def token(self, request: HttpRequest) -> HttpResponse:
        form = request.POST
        if form.get("grant_type") != "client_credentials":
            return json_answer({"error": "unsupported_grant_type"}, 400)
        client = form.get("client_id", "")
        if client != CLIENT_ID or form.get("client_assertion_type") != ASSERTION_TYPE:
            return json_answer({"error": "invalid_client"}, 400)
        try:
            claims = jwt.decode(
                form.get("client_assertion", ""),
                _KEY.public_key(),
                algorithms=["RS256"],
                audience=f"{self._identity(request)}/connect/token",
                issuer=client,
                options={"require": ["jti", "sub", "iss", "aud", "iat", "exp", *(["nbf"] if self.strict else [])]},
            )
        except jwt.PyJWTError:
            return json_answer({"error": "invalid_client"}, 400)
        lives = claims["exp"] - claims["iat"]
        if claims["sub"] != client or claims["jti"] in self.state["jtis"] or lives > LONGEST_ASSERTION:
            return json_answer({"error": "invalid_client"}, 400)
        self.state["jtis"].append(claims["jti"])
        if form.get("scope") != SCOPE:
            return json_answer({"error": "invalid_scope"}, 400)
        made = f"at-{uuid.uuid4().hex}"
        self.state["tokens"][made] = time.time() + TOKEN_SECONDS
        return json_answer(
            {"access_token": made, "expires_in": TOKEN_SECONDS, "token_type": "Bearer", "scope": SCOPE},
            Cache_Control="no-store",
        )
