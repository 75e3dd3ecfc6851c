"""Walks every address of the product, whatever the URL resolver holds, and every form on every page.

`plant` gives one organization a row of each model, each with the same unusual primary key and the canary in its words:
so one number fills every parameter of every address, and never by chance means an object of somebody else. A model that
nobody plants fails the test: new models join the walk by being made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit
from uuid import UUID

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.template.response import SimpleTemplateResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from integrations.models import (
    EmployeeLink,
    ExportFile,
    ExportRecord,
    Integration,
    Occupation,
    OccupationRegister,
    PeriodLink,
)
from integrations.sandboxes.server import sandboxes
from positions.models import (
    AuditEntry,
    Change,
    ChangeFeed,
    GroupRole,
    IdempotencyKey,
    Import,
    ImportPiece,
    Invitation,
    Organization,
    Terms,
)
from synclog.models import (
    Attempt,
    Batch,
    BatchError,
    DriftCheck,
    DriftRow,
    DriftSchedule,
    Event,
    Forecast,
    ForecastRow,
    Job,
    Lease,
    Mail,
    MailChoice,
    Notice,
    Question,
    Resync,
    RetroChange,
    Webhook,
    WebhookDelivery,
)  # fmt: skip
from tests.factories import (
    ApiKeyFactory,
    CompanyFactory,
    DepartmentFactory,
    EmployeeFactory,
    MemberFactory,
    OrganizationFactory,
    PositionFactory,
    UserFactory,
)
from tests.said import kept as said

CANARY = "Zyxwvut"
# What is searched for in its stead, so that a page that repeats the question shows no canary.
PART = "Zyxw"
PK = 900_001
OURS = ("positions", "integrations", "synclog")

# Of the process or of one user, of no organization (tests/security/test_second_factor.py).
UNOWNED = {
    "AddressChange",
    "SharedPlace",
    "SharedRate",
    "Heartbeat",
    "SecondFactor",
    "SelfMadeUser",
    "SentForm",
    "LanguageChoice",
    "FederatedIdentity",
}

_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>|\(\?P<(\w+)>[^)]*\)")


# -- the organization that must not be seen


def _told() -> dict[str, Any]:
    about = {"job": PK, "integration": PK, "system": CANARY, "employee": PK, "position": PK, "action": "create"}
    came = {"state": "failed", "cause": CANARY, "field": CANARY, "warning": False}
    return {"type": "job.failed", "timestamp": "2026-03-01T09:14:02Z", "data": {**about, **came}}


def plant() -> Organization:
    """An organization with one row of each model, all with the primary key PK."""
    now = timezone.now()
    organization = OrganizationFactory(pk=PK, name=f"{CANARY} AS")
    own = str(PK)  # an id of the client's, where an address names one
    department = DepartmentFactory(pk=PK, organization=organization, code=f"{CANARY}1", name=CANARY, external_id=own)
    company = CompanyFactory(pk=PK, organization=organization, name=CANARY, organization_number="", external_id=own)
    employee = EmployeeFactory(
        pk=PK,
        organization=organization,
        first_name=CANARY,
        last_name=CANARY,
        email=f"{CANARY}@example.com",
        number=f"{CANARY}7",
        department=department,
        company=company,
        external_id=own,
        national_id=f"{CANARY}-id",
    )
    position = PositionFactory(
        pk=PK,
        employee=employee,
        title=CANARY,
        external_id=own,
        note=CANARY,
        department=department,
        contract_type="casual",  # has no counterpart in the connection below: it is kept back
        end_date=None,
        end_reason="",
    )
    Terms.objects.create(pk=PK, position=position, title=CANARY, cost_centre=CANARY, department=department)
    user = UserFactory(pk=PK, username=CANARY, email=f"{CANARY}@example.org", first_name=CANARY)
    member = MemberFactory(pk=PK, organization=organization, user=user, role="admin")
    invitation = Invitation(
        pk=PK, organization=organization, email=f"{CANARY}@example.net", role="editor", invited_by=user
    )
    invitation.issue()
    invitation.save()
    GroupRole.objects.create(pk=PK, organization=organization, group=CANARY, role="viewer")
    ApiKeyFactory(pk=PK, organization=organization, name=CANARY, owner=user, created_by=user)
    IdempotencyKey.objects.create(
        pk=PK, organization=organization, key_hash="k", request_hash="r", status=200, body={"title": CANARY}
    )
    Change.objects.create(
        pk=PK, organization=organization, turn=1, kind="employee", object_key=PK, employee_key=PK, external_id=CANARY,
        operation="updated",
    )  # fmt: skip
    ChangeFeed.objects.create(organization=organization, last=1)
    Import.objects.create(
        pk=PK, uuid=UUID(int=PK), organization=organization, user=user, kind="employees", state="checked",
        problem=CANARY, columns=["number", "first_name"], managers={"waiting": [CANARY], "coming": []}, total=2,
        created=1, updated=1, refused=1, follows={CANARY: 1}, changed={"first_name": 1}, asked_at=now, moved_at=now,
    )  # fmt: skip
    row = {"line": 2, "cells": [CANARY, CANARY], "values": {"number": CANARY}, "errors": {"number": [CANARY]}}
    row |= {"changes": {"first_name": [CANARY, CANARY]}}
    ImportPiece.objects.create(pk=PK, part_of_id=PK, number=0, refused=1, updated=1, content={"rows": [row]})
    integration = Integration(
        pk=PK,
        organization=organization,
        system_key="netvisor",
        name=CANARY,
        credentials=dict.fromkeys(sandboxes()["netvisor"].credentials, f"{CANARY}-credential"),
        settings=dict(sandboxes()["netvisor"].settings),
        vault={"token": CANARY},
        stopped_said=said(CANARY),
        retry_said=said(CANARY),
        paused_by=CANARY,
    )
    integration.switch(True)
    integration.save()
    integration.companies.add(company)
    EmployeeLink.objects.create(pk=PK, integration=integration, employee_key=PK, remote_id=CANARY, label=CANARY)
    PeriodLink.objects.create(
        pk=PK, integration=integration, employee_key=PK, position_key=PK, remote_id=CANARY, values={"title": CANARY}
    )
    register = OccupationRegister.objects.create(pk=PK, integration=integration, tried_at=now, fetched_at=now)
    Occupation.objects.create(pk=PK, register=register, code=CANARY, title=CANARY, folded=CANARY.lower())
    file = ExportFile.objects.create(pk=PK, integration=integration, made_at=now, fetched_by=CANARY)
    ExportRecord.objects.create(pk=PK, file=file, employee_key=PK, record={"name": CANARY})
    Lease.objects.update_or_create(integration=integration, defaults={"owner": CANARY, "host": CANARY})
    Resync.objects.create(integration=integration, at=now, total=1, by=CANARY)
    Batch.objects.create(
        pk=PK, organization=organization, keys=b"", total=1, off=[CANARY], origin="api", by=CANARY, asked_at=now,
        moved_at=now, done_at=now, cancelled_by=CANARY, reason=CANARY,
    )  # fmt: skip
    BatchError.objects.create(
        pk=PK, batch_id=PK, integration=integration, employee_key=PK, position_key=PK, cause="title", said=said(CANARY)
    )
    DriftCheck.objects.create(
        pk=PK, integration=integration, by=CANARY, asked_at=now, due_at=now, moved_at=now, begun_at=now, read_at=now,
        done_at=now, counts={"equal": 1, "differs": 1}, there=1, employees=1, total=1,
    )  # fmt: skip
    DriftSchedule.objects.create(integration=integration, every="daily", hour=6)
    differs = {"field": "title", "remote": CANARY, "kind": "differs", "here": CANARY, "there": CANARY}
    DriftRow.objects.create(
        pk=PK, part_of_id=PK, employee_key=PK, position_key=PK, remote_id=CANARY, kind="differs", said=said(CANARY),
        differs={"fields": [{**differs, "since": None, "stays": None}]},
    )  # fmt: skip
    Forecast.objects.create(
        pk=PK, integration=integration, by=CANARY, asked_at=now, due_at=now, moved_at=now, begun_at=now, read_at=now,
        done_at=now, counts={"current|planned|create||": 1, "all|planned|create||": 1}, employees=1, total=1,
        settings={"note": CANARY},
    )  # fmt: skip
    line = {"field": "title", "remote": CANARY, "old": CANARY, "new": CANARY, "since": None}
    ForecastRow.objects.create(
        pk=PK, part_of_id=PK, employee_key=PK, position_key=PK, result="planned", action="create", said=said(CANARY),
        changes=[line],
    )  # fmt: skip
    RetroChange.objects.create(
        pk=PK, integration=integration, kind="changed", employee_key=PK, position_key=PK, employee_name=CANARY,
        employee_number=CANARY, title=CANARY, cutoff_at=now, first_on=now.date(), last_on=now.date(), saved_at=now,
        origin="edit", by=CANARY,
        concerns={"fields": [{"field": "title", "old": CANARY, "new": CANARY, "first": "2026-01-01",
                              "last": "2026-01-02"}]},
    )  # fmt: skip
    webhook = Webhook.objects.create(
        pk=PK, organization=organization, url=f"https://{CANARY}.example.com/", events=["job.failed"],
        failing_since=now, paused_at=now, paused_cause="gone",
    )  # fmt: skip
    WebhookDelivery.objects.create(
        pk=PK, webhook=webhook, message_id=f"msg_{CANARY}", topic="job.failed", body=json.dumps(_told()),
        created_at=now, due_at=now, tried_at=now, status=410, said=said(CANARY), answer=CANARY,
    )  # fmt: skip
    Question.objects.create(
        pk=PK,
        uuid=UUID(int=PK),
        organization=organization,
        integration=integration,
        kind="check",
        employee_key=PK,
        position_key=PK,
        asked_by=CANARY,
        done_at=now,
        answer={"lines": [{"ok": True, "title": CANARY, "detail": CANARY, "where": CANARY}]},
    )
    Event.objects.create(pk=PK, integration=integration, kind="warnings", said=said(CANARY), by=CANARY)
    MailChoice.objects.create(member=member, topics=["stopped"], digest="daily")
    Notice.objects.create(
        pk=PK, member=member, integration=integration, event_key=PK, topic="stopped", cause=CANARY, at=now
    )
    Mail.objects.create(
        pk=PK, member=member, about=f"event:{PK}", topic="stopped", integration=integration, created_at=now, due_at=now,
        facts={"cause": CANARY, "at": now.isoformat()}, state="failed", tried_at=now, said=said(CANARY),
    )  # fmt: skip
    Job.objects.all().delete()
    job = Job.objects.create(
        pk=PK,
        organization=organization,
        integration=integration,
        employee_key=PK,
        position_key=PK,
        open_key=PK,
        employee_name=CANARY,
        employee_number=CANARY,
        title=CANARY,
        start_date=position.start_date,
        state=Job.State.FAILED,
        cause="missing_required_field",
        said=said(CANARY),
        vendor_text=CANARY,
        field="title",
        due_at=now - timedelta(hours=1),
        recorded_at=now - timedelta(hours=1),
        changed_at=now - timedelta(hours=1),
        origin_name=CANARY,
        file_key=PK,
    )
    Attempt.objects.create(
        pk=PK,
        job=job,
        number=1,
        started_at=now - timedelta(seconds=2),
        finished_at=now,
        state="failed",
        said=said(CANARY),
        vendor_text=CANARY,
        changes=[{"field": "title", "remote": CANARY, "old": CANARY, "new": CANARY}],
    )
    AuditEntry.objects.create(
        pk=PK,
        organization=organization,
        actor=CANARY,
        via="admin",
        action="changed",
        kind="position",
        object_key=PK,
        object_name=CANARY,
        employee_key=PK,
        changes={"title": [CANARY, CANARY]},
    )
    LogEntry.objects.create(
        pk=PK,
        user=user,
        content_type=ContentType.objects.get_for_model(type(employee)),
        object_id=str(PK),
        object_repr=CANARY,
        action_flag=CHANGE,
        change_message=CANARY,
    )
    return organization


def path_to_organization(model: type[models.Model], seen: tuple[type, ...] = ()) -> str | None:
    """The lookup from a model to its organization ("" for itself), the shortest one; None when there is none."""
    if model is Organization:
        return ""
    found = []
    for f in model._meta.concrete_fields:
        target = f.remote_field.model if f.remote_field else None
        if target is None or target in (model, *seen) or target._meta.app_label not in OURS:
            continue
        rest = path_to_organization(target, (*seen, model))
        if rest is not None:
            found.append(f"{f.name}__{rest}".removesuffix("__"))
    return min(found, key=lambda p: p.count("__"), default=None)


def owned_models() -> list[type[models.Model]]:
    return [m for app in OURS for m in apps.get_app_config(app).get_models() if m.__name__ not in UNOWNED]


# What a look changes by itself, without anybody's doing.
_BY_ITSELF = {"last_used_at", "changed_at"}


def dump(organization: Organization, only: set[str] | None = None) -> dict[str, list[Any]]:
    """Every row that belongs to the organization, by model, as it is stored."""
    rows: dict[str, list[Any]] = {}
    with connection.cursor() as cursor:
        for model in owned_models():
            if only is None or model.__name__ in only:
                cursor.execute(*_rows_of(model, organization.pk))
                rows[model.__name__] = cursor.fetchall()
    return rows


class Kept:
    """Tells whether what `look` sees is still as it was, as often as it is asked. It looks again only when a statement
    has been sent since that may have written anything; whatever is not known to read alone may have. To be asked
    before what was written is rolled back."""

    _READ_ALONE = ("SELECT ", "SAVEPOINT ", "RELEASE SAVEPOINT ", "ROLLBACK TO SAVEPOINT ")

    def __init__(self, look: Callable[[], Any]) -> None:
        self._look, self._before, self._written = look, look(), False

    def same(self) -> bool:
        written, self._written = self._written, False
        return not written or self._look() == self._before

    def note(self, execute: Any, sql: str, *rest: Any) -> Any:
        self._written = self._written or not sql.startswith(self._READ_ALONE)
        return execute(sql, *rest)


@contextmanager
def kept(look: Callable[[], Any]) -> Iterator[Kept]:
    found = Kept(look)
    with connection.execute_wrapper(found.note):
        yield found


@cache
def _rows_of(model: type[models.Model], organization: int) -> tuple[str, tuple[Any, ...]]:
    """The query, made once: it is asked after every request of a walk."""
    path = path_to_organization(model)
    assert path is not None, f"{model.__name__} has no way to its organization: name it in UNOWNED or give it one"
    names = [f.attname for f in model._meta.concrete_fields if f.attname not in _BY_ITSELF]
    found = model._default_manager.filter(**{path or "pk": organization}).order_by("pk")
    return found.values_list(*names).query.sql_with_params()


# -- addresses


@dataclass(frozen=True)
class Route:
    template: str
    name: str
    parameters: tuple[tuple[str, str], ...]  # (converter, name)

    def address(self, **values: Any) -> str:
        """Filled with PK unless told otherwise by the parameter's name."""
        return _PARAMETER.sub(
            lambda m: str(values.get(m[2] or m[3], UUID(int=PK) if m[1] == "uuid" else PK)), self.template
        )


