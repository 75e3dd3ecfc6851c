"""No credential, token or national id anywhere in clear, nor any pay or tax: planted through the real pages and the API
and in what systems answer, sent through every connector, with failures and our own mistakes on the way; then everything
is searched that the product leaves behind."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest
from _pytest.logging import LogCaptureHandler
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from integrations.models import Integration
from integrations.sdk.declaration import Transport
from integrations.settings_form import SECRETS
from integrations.systems.registry import connectors
from positions.encryption import decrypt
from positions.models import ApiKey, Position
from synclog.engine import actions
from synclog.models import Attempt
from tests.factories import ApiKeyFactory, MemberFactory, UserFactory
from tests.security import walk
from tests.security.conftest import browser_of
from tests.security.planted import LOOKED_FOR, plant
from tests.synclog.world import World, new_world

pytestmark = pytest.mark.django_db

# Of a person whose number the sandboxes know; in the ways that systems write it.
NATIONAL_ID = "02049077777"
SHOWN = "Control-4711"  # not secret: proves that the search finds what is there


@pytest.fixture
def world(db: Any, sandbox_server: Any, settings: Any, monkeypatch: Any) -> World:
    settings.ALLOW_PRIVATE_TARGETS = True
    plant(monkeypatch)
    return new_world(sandbox_server)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything at DEBUG, as the product writes it: text and JSON, SQL with its parameters too; that as JSON alone,
    which holds the words of the text, masked by the same function, and the parameters besides."""
    stream, root = io.StringIO(), logging.getLogger()
    configured: Any = django_settings.LOGGING
    handlers = []
    for wanted in configured["formatters"].values():
        options = {k: v for k, v in wanted.items() if k not in ("()", "format")}
        module, _, name = wanted["()"].rpartition(".")
        text = {"fmt": wanted["format"]} if "format" in wanted else {}
        handler = logging.StreamHandler(stream)
        handler.setFormatter(getattr(import_module(module), name)(**options, **text))
        for given in configured["filters"].values():
            module, _, name = given["()"].rpartition(".")
            handler.addFilter(getattr(import_module(module), name)())
        if "json" not in wanted["()"].lower():
            handler.addFilter(lambda record: record.name != "django.db.backends")
        handlers.append(handler)
    levels = {logger: logger.level for logger in (root, logging.getLogger("django.db.backends"))}
    for logger in levels:
        logger.setLevel(logging.DEBUG)
    connection.force_debug_cursor = True
    of_pytest = [handler for handler in root.handlers if isinstance(handler, LogCaptureHandler)]
    for handler in of_pytest:
        handler.addFilter(_nothing)  # each of them would put every statement into words once more
    for handler in handlers:
        root.addHandler(handler)
    yield stream
    for handler in handlers:
        root.removeHandler(handler)
    for handler in of_pytest:
        handler.removeFilter(_nothing)
    for logger, level in levels.items():
        logger.setLevel(level)
    connection.force_debug_cursor = False


def _nothing(record: logging.LogRecord) -> bool:
    return False


def values_of(key: str) -> dict[str, Any]:
    """Values of a position that this sandbox takes, from the connector's own tests."""
    module = import_module(f"tests.systems.{key}.test_connector")
    values = next(v.values for v in vars(module).values() if getattr(v, "system", "") == key)
    plain = {k: v for k, v in values.items() if k in Position.TRACKED and k != "department"}
    return {**plain, "note": SHOWN}


def tokens_in(value: Any, name: str = "") -> Iterator[str]:
    """What a vault holds under the name of a token or a session, wherever it stands."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from tokens_in(one, key)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from tokens_in(one, name)
    elif isinstance(value, str) and len(value) >= 16 and ("token" in name.lower() or "session" in name.lower()):
        yield value


def stored() -> str:
    """The database as its file holds it, and every value of every table."""
    return "\n".join([*contents(), pages().decode("utf-8", "replace")])


def contents() -> list[str]:
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            found += [str(value) for row in cursor.fetchall() for value in row]
    return found


def pages() -> bytes:
    return connection.connection.serialize() if connection.vendor == "sqlite" else b""


def queued() -> str:
    return "\n".join(str(SignedPackage.loads(row.payload)) for row in OrmQ.objects.all())


def cached() -> str:
    return "\n".join(repr(value) for value in getattr(cache, "_cache", {}).values())


def set_by_hand(client: Client, integration: Integration, credentials: dict[str, str]) -> Any:
    """As an admin does it: every credential typed into the connection's page."""
    address = reverse("admin:integrations_integration_settings", args=[integration.pk])
    page = client.get(address).content.decode()
    form = next(f for f in walk.forms_on(page, address) if any("credential__" in name for _, name, _ in f.fields))
    data = {**form.data(changed=False), **{f"credential__{n}": [v] for n, v in credentials.items()}}
    return client.post(address, data)


