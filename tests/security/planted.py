"""What targets hold beside the position, planted into every answer of a sandbox."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree.ElementTree import SubElement, tostring

from defusedxml.ElementTree import fromstring
from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import Sandbox

PLANTED: dict[str, Any] = {
    "annualSalary": 765_432_100,
    "hourlyWage": "7654321.08",
    "taxCard": {"id": "Plantedtax", "percentage": 765_432_103, "code": "Plantedtax"},
    "bankAccountNo": "Plantedbank",
    "homeAddress": {"value": "Plantedstreet", "number": 765_432_104, "description": "Plantedstreet"},
    "bornOn": "1985-03-19",
    "children": [{"id": 765_432_105, "name": "Plantedchild", "Code": "Plantedchild"}],
    "sickLeave": [{"value": "Plantedillness", "status": "Plantedillness", "message": "Plantedillness"}],
}
LOOKED_FOR = re.compile(r"7654321|Planted|1985-03-19")


def enriched(value: Any) -> Any:
    if isinstance(value, list):
        return [enriched(one) for one in value]
    if isinstance(value, dict):
        return {name: enriched(one) for name, one in value.items()} | PLANTED
    return value


def without(value: Any) -> Any:
    if isinstance(value, list):
        return [without(one) for one in value]
    return {k: without(v) for k, v in value.items() if k not in PLANTED} if isinstance(value, dict) else value


def enrich(response: HttpResponse) -> None:
    content = response.content
    if content[:1] in (b"{", b"["):
        response.content = json.dumps(enriched(json.loads(content))).encode()
    elif content[:1] == b"<" and b"<html" not in content.lower():
        root = fromstring(content)
        for element in list(root.iter()):
            if len(element):
                SubElement(element, "salary").text = "7654321"
                child = SubElement(SubElement(element, "children"), "netvisorkey")
                child.text, element.attrib["bank"] = "765432105", "Plantedbank"
        response.content = tostring(root)


def plant(monkeypatch: Any) -> None:
    """Every answer holds more than it should; what is sent back of it, the sandbox does not look at."""
    answer = Sandbox.respond

    def respond(self: Sandbox, request: HttpRequest, path: str) -> HttpResponse:
        if request.body[:1] in (b"{", b"["):
            request._body = json.dumps(without(json.loads(request.body))).encode()
        response = answer(self, request, path)
        length = response.headers.get("Content-Length")
        enrich(response)
        if length:  # of a broken-off answer
            response.headers["Content-Length"] = str(len(response.content) + 100)
        return response

    monkeypatch.setattr(Sandbox, "respond", respond)