def routes(resolver: URLResolver | None = None, before: str = "/") -> Iterator[Route]:
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern).lstrip("^").removesuffix("$").removesuffix(r"\Z")
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        elif isinstance(pattern, URLPattern):
            if route.startswith("/static"):
                continue
            # The catch-all of the admin: what no other route takes.
            route = route.replace("(?P<url>.*)", "no-such-page").replace("(?P<path>.*)", "none")
            named = tuple((m[1] or "", m[2] or m[3]) for m in _PARAMETER.finditer(route))
            yield Route(route, pattern.name or "", named)


def all_addresses(skipped: tuple[str, ...] = ("/logout/",)) -> list[str]:
    found: set[str] = set()
    for route in routes():
        if any(s in route.template for s in skipped):
            continue
        if "app_label" in route.template:
            found |= {re.sub(r"\(\?P<app_label>[^)]*\)", app, route.template) for app in (*OURS, "auth")}
        found.add(route.address())
    return sorted(a for a in found if "(?P" not in a)


def autocompletes() -> list[str]:
    """Every related field of every model, asked for by the admin's one autocomplete address."""
    found = []
    for model in apps.get_models():
        for f in [*model._meta.concrete_fields, *model._meta.local_many_to_many]:
            if f.is_relation:
                query = {"app_label": model._meta.app_label, "model_name": model._meta.model_name}
                for extra in ({"term": ""}, {"term": PART}, {"term": "", "organization": PK}):
                    found.append("/admin/autocomplete/?" + urlencode({**query, "field_name": f.name, **extra}))
    return found