# A system whose transport is a file has no credentials and makes no call (its records: test_export_files.py).
CALLED = sorted(key for key, connector in connectors().items() if connector.system.transport is Transport.HTTP)


@dataclass
class Traces:
    """What a system's connection was given, and holds by now: none of it may be found."""

    integration: Integration
    api_key: ApiKey
    credentials: list[str]
    tokens: list[str]
    answers: list[str]  # to what was posted meanwhile

    def secret(self) -> Iterator[tuple[str, str]]:
        """(what it is, the secret)"""
        for value in {NATIONAL_ID, f"{NATIONAL_ID[:6]} {NATIONAL_ID[6:]}", f"{NATIONAL_ID[:6]}-{NATIONAL_ID[6:]}"}:
            yield "national id", value
        key = self.integration.system_key
        for value in set(self.credentials):
            yield f"credential of {key}", value
        for value in {*self.tokens, *tokens_in(self.integration.vault)}:
            yield f"token of {key}", value
        yield f"API key beside {key}", self.api_key.key  # type: ignore[attr-defined]


def text_of(response: Any) -> str:
    """Kept in its stead: an answer of a test's client holds on to all that its page was drawn from."""
    return walk.content_of(response).decode("utf-8", "replace")


def leave_traces(world: World, key: str, user: User, monkeypatch: Any) -> Traces:
    """Planted, used, refused, repeated by the other side, lost, and broken by a mistake of ours."""
    MemberFactory(organization=world.organization, user=user, role="admin")
    admin = Client()
    admin.force_login(user)
    api_key = ApiKeyFactory(organization=world.organization)
    api = Client(headers={"Authorization": f"Bearer {api_key.key}"})
    seen: list[str] = []

    def answered(response: Any) -> int:
        seen.append(text_of(response))
        return int(response.status_code)

    # through the API and the pages
    number = world.employee.number
    path = f"/api/v1/employees/{world.employee.pk}/"
    given = json.dumps({"national_id": NATIONAL_ID})
    assert answered(api.patch(path, given, content_type="application/json")) == 200
    world.employee.refresh_from_db()
    assert world.employee.national_id == NATIONAL_ID
    integration = world.connect(key, known=False)
    sandbox = world.sandboxes[integration.pk]
    sandbox.add_employee(number, "Åse", "Sørlie", email="ase.sorlie@example.com", national_id=NATIONAL_ID)
    credentials = dict(sandbox.credentials)
    assert answered(set_by_hand(admin, integration, credentials)) == 302
    integration.refresh_from_db()
    assert {k: v.strip() for k, v in integration.credentials.items()} == {k: v.strip() for k, v in credentials.items()}
    secrets = [
        credentials[s.name] for s in integration.system.credentials if s.kind in SECRETS and s.name in credentials
    ]

    def call(name: str, **data: Any) -> None:
        address = reverse(f"admin:integrations_integration_{name}", args=[integration.pk])
        answered(admin.post(address, data, follow=True))

    call("test")
    position = world.save(**values_of(key))
    world.drain(integration)
    integration.refresh_from_db()
    tokens: list[str] = []
    faults: list[dict[str, Any]] = [
        {"status": 400, "times": 3},
        {"status": 401, "times": 3},
        {"status": 500, "times": 3},
        {"kind": "truncate", "times": 3},
    ]
    for fault in faults:
        integration.refresh_from_db()
        current = list(tokens_in(integration.vault))
        tokens += current
        # The other side repeats what it was sent.
        fault["body"] = json.dumps({"error": f"no {NATIONAL_ID}", "was": [*secrets, *current]})
        position.title += "x"
        position.save()
        world.fail(integration, **fault)
        call("test")
        Integration.objects.filter(pk=integration.pk).update(stopped_at=None, retry_at=None)
        integration.jobs.open().update(due_at=world.employee.created_at)
        world.drain(integration)
        sandbox.tenant.faults.clear()
    with monkeypatch.context() as broken:

        def mistake(*args: Any, **kwargs: Any) -> Any:
            raise RuntimeError(f"national id {NATIONAL_ID}, Authorization: Bearer {(tokens or ['abcdefgh'])[0]}")

        broken.setattr(integration.connector_class, "check", mistake)
        broken.setattr(integration.connector_class, "find_employee", mistake)
        broken.setattr(integration.connector_class, "render", mistake, raising=False)
        call("test")
        Integration.objects.filter(pk=integration.pk).update(stopped_at=None, retry_at=None)
        actions.send_now([position], integration, "admin")
        world.drain(integration)
        broken.setattr("synclog.admin.job.page.context", mistake)
        admin.raise_request_exception = False
        job = integration.jobs.latest("pk")
        assert answered(admin.get(reverse("admin:synclog_job_change", args=[job.pk]))) == 500
    assert Attempt.objects.filter(job__integration=integration).exists()
    integration.refresh_from_db()
    return Traces(integration, api_key, secrets, tokens, seen)


