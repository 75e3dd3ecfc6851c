"""No organization sees or changes another's anything, whatever address, form, filter, action or method is tried; and
each role does in its own organization what it may, and nothing else. By a walk of the URL resolver (walk.py)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urljoin

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.cache import cache as kept_by_the_server
from django.db import connection, transaction
from django.test import Client, override_settings
from django.urls import reverse

from positions.models import Organization
from tests.apidocument import document, operation_of
from tests.factories import ApiKeyFactory, EmployeeFactory, OrganizationFactory, PositionFactory
from tests.issuer import Issuer
from tests.security import walk
from tests.security.conftest import browser_of
from tests.security.walk import CANARY, PK, content_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unlogged")]

BEGIN = "/admin/sign-in/begin/"
OUTSIDE = ["anonymous", "outsider", "stranger", "viewer", "editor", "admin"]


@pytest.fixture(scope="module")
def planted(django_db_setup: None, django_db_blocker: Any) -> Iterator[int]:
    """Planted once. Each test works in a transaction within this one and leaves it as it was."""
    whole: Any = transaction.atomic()
    whole._from_testcase = True  # as Django's own TestCase: what must be outermost elsewhere is so within it
    with django_db_blocker.unblock(), whole:
        yield walk.plant().pk
        transaction.set_rollback(True)


@pytest.fixture(scope="module", autouse=True)
def _with_an_issuer(issuer_server: Issuer) -> Iterator[None]:
    """By which people may sign in: its pages, and what others show of it, are walked too."""
    with override_settings(**issuer_server.settings()):
        yield


@dataclass
class Look:
    """What a person of the foreign organization is shown when they look everywhere, and what the looking did."""

    pages: dict[str, str] = field(default_factory=dict)  # every page with status 200, by address
    waited: set[str] = field(default_factory=set)  # addresses that took a transaction, or wrote
    changed: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def looked(planted: int) -> Callable[[str], Look]:
    """By role; walked once for every test that asks what is there."""

    @cache
    def look(role: str) -> Look:
        with transaction.atomic():
            found = walked(Organization.objects.get(pk=planted), role, "get")
            transaction.set_rollback(True)
        return found

    return look


def walked(organization: Organization, role: str, method: str) -> Look:
    found, client = Look(), browser_of(organization, role)

    def noted(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE", "DELETE", "SAVEPOINT")):
            found.waited.add(address)
        return execute(sql, *rest)

    with walk.kept(lambda: walk.dump(organization)) as kept:
        for address in walk.all_addresses():
            with connection.execute_wrapper(noted), walk.undrawn(method):
                response = getattr(client, method)(address)
            if response.status_code == 200 and response.get("Content-Type", "").startswith("text/html"):
                found.pages[address] = content_of(response).decode()
            if not kept.same():
                found.changed.add(address)
    return found


@pytest.fixture
def foreign(planted: int) -> Organization:
    return Organization.objects.get(pk=planted)


@pytest.fixture
def ours(foreign: Organization) -> Organization:
    organization = OrganizationFactory()
    PositionFactory(employee=EmployeeFactory(organization=organization))
    return organization


def test_a_row_of_every_model_is_planted(foreign):
    for model in walk.owned_models():
        path = walk.path_to_organization(model)
        assert path is not None, model
        assert model._default_manager.filter(**{path or "pk": PK}).exists(), f"plant a {model.__name__} in walk.py"


def test_the_walk_reaches_what_is_there(foreign, looked, every_form):
    """The same walk as somebody who may look: else it proves nothing."""
    with_canary = [a for a, html in looked("admin").pages.items() if CANARY in html]
    assert len(with_canary) > 25, with_canary
    changed = 0
    operator = browser_of(None, "operator")
    with walk.kept(lambda: walk.dump(foreign)) as kept:
        for form in every_form:
            if form.method != "post" or form.action == "/admin/login/":
                continue
            for data in form.variants():
                with transaction.atomic():
                    operator.post(form.action, data)
                    changed += not kept.same()
                    transaction.set_rollback(True)
    assert changed > 12, changed


@pytest.mark.parametrize("role", OUTSIDE)
def test_no_address_shows_or_changes_anything_foreign(foreign, ours, role):
    client = browser_of(ours, role)
    before = walk.dump(foreign)
    addresses = walk.all_addresses()
    assert len(addresses) > 90
    for number, address in enumerate(addresses):
        for method in ("get", "head", "options", "post", "put", "patch", "delete"):
            data = walk.GENERAL_BODY if method == "post" else None
            with walk.undrawn(method):
                response = getattr(client, method)(address, data)
            assert response.status_code < 500, (method, address)
            assert CANARY.encode() not in content_of(response), (method, address)
            assert CANARY not in response.headers.get("Location", ""), (method, address)
        if number % 20 == 0 or address == addresses[-1]:
            # A message on the next page is an answer too; they wait for it.
            assert CANARY.encode() not in content_of(client.get("/admin/", follow=True)), address
    assert walk.dump(foreign) == before


def with_what_follows(client: Client, response: Any, seen: set[str]) -> Iterator[Any]:
    """The answer, and the page that it leads to. Most of what is refused leads to the same one, which is looked at
    once; a message of its own would come with a cookie."""
    yield response
    if "Location" in response.headers:
        onward = urljoin(response.request["PATH_INFO"], response.headers["Location"])
        if onward not in seen or response.cookies:
            seen.add(onward)
            yield client.get(onward, follow=True)


@pytest.mark.parametrize("role", ["stranger", "viewer", "admin"])
def test_no_filter_search_or_autocomplete_tells_of_anything_foreign(foreign, ours, role):
    client = browser_of(ours, role)
    asked = list(walk.autocompletes())
    for model in admin.site._registry:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        asked += [f"{address}?{query}" for query in walk.lookups(model)]
        add = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
        asked += [f"{add}?{f.name}={PK}" for f in model._meta.concrete_fields if f.is_relation]
    asked += [f"{reverse('admin:synclog_job_export')}?{q}" for q in walk.lookups(apps.get_model("synclog.Job"))]
    assert len(asked) > 200
    seen: set[str] = set()
    for address in asked:
        for response in with_what_follows(client, client.get(address), seen):
            assert response.status_code < 500, address
            assert CANARY.encode() not in content_of(response), address


@pytest.fixture(scope="module")
def every_form(looked: Callable[[str], Look]) -> list[walk.Form]:
    """Each form that an operator finds anywhere, as it would be sent for the foreign objects."""
    pages = looked("operator").pages
    return [form for address, html in pages.items() for form in walk.forms_on(html, address)]


@pytest.mark.parametrize("role", OUTSIDE)
def test_no_form_of_an_operator_works_for_an_outsider(foreign, ours, every_form, role):
    """Forms with inlines, actions of lists, confirmations, switches: valid ones, with tokens and management forms."""
    client = browser_of(ours, role)
    assert len(every_form) > 60
    seen: set[str] = set()
    with walk.kept(lambda: walk.dump(foreign)) as kept:
        for form in every_form:
            if form.method == "post":
                for data in form.variants():
                    for response in with_what_follows(client, client.post(form.action, data), seen):
                        assert response.status_code < 500, form.action
                        # An address that refuses repeats what was typed into its own form, as an operator's had it.
                        if not any(CANARY in str(v) for v in data.values()):
                            assert CANARY.encode() not in content_of(response), (form.action, data)
                        assert kept.same(), (form.action, data)


# What members decide for themselves, whatever their role: which mails they get, and what they have read.
OWN = {"MailChoice", "Notice"}
# What nobody below may change, by any form of any page, inside the organization that they belong to.
RESERVED = {
    "viewer": {model.__name__ for model in walk.owned_models()} - OWN - {"AuditEntry"},
    "editor": {"Organization", "Member", "Invitation", "ApiKey", "Integration", "IntegrationCompany", "Webhook"},
}


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_inside_an_organization_no_form_does_more_than_the_role_may(foreign, every_form, role):
    client = browser_of(foreign, role)
    only = RESERVED[role]
    with walk.kept(lambda: walk.dump(foreign, only)) as kept:
        for form in every_form:
            if form.method == "post":
                for data in form.variants():
                    with transaction.atomic():
                        response = client.post(form.action, data)
                        assert response.status_code < 500, form.action
                        assert kept.same(), (form.action, data)
                        transaction.set_rollback(True)


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_a_bare_post_of_any_address_does_no_more(foreign, role):
    client = browser_of(foreign, role)
    only = RESERVED[role]
    with walk.kept(lambda: walk.dump(foreign, only)) as kept:
        for address in walk.all_addresses():
            for method in ("post", "put", "patch", "delete"):
                with transaction.atomic():
                    getattr(client, method)(address, walk.GENERAL_BODY if method == "post" else None)
                    assert kept.same(), (method, address)
                    transaction.set_rollback(True)


def test_a_get_changes_nothing_for_anybody(foreign, looked):
    """And takes no transaction: on SQLite it would wait for whoever writes. Two pages must: one
    keeps in the session the key that it shows, one what it sends a browser to the issuer with."""
    looks = [look for role in ("viewer", "admin", "operator") for look in (looked(role), walked(foreign, role, "head"))]
    assert not set().union(*(look.changed for look in looks))
    assert set().union(*(look.waited for look in looks)) == {"/admin/second-factor/set-up/", BEGIN}


# Kind of action: address, body, and the least role that may do it.
def actions() -> list[tuple[str, str, dict[str, Any], str]]:
    employee = {"number": "n1", "first_name": "A", "last_name": "B"}
    position = {"employee": PK, "title": "T", "start_date": "2020-01-01", "contract_type": "permanent"}
    members = {
        "members-TOTAL_FORMS": "1",
        "members-INITIAL_FORMS": "1",
        "members-0-id": PK,
        "members-0-organization": PK,
        "members-0-role": "admin",
        "group_roles-TOTAL_FORMS": "0",
        "group_roles-INITIAL_FORMS": "0",
    }
    organization = {"name": "Other", "country": "SE", "time_zone": "Europe/Stockholm", **members}
    one = {"_selected_action": [PK], "post": "yes", "index": "0"}
    user = {"username": "newbie"}
    webhook = {"url": "https://9.9.9.9/", "events": ["job.failed"], "active": "on"}
    member_of = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    return [
        ("create an employee", "admin:positions_employee_add", employee, "editor"),
        ("change an employee", "admin:positions_employee_change", employee, "editor"),
        ("delete an employee", "admin:positions_employee_delete", {"post": "yes"}, "editor"),
        ("export an employee", "admin:positions_employee_export", {}, "admin"),
        ("erase an employee", "admin:positions_employee_erase", {"number": f"{CANARY}7"}, "admin"),
        ("create a position", "admin:positions_position_add", {**position, "percentage": "50"}, "editor"),
        ("change a position", "admin:positions_position_change", {**position, "percentage": "50"}, "editor"),
        ("delete a position", "admin:positions_position_delete", {"post": "yes"}, "editor"),
        ("delete selected", "admin:positions_position_changelist", {"action": "delete_selected", **one}, "editor"),
        ("create a department", "admin:positions_department_add", {"code": "X", "name": "X"}, "editor"),
        ("re-sync", "admin:synclog_job_resync", {}, "editor"),
        ("dismiss", "admin:synclog_job_dismiss", {"reason": "done"}, "editor"),
        ("re-sync selected", "admin:synclog_job_changelist", {"action": "resync_selected", **one}, "editor"),
        ("send now", "admin:synclog_job_send_now", {"position": PK, "integration": PK}, "editor"),
        ("switch sync", "admin:integrations_integration_switch", {"on": "0"}, "admin"),
        ("pause", "admin:integrations_integration_pause", {}, "admin"),
        ("an option", "admin:integrations_integration_option", {"name": "delete_positions", "on": "1"}, "admin"),
        (
            "set a credential",
            "admin:integrations_integration_settings",
            {"name": "Renamed", "everybody": "everybody"},
            "admin",
        ),
        ("delete a connection", "admin:integrations_integration_delete", {"post": "yes"}, "admin"),
        ("make an API key", "admin:positions_apikey_add", {"name": "k", "scopes": ["positions:read"]}, "admin"),
        ("revoke an API key", "admin:positions_apikey_delete", {"post": "yes"}, "admin"),
        ("invite somebody", "admin:positions_invitation_add", {"email": "n@example.com", "role": "viewer"}, "admin"),
        ("withdraw an invitation", "admin:positions_invitation_delete", {"post": "yes"}, "admin"),
        ("make a webhook", "admin:synclog_webhook_add", webhook, "admin"),
        ("rotate a secret", "admin:synclog_webhook_rotate", {}, "admin"),
        ("resume a webhook", "admin:synclog_webhook_resume", {}, "admin"),
        ("send a test event", "admin:synclog_webhook_test", {}, "admin"),
        ("replay a delivery", "admin:synclog_webhookdelivery_replay", {}, "admin"),
        ("change the organization", "admin:positions_organization_change", organization, "admin"),
        ("create an organization", "admin:positions_organization_add", organization, "operator"),
        ("delete an organization", "admin:positions_organization_delete", {"post": "yes"}, "operator"),
        ("create a user", "admin:auth_user_add", {**user, **member_of}, "operator"),
    ]


RANK = {"anonymous": 0, "stranger": 0, "viewer": 1, "editor": 2, "admin": 3, "operator": 4}


def written_rows() -> list[Any]:
    """Every table of ours and the users: what counts is whether anything was written."""
    found = []
    with connection.cursor() as cursor:
        for query in _every_table():
            cursor.execute(query)
            found.append(sorted(map(repr, cursor.fetchall())))
    return found


@cache
def _every_table() -> list[str]:
    """The queries, made once."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            if table.startswith(("positions_", "integrations_", "synclog_")) or table == "auth_user":
                columns = [c.name for c in connection.introspection.get_table_description(cursor, table)]
                wanted = [c for c in columns if c not in ("last_used_at", "last_login")]
                quoted = ", ".join(f'"{c}"' for c in wanted)
                found.append(f'SELECT {quoted} FROM "{table}"')
    return found


