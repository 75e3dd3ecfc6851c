"""What all of Tripletex' objects share: bodies that are checked and kept, answers in its envelope, lists in pages."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse

from integrations.sandboxes.base import Sandbox, json_answer, json_body
from integrations.systems.tripletex.sandbox.objects import (
    DOCS,
    MODELS,
    PAGE,
    PATHS,
    READ_ONLY,
    Refused,
    Row,
    fits,
    invalid,
    parse,
    remark,
    unmappable,
)

TOO_MANY = 10_000


class Records(Sandbox):
    """The sandbox without its paths; what is kept stands in `state` by the name of its object."""

    @staticmethod
    def _envelope(refused: Refused) -> HttpResponse:
        request_id = str(uuid.uuid4())
        body = {
            "status": refused.status,
            "code": refused.code,
            "message": refused.message,
            "link": DOCS,
            "developerMessage": refused.developer or None,
            "validationMessages": refused.found or None,
            "requestId": request_id,
        }
        return json_answer(body, refused.status, x_tlx_request_id=request_id)

    # -- bodies ------------------------------------------------------------------------------------------

    def _body(self, request: HttpRequest, kind: str) -> Row:
        body = json_body(request)
        if not isinstance(body, dict):
            raise Refused(422, 22000, "Invalid JSON")
        self._check(kind, body, "")
        return body

    def _bodies(self, request: HttpRequest, kind: str) -> list[Row]:
        """Of a call that takes several at once."""
        bodies = json_body(request)
        if not isinstance(bodies, list) or not all(isinstance(body, dict) for body in bodies):
            raise Refused(422, 22000, "Invalid JSON")
        for body in bodies:
            self._check(kind, body, "")
        return bodies

    def _check(self, kind: str, body: Row, prefix: str) -> None:
        for name, value in body.items():
            if name in READ_ONLY:
                continue
            there = MODELS[kind].get(name)
            if there is None:
                raise unmappable(prefix + name, "Feltet eksisterer ikke i objektet.", path=None)
            if value is None:
                continue
            if not fits(there, value) and value not in self.state["newer"]:
                raise unmappable(prefix + name, "Verdien er ikke av korrekt type for dette feltet.")
            if isinstance(there, str) and there.startswith("["):
                for item in value:
                    if not isinstance(item, dict):
                        raise unmappable(prefix + name, "Verdien er ikke av korrekt type for dette feltet.")
                    self._check(there[1:-1], item, f"{prefix}{name}.")
            elif there in MODELS:
                self._check(there, value, f"{prefix}{name}.")

    @staticmethod
    def _no_id(body: Row) -> None:
        if "id" in body or "version" in body:
            raise invalid(remark("id", "An ID cannot be set when creating a new object"))

    def _stored(self, kind: str, body: Row) -> Row:
        """The body as it is kept: references by id. A reference without an id is a new object, which is refused for
        want of its name; but an occupation code without an id is quietly kept as nothing."""
        kept: Row = {}
        for name, value in body.items():
            if name in READ_ONLY:
                continue
            there = MODELS[kind][name]
            if there in PATHS and isinstance(value, dict):
                if "id" not in value:
                    if there != "OccupationCode":
                        raise invalid(remark(f"{name}.name", "Feltet kan ikke være tomt.", f"{name}.name"))
                    value = None
                elif not any(item["id"] == value["id"] for item in self.state[there]):
                    raise Refused(404, 6000, "Object not found", f"{there} {value['id']}")
                else:
                    value = value["id"]
            kept[name] = value
        return kept

    def _partial(self, kind: str, body: Row) -> Row:
        changed = {k: v for k, v in self._stored(kind, body).items() if k not in ("id", "version")}
        if not self.state["null_clears"]:
            changed = {k: v for k, v in changed.items() if v is not None or body.get(k) is not None}
        return changed

    @staticmethod
    def _guard(body: Row, old: Row) -> None:
        if body.get("id", old["id"]) != old["id"]:
            raise invalid(remark("id", "Stemmer ikke med adressen."))
        if body.get("version") is not None and body["version"] != old["version"]:
            raise Refused(409, 8000, "RevisionException")

    @staticmethod
    def _replace(old: Row, new: Row) -> None:
        """The version counts real changes only."""
        if {**new, "version": 0} != {**old, "version": 0}:
            old.update(new)
            old["version"] += 1

    # -- answers -----------------------------------------------------------------------------------------

    def _find(self, kind: str, pk: int) -> Row:
        found: Row | None = next((item for item in self.state[kind] if item["id"] == pk), None)
        if found is None:
            raise Refused(404, 6000, "Object not found")
        return found

    def _one(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        return json_answer({"value": self._shape(kind, self._find(kind, pk), request.GET.get("fields", ""))})

    def _list(self, request: HttpRequest, kind: str, rows: list[Row]) -> HttpResponse:
        first, size = self._whole(request, "from", 0), self._whole(request, "count", PAGE)
        if len(rows) > TOO_MANY:
            raise Refused(422, 23000, "Result set too large")
        sorting = request.GET.get("sorting", "").split(",")
        if any(s and s.strip().lstrip("-").split(".")[0] not in MODELS[kind] for s in sorting):
            raise Refused(422, 17000, "Illegal sorting")
        for name in reversed([s.strip() for s in sorting if s.strip() and "." not in s]):
            rows = sorted(rows, key=lambda row: str(row.get(name.lstrip("-")) or ""), reverse=name.startswith("-"))
        page = rows[first : first + size]
        more = len(rows) > first + len(page)
        body = {
            "fullResultSize": first + len(page) + (1 if more else 0),
            "from": first,
            "count": len(page),
            "versionDigest": None if kind == "Employment" else self._digest(rows),
            "values": [self._shape(kind, row, request.GET.get("fields", "")) for row in page],
        }
        return json_answer(body)

    @staticmethod
    def _whole(request: HttpRequest, name: str, default: int) -> int:
        text = request.GET.get(name, "")
        if text and not text.isdecimal():
            raise Refused(422, 15000, "Validering feilet.", "", [remark(name, "Verdien er ikke av korrekt type.")])
        return int(text or default)

    @staticmethod
    def _digest(rows: list[Row]) -> str:
        """A text by which a list is known to be unchanged (recorded on every list but that of employments)."""
        return hashlib.md5(json.dumps(rows, sort_keys=True).encode(), usedforsecurity=False).hexdigest()

    def _shape(self, kind: str, item: Any, fields: str = "") -> Row:
        """An object with the fields asked for; an object inside it is `id` and `url` unless its own are asked for."""
        asked = parse(fields) or {"*": ""}
        for name in asked:
            if name != "*" and name not in MODELS[kind]:
                message = f"Illegal field in fields filter: {name}. {name} does not match a field in the model"
                raise Refused(400, 11000, f"{message}: {kind}DTO")
        names = list(MODELS[kind]) if "*" in asked else list(asked)
        return {
            name: self._value(kind, item, name, asked.get(name, ""))
            for name in names
            if name not in self.state["hidden"]
            and (name != "url" or kind in PATHS)
            and (name != "maritimeEmployment" or item[name])  # recorded: of maritime employments alone
        }

    def _value(self, kind: str, item: Row, name: str, fields: str) -> Any:
        there = MODELS[kind][name]
        if name == "url":
            return f"tripletex.no/v2/{PATHS[kind]}/{item['id']}"
        if name == "displayName":
            return f"{item['firstName']} {item['lastName']}" if kind == "Employee" else item.get("name", "")
        if name == "userType":
            return None  # recorded: never shown
        if name == "companyId" and kind == "Employee":
            return self.state["company"]["id"]
        if name == "monthlySalary":
            return round((item["annualSalary"] or 0) / 12, 2)
        if name in ("employmentDetails", "employments"):
            inner = there[1:-1]
            key = "employment" if name == "employmentDetails" else "employee"
            rows = [r for r in self.state[inner] if r[key] == item["id"]]
            return [self._shape(inner, row, fields or "id,url") for row in rows]
        if name == "latestSalary":
            rows = [r for r in self.state[there] if r["employment"] == item["id"]]
            rows.sort(key=lambda r: str(r["date"]))
            return self._shape(there, rows[-1], fields or "id,url") if rows else None
        value = item.get(name)
        if there == "Company":
            return {"id": value, "url": f"tripletex.no/v2/company/{value}"}
        if there in PATHS and value is not None:
            linked = next((r for r in self.state[there] if r["id"] == value), None)
            if linked is None:
                return {"id": value, "url": f"tripletex.no/v2/{PATHS[there]}/{value}"}
            return self._shape(there, linked, fields or "id,url")
        return value