def looked_at(traces: list[Traces], user: User) -> Iterator[Any]:
    """Every page and answer, as those who see most."""
    admin, operator = Client(), browser_of(None, "operator")
    admin.force_login(user)
    admin.raise_request_exception = False
    for address in walk.addresses_of(walk.held([one.integration for one in traces])):
        if not address.startswith("/api/"):
            yield admin.get(address)
        if address.startswith("/admin/auth"):
            yield operator.get(address)
    for attempt in Attempt.objects.all():
        yield admin.get(reverse("admin:synclog_job_change", args=[attempt.job_id]) + f"?attempt={attempt.pk}")
    for one in traces:
        api = Client(headers={"Authorization": f"Bearer {one.api_key.key}"})  # type: ignore[attr-defined]
        for address in walk.addresses_of(walk.held([one.integration])):
            if address.startswith("/api/"):
                yield api.get(address)


@pytest.mark.long
def test_nothing_secret_is_left_anywhere(
    world: World, sandbox_server: Any, log: io.StringIO, monkeypatch: Any, capfd: Any
) -> None:
    """Each system has an organization of its own, and one admin sees them all: what is left behind is searched once."""
    user = UserFactory(is_staff=True)
    traces = [leave_traces(new_world(sandbox_server), key, user, monkeypatch) for key in CALLED]
    seen = [*(answer for one in traces for answer in one.answers), *map(text_of, looked_at(traces, user))]
    found = {
        "the database": stored(),
        "the log": log.getvalue(),
        "the console": "".join(capfd.readouterr()),
        "the queue": queued(),
        "the cache": cached(),
        "pages and answers": "\n".join(seen),
    }
    assert SHOWN in found["the database"] and SHOWN in found["pages and answers"]
    assert "RuntimeError" in found["the log"] and "positions_employee" in found["the log"]
    assert all(f">{one.integration.name}<" in found["pages and answers"] for one in traces)
    for where, text in found.items():
        private = LOOKED_FOR.search(text)
        assert private is None, private and f"{where}: {text[max(0, private.start() - 200) : private.end() + 60]!r}"
        for name, value in {pair for one in traces for pair in one.secret()}:
            for form in {value, json.dumps(value)[1:-1], max(value.splitlines(), key=len)}:
                at = text.find(form)
                assert at < 0, f"a {name} in {where}: {text[max(0, at - 200) : at + len(form) + 60]!r}"


def test_the_search_would_find_them(world: World, log: io.StringIO) -> None:
    """Decrypted, they are all there: the search above looks for what is really stored."""
    integration = world.connect("tripletex")
    world.employee.national_id = NATIONAL_ID
    world.employee.save()
    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM integrations_integration")
        clear = decrypt(cursor.fetchone()[0])
        cursor.execute("SELECT national_id FROM positions_employee")
        assert decrypt(cursor.fetchone()[0]) == NATIONAL_ID
    for name, secret in world.sandboxes[integration.pk].credentials.items():
        assert secret in clear and (name == "company_id" or secret not in stored())
    Position.objects.create(employee=world.employee, title=NATIONAL_ID, start_date="2026-01-01")
    assert NATIONAL_ID in stored()