@pytest.mark.parametrize(("what", "name", "body", "least"), actions(), ids=lambda v: v if isinstance(v, str) else "")
def test_each_role_does_what_it_may_and_nothing_else(foreign, what, name, body, least):
    try:
        address = reverse(name)
    except Exception:
        address = reverse(name, args=[PK])
    for role, rank in RANK.items():
        if name == "admin:positions_organization_add" and role == "operator":
            body = {**body, "members-INITIAL_FORMS": "0", "members-TOTAL_FORMS": "0"}
        if (
            what
            in ("create an employee", "create a department", "make an API key", "invite somebody", "make a webhook")
            and role == "operator"
        ):
            body = {**body, "organization": PK}
        client = browser_of(foreign, role)
        with transaction.atomic(), walk.kept(written_rows) as kept:
            response = client.post(address, body)
            done = not kept.same()
            transaction.set_rollback(True)
        assert done is (rank >= RANK[least]), (what, role, response.status_code)
        if not done:
            # A list without that action is shown again.
            listed = name.endswith("_changelist")
            assert response.status_code in (302, 403, 404, *([200] if listed else [])), (what, role)


# -- the API


@pytest.mark.parametrize("scopes", [None, ["positions:read"], ["positions:read", "positions:write"], "all"])
def test_no_key_of_another_organization_opens_anything(foreign, ours, scopes):
    headers = {}
    if scopes is not None:
        key = ApiKeyFactory(organization=ours, **({} if scopes == "all" else {"scopes": scopes}))
        headers = {"Authorization": f"Bearer {key.key}"}
    client = Client(headers=headers)
    before = walk.dump(foreign)
    bodies: list[Any] = [
        {},
        {"id": PK, "employee": PK, "department": PK, "company": PK, "manager": PK, "title": "T", "number": "n",
         "first_name": "a", "last_name": "b", "start_date": "2026-01-01", "external_id": str(PK)},
        {"positions": [{"id": PK, "title": "T"}, {"employee": PK, "title": "T", "start_date": "2026-01-01"}]},
    ]  # fmt: skip
    addresses = [a for a in walk.all_addresses() if a.startswith("/api/v1/")]
    assert len(addresses) >= 9
    for address in addresses:
        for query in (
            "",
            f"?employee={PK}",
            f"?search={walk.PART}",
            f"?external_id={PK}",
            "?updated_since=2000-01-01T00:00:00Z",
        ):
            response = client.get(address + query)
            assert CANARY.encode() not in content_of(response), (address, query)
            assert scopes is not None or response.status_code == 401
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            for body in bodies:
                response = client.generic(method, address, json.dumps(body), content_type="application/json")
                assert response.status_code < 500 and CANARY.encode() not in content_of(response), (method, address)
                assert scopes is not None or response.status_code in (401, 405)
    assert walk.dump(foreign) == before