def lookups(model: type[models.Model]) -> list[str]:
    """Query strings of a list: a search, and each field of the model and of what it refers to, as a filter."""
    found = [f"q={PART}", "all=", "p=2", "o=1", f"tab=all&q={PART}", f"tab=all&employee={PK}&position={PK}"]
    for f in model._meta.concrete_fields:
        if f.is_relation:
            found += [f"{f.name}__id__exact={PK}", f"{f.name}={PK}", f"{f.name}__in={PK}"]
            target = f.remote_field.model
            found += [
                f"{f.name}__{t.name}__startswith={PART}"
                for t in target._meta.concrete_fields
                if isinstance(t, models.CharField | models.TextField)
            ]
        elif isinstance(f, models.CharField | models.TextField):
            found += [f"{f.name}__startswith={PART}", f"{f.name}__regex=^{PART}"]
        elif f.primary_key:
            found += [f"{f.name}={PK}", f"{f.name}__gte=1"]
    return found


def held(integrations: Iterable[Integration]) -> dict[str, list[int]]:
    """By the word that stands before it in an address, what there is to be looked at: all that these connections sent
    and know, with the two newest jobs of each, and of any other model the newest row."""
    found = {}
    for model in apps.get_models():
        newest = model._default_manager.order_by("-pk").values_list("pk", flat=True)[:1]
        found[str(model._meta.model_name)] = list(newest)
    found["job"] = [pk for one in integrations for pk in one.jobs.order_by("-pk").values_list("pk", flat=True)[:2]]
    jobs = Job.objects.filter(integration__in=integrations).order_by()
    found["integration"] = [one.pk for one in integrations]
    found["employeelink"] = found["matches"] = list(
        EmployeeLink.objects.filter(integration__in=integrations).values_list("pk", flat=True)
    )
    found["position"] = list(jobs.values_list("position_key", flat=True).distinct())
    found["employee"] = list(jobs.values_list("employee_key", flat=True).distinct())
    many = {f"{name}s": keys for name, keys in found.items()}
    return {**found, **many, "positions": found["position"] + found["integration"]}  # also a connection's, in the log


