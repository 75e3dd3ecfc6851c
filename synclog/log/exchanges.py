"""Calls as people may see them: masked once more with what is secret now, readable, and as a curl command."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from defusedxml import minidom
from django.utils.translation import gettext as _

from integrations.models import Integration
from integrations.sdk.kept import Kept
from integrations.sdk.masking import MASK, Masker
from integrations.sdk.settings import Kind
from integrations.sdk.wording import say
from positions.nesting import shallow
from synclog.log.sentences import at

# Of the transport, not of the question: curl sets its own.
_NOT_IN_CURL = {"accept-encoding", "connection", "content-length", "user-agent"}


@dataclass(frozen=True, slots=True)
class Shown:
    method: str
    url: str
    status: int
    tone: str
    outcome: str
    milliseconds: int
    time: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: str
    response_headers: tuple[tuple[str, str], ...]
    response_body: str
    curl: str


def masker_of(integration: Integration, national_id: str = "") -> Masker:
    """Knows every secret of the connection. What was kept is masked already; this is the second lock."""
    secret = (Kind.SECRET, Kind.LONG_SECRET)
    masker = Masker(
        str(integration.credentials.get(s.name, "")) for s in integration.system.credentials if s.kind in secret
    )
    masker.add(*_strings(integration.vault), national_id)
    return masker


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str) and len(value) >= 12:
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)


def only_kept(exchange: Mapping[str, Any], kept: Kept) -> dict[str, Any]:
    """A call as it was stored, without what is not kept any more."""
    refused = exchange.get("status", 0) >= 400
    return {
        **exchange,
        "url": kept.address(exchange.get("url", "")),
        "request_body": kept.body(exchange.get("request_body", ""), _media_type(exchange, "request_headers")),
        "response_body": kept.body(
            exchange.get("response_body", ""), _media_type(exchange, "response_headers"), refused=refused
        ),
    }


def _media_type(exchange: Mapping[str, Any], headers: str) -> str:
    return next((v for k, v in exchange.get(headers, {}).items() if k.lower() == "content-type"), "")


def shown(exchanges: Iterable[Any], masker: Masker, zone: Any) -> list[Shown]:
    """Of `Exchange`s, or of the dicts that they were stored as."""
    return [_shown(e if isinstance(e, dict) else dataclasses.asdict(e), masker, zone) for e in exchanges]


def _shown(exchange: Mapping[str, Any], masker: Masker, zone: Any) -> Shown:
    status = exchange["status"]
    headers = masker.headers(exchange["request_headers"].items())
    url, body = masker.text(exchange["url"]), masker.text(exchange["request_body"])
    return Shown(
        method=exchange["method"],
        url=url,
        status=status,
        tone="danger" if not status or status >= 400 else "success",
        outcome=str(status) if status else say(exchange.get("error") or "") or _("no answer"),
        milliseconds=exchange["milliseconds"],
        time=f"{at(exchange['at']).astimezone(zone):%H:%M:%S}",
        request_headers=tuple(headers.items()),
        request_body=pretty(body),
        response_headers=tuple(masker.headers(exchange["response_headers"].items()).items()),
        response_body=pretty(masker.text(exchange["response_body"])),
        curl=curl(exchange["method"], url, headers, body),
    )


def pretty(body: str) -> str:
    """JSON and XML with line breaks; anything else, and what was cut off, as it is."""
    text = body.strip()
    if text[:1] in ("{", "["):
        try:
            return json.dumps(json.loads(shallow(text)), indent=2, ensure_ascii=False)
        except ValueError:
            return body
    if text[:1] == "<":
        try:
            lines = minidom.parseString(text).toprettyxml(indent="  ").splitlines()
        except Exception:  # whatever a parser may say of foreign text
            return body
        return "\n".join(line for line in lines if line.strip())
    return body


def curl(method: str, url: str, headers: Mapping[str, str], body: str) -> str:
    """To be pasted into a shell once the secrets, which are masked, are filled in."""
    parts = [f"curl -X {method} {shlex.quote(url)}"]
    parts += [f"-H {shlex.quote(f'{k}: {v}')}" for k, v in headers.items() if k.lower() not in _NOT_IN_CURL]
    if body:
        parts.append(f"--data-raw {shlex.quote(body)}")
    return " \\\n  ".join(parts)


__all__ = ["MASK", "Shown", "masker_of", "only_kept", "pretty", "shown"]