def test_the_walk_asks_every_operation_of_the_document(foreign):
    methods = ("GET", "POST", "PUT", "PATCH", "DELETE")
    addresses = [a for a in walk.all_addresses() if a.startswith("/api/v1/")]
    found = [operation_of(method, address) for address in addresses for method in methods]
    said = [operation for path in document()["paths"].values() for operation in path.values()]
    assert {one["operationId"] for one in found if one} == {one["operationId"] for one in said}


def test_a_key_without_the_scope_changes_nothing_of_its_own(foreign):
    key = ApiKeyFactory(organization=foreign, scopes=["positions:read", "sync:read"])
    client = Client(headers={"Authorization": f"Bearer {key.key}"})
    before = walk.dump(foreign)
    # A new secret is the key's own affair, and every key may have one.
    addresses = {a for a in walk.all_addresses() if a.startswith("/api/v1/")} - {reverse("positions_api:rotate")}
    for address in sorted(addresses):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            response = client.generic(method, address, json.dumps({"title": "T"}), content_type="application/json")
            assert response.status_code in (403, 404, 405), (method, address, response.status_code)
    assert walk.dump(foreign) == before


@pytest.mark.parametrize("role", ["stranger", "admin", "operator"])
def test_no_session_of_somebody_else_opens_anything_of_the_api(foreign, ours, role):
    """An admin of another organization, and an operator without a membership, whatever organization they name."""
    client = browser_of(ours, role)
    before = walk.dump(foreign)
    for address in [a for a in walk.all_addresses() if a.startswith("/api/v1/")]:
        for named in (PK, ours.pk):
            headers = {"X-Organization": str(named)}
            assert CANARY.encode() not in content_of(client.get(address, headers=headers)), address
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                body = json.dumps({"id": PK, "employee": PK, "title": "T", "start_date": "2026-01-01"})
                answer = client.generic(method, address, body, content_type="application/json", headers=headers)
                assert CANARY.encode() not in content_of(answer), (method, address)
                assert named == ours.pk or answer.status_code in (401, 403), (method, address)
    assert walk.dump(foreign) == before