def addresses_of(kept: dict[str, list[int]]) -> Iterator[str]:
    """Every address, with each of what `held` found in the place of its parameters."""
    for route in routes():
        if "/logout/" not in route.template and "autocomplete" not in route.template:
            word = route.template.partition("<")[0].rstrip("/").rpartition("/")[2]
            for pk in kept.get(word, [PK]) if route.parameters else (0,):
                yield _PARAMETER.sub(str(pk), route.template)


# -- forms, as a browser would find them


@dataclass
class Form:
    action: str
    method: str
    fields: list[tuple[str, str, str]] = field(default_factory=list)  # (kind, name, value)
    options: dict[str, list[str]] = field(default_factory=dict)  # of selects and submit buttons

    def data(self, changed: bool = True) -> dict[str, Any]:
        """What a browser would send; with `changed`, another text in each field that a person can type into."""
        found: dict[str, Any] = {}
        for kind, name, value in self.fields:
            typed = kind in ("text", "textarea") and changed and "date" not in name and "-TOTAL" not in name
            found.setdefault(name, []).append(f"{value}x" if typed and not _formal(value) else value)
        return found

    def variants(self) -> Iterator[dict[str, Any]]:
        """One for each button and for each action of a list."""
        data = self.data()
        actions = [a for a in self.options.get("action", []) if a]
        if actions:
            for action in actions:
                for extra in ({}, {"post": ["yes"]}):
                    yield {**data, "action": [action], "_selected_action": [str(PK)], "index": ["0"], **extra}
            return
        yield {"_save": ["Save"], **data}
        for name, values in self.options.items():
            if name.startswith("button:"):
                yield {**data, name.removeprefix("button:"): values[:1]}


