"""Access tokens: kept in the vault, got by one thread of one process at a time, renewed once when they are refused.

A connector says `self.http.auth = self.tokens = Tokens(self.http, self._sign_in)` in `setup`; how its system is asked
for a token, and what a refusal of that means, is all that it writes itself.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

import requests
from requests.auth import AuthBase

from integrations.sdk import texts
from integrations.sdk.errors import UnavailableError
from integrations.sdk.http import Http, Response

EARLY_SECONDS = 60.0
LONGEST_TOKEN = 16_000  # no server takes a longer header
UNTOLD_SECONDS = 600.0  # what a token is taken to last if the answer does not say


@dataclass(frozen=True, slots=True)
class Grant:
    """What a sign-in got. `seconds` is the token's lifetime, None: until it is refused.

    `keep` goes into the vault with the token: a refresh token, say. Names of secrets in it end in "token".
    """

    token: str = field(repr=False)
    seconds: float | None
    keep: Mapping[str, str] = field(default_factory=dict, repr=False)


def oauth_grant(response: Response, *names: str, **keep: str) -> Grant:
    """The grant in an OAuth answer (RFC 6749, 5.1); its token is "" if there is none.

    `keep` is kept along, and so is what the answer holds under `names` ("" where both are silent).
    """
    answer = response.json_object()
    try:
        seconds = float(answer.get("expires_in") or 0)
    except (TypeError, ValueError, OverflowError):
        seconds = 0.0
    told = {name: str(answer[name]) for name in names if answer.get(name)}
    return Grant(
        str(answer.get("access_token") or ""),
        seconds if 0 < seconds < float("inf") else UNTOLD_SECONDS,
        {**dict.fromkeys(names, ""), **keep, **told},
    )


def fingerprint(*parts: str) -> str:
    """Tells whether the same was entered, without keeping it."""
    return sha256("\n".join(parts).encode()).hexdigest()


class _Held(NamedTuple):
    token: str
    expires_at: float | None


class Tokens(AuthBase):
    """Signs the calls of one connection; shared by the threads of a turn.

    sign_in   asks the system for a token, with all that the vault holds (whoever's it is). Its calls are unsigned
              (`sign=False`) and write nothing (`write=False`)
    made_for  what a token depends on besides the connection's credentials and addresses: a setting with scopes
    header    the token -> the value of the header Authorization
    early     a token is renewed so many seconds before its end, at half its life if that is later
    """

    def __init__(
        self,
        http: Http,
        sign_in: Callable[[Mapping[str, Any]], Grant],
        *,
        made_for: Sequence[str] = (),
        header: Callable[[str], str] = "Bearer {}".format,
        early: float = EARLY_SECONDS,
    ) -> None:
        self._context, self._masker = http.context, http.masker
        self._sign_in, self._header, self._early = sign_in, header, early
        entered = (self._context.credentials, self._context.urls)
        self._made_for = fingerprint(json.dumps([*(sorted(e.items()) for e in entered), *made_for]))
        self._signing_in = threading.Lock()
        self._held: _Held | None = None
        self._used = threading.local()  # the token of this thread's last call

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header(self.get())
        return request

    def get(self) -> str:
        """The token for this thread's next call."""
        held = self._held
        if held is None or not self._lasts(held.expires_at):
            held = self._other_than("")
        self._used.token = held.token
        return held.token

    def renew(self) -> None:
        """Takes another token than the one that this thread used last: that one was refused."""
        self._other_than(self._used.token)

    def prove(self) -> None:
        """Signs in whatever is kept, for *Test connection* to see whether the credentials are still taken."""
        with self._signing_in, self._context.vault.exclusive():
            self._held = self._new(self._load())

    def kept(self, name: str) -> str:
        """What is kept under this name for these very credentials, "" if nothing is."""
        return str(self._ours(self._load()).get(name) or "")

    def keep(self, name: str, value: str) -> None:
        """Keeps something besides the token for as long as the credentials are the same; "" forgets it."""
        with self._signing_in, self._context.vault.exclusive():
            ours = self._ours(self._load())
            if ours.get(name, "") != value:
                self._context.vault.save({**ours, name: value, "made_for": self._made_for})

    def _other_than(self, refused: str) -> _Held:
        """What another thread or process has got meanwhile, or a new one."""
        with self._signing_in:
            if self._held is None or self._held.token == refused or not self._lasts(self._held.expires_at):
                with self._context.vault.exclusive():
                    kept = self._load()
                    token, expires_at = self._ours(kept).get("access_token", ""), kept.get("expires_at", 0)
                    usable = token not in ("", refused) and self._lasts(expires_at)
                    self._held = _Held(token, expires_at) if usable else self._new(kept)
            return self._held

    def _new(self, kept: Mapping[str, Any]) -> _Held:
        """Saved before it is used: a refresh token that came along may be the only way back in."""
        grant = self._sign_in(kept)
        if len(grant.token) > LONGEST_TOKEN or not re.fullmatch(r"[!-~]+", grant.token):
            raise UnavailableError(texts.NO_TOKEN())
        now, seconds = self._context.now().timestamp(), grant.seconds
        expires_at = None if seconds is None else now + max(seconds - self._early, seconds / 2)
        values = {
            **self._ours(kept),
            **grant.keep,
            "access_token": grant.token,
            "expires_at": expires_at,
            "made_for": self._made_for,
        }
        self._mask(values)
        self._context.vault.save(values)
        # One that comes expired by our clock is used until it is refused all the same: clocks differ.
        return _Held(grant.token, expires_at if self._lasts(expires_at) else None)

    def _load(self) -> Mapping[str, Any]:
        kept = self._context.vault.load()
        self._mask(kept)
        return kept

    def _ours(self, kept: Mapping[str, Any]) -> Mapping[str, Any]:
        return kept if kept.get("made_for") == self._made_for else {}

    def _lasts(self, expires_at: float | None) -> bool:
        return expires_at is None or self._context.now().timestamp() < expires_at

    def _mask(self, values: Mapping[str, Any]) -> None:
        """Every token, and the access token in the form in which the header carries it."""
        tokens = [str(value) for name, value in values.items() if name.endswith("token")]
        if values.get("access_token"):
            tokens.append(self._header(str(values["access_token"])).rpartition(" ")[2])
        self._masker.add(*tokens)