def test_a_viewer_s_session_changes_nothing_and_an_editor_s_not_what_admins_decide(foreign):
    viewer, editor = browser_of(foreign, "viewer"), browser_of(foreign, "editor")
    before = walk.dump(foreign)
    with_foreign = {"X-Organization": str(PK)}
    for address in [a for a in walk.all_addresses() if a.startswith("/api/v1/")]:
        kept_by_the_server.clear()  # a quick machine asks too often
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = viewer.generic(method, address, "{}", content_type="application/json", headers=with_foreign)
            assert answer.status_code in (403, 404, 405), (method, address)
    for address in ("integrations/{}/check/", "matches/{}/release/", "matches/{}/confirm/"):
        answer = editor.post(f"/api/v1/{address.format(PK)}", headers=with_foreign)
        assert answer.status_code == 403 and answer.json()["code"] == "missing_role", address
    assert walk.dump(foreign) == before


def test_a_person_s_session_opens_nothing_of_the_api_and_a_key_nothing_of_the_admin(foreign):
    signed_in = browser_of(foreign, "admin")
    key = Client(headers={"Authorization": f"Bearer {ApiKeyFactory(organization=foreign).key}"})
    for address in walk.all_addresses():
        if address.startswith("/api/v1/"):
            assert signed_in.get(address).status_code == 401, address
        elif address.startswith("/admin/"):
            assert CANARY.encode() not in content_of(key.get(address, follow=True)), address