def _formal(value: str) -> bool:
    """Numbers, dates and choices would be refused with another letter, and the form with them."""
    return bool(re.fullmatch(r"[\d.,:/\- ]*|true|false|on", value))


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select: tuple[str, bool] | None = None
        self._area: list[str] | None = None
        self._area_name = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {k: v or "" for k, v in attrs}
        if tag == "form":
            self._form = Form(a.get("action", ""), a.get("method", "get").lower())
            self.forms.append(self._form)
        form = self._form
        if form is None:
            return
        name = a.get("name", "")
        if tag == "input" and name:
            kind = a.get("type", "text")
            if kind in ("checkbox", "radio"):
                if "checked" in a:
                    form.fields.append((kind, name, a.get("value", "on")))
            elif kind == "submit":
                form.options.setdefault(f"button:{name}", []).append(a.get("value", ""))
            elif kind != "file":
                form.fields.append((kind, name, a.get("value", "")))
        elif tag == "button" and name:
            form.options.setdefault(f"button:{name}", []).append(a.get("value", ""))
        elif tag == "textarea":
            self._area, self._area_name = [], name
        elif tag == "select":
            self._select = (name, False)
        elif tag == "option" and self._select is not None:
            chosen, value = self._select[0], a.get("value", "")
            form.options.setdefault(chosen, []).append(value)
            if "selected" in a:
                form.fields.append(("select", chosen, value))

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea" and self._area is not None:
            if self._form is not None:
                self._form.fields.append(("textarea", self._area_name, "".join(self._area).removeprefix("\n")))
            self._area = None


def forms_on(html: str, address: str) -> list[Form]:
    parser = _Forms()
    parser.feed(html)
    for form in parser.forms:
        form.action = urljoin(address, form.action or address)
        if form.method == "get":
            asked = parse_qs(urlsplit(form.action).query)
            form.fields += [("hidden", n, v) for n, values in asked.items() for v in values]
    return [f for f in parser.forms if "/logout/" not in f.action and urlsplit(f.action).netloc == ""]


def content_of(response: Any) -> bytes:
    body = b"".join(response) if response.streaming else response.content
    headers = "".join(f"{k}: {v}\n" for k, v in response.items()).encode()
    return body + headers + str(response.cookies).encode()


@contextmanager
def undrawn(method: str) -> Iterator[None]:
    """Views answer a HEAD without drawing their page: it is thrown away, and is drawn by the same view for a GET."""
    with pytest.MonkeyPatch.context() as patched:
        if method == "head":
            patched.setattr(SimpleTemplateResponse, "rendered_content", "")
        yield


def pages_of(client: Client) -> dict[str, str]:
    """Every page that this person gets with status 200, by address."""
    found = {}
    for address in all_addresses():
        response = client.get(address)
        if response.status_code == 200 and response.get("Content-Type", "").startswith("text/html"):
            found[address] = content_of(response).decode()
    return found


GENERAL_BODY: dict[str, Any] = {
    "_save": "Save",
    "post": "yes",
    "on": "1",
    "name": "send_positions",
    "reason": "walk",
    "dismissed_reason": "walk",
    "position": PK,
    "positions": PK,
    "integration": PK,
    "employee": PK,
    "organization": PK,
    "company": PK,
    "department": PK,
    "manager": PK,
    "job": PK,
    "jobs": PK,
    "file": PK,
    "attempt": PK,
    "user": PK,
    "object_id": PK,
    "_selected_action": PK,
    "action": "delete_selected",
    "title": "T",
    "start_date": date(2026, 1, 1).isoformat(),
    "next": "/admin/",
}
