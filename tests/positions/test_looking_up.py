"""An address of a list asks for values that columns can have, and for nothing else."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils.http import urlencode

from tests.factories import EmployeeFactory, OperatorFactory
from tests.security import walk

pytestmark = pytest.mark.django_db

NINES = "9" * 25
BY_KIND: dict[type[models.Field], list[str]] = {
    models.CharField: ["__regex=^(.|.)*#", "__iregex=[", "__range=1", "__isnull=maybe", "__length__gt=1"],
    models.IntegerField: [f"={NINES}", f"__in=1,{NINES}", "=x", "__range=1", "__regex=1"],
    models.BigAutoField: [f"__in={NINES}", f"__gt={NINES}"],
    models.DateField: ["__gt=9999-12-31", "__year=0", "__year=99999999999", "=31.12.2026", "__week_day=9"],
    models.DateTimeField: ["__gt=9999-12-31T23:59:59-14:00", "__lt=0001-01-01", "__hour=25"],
    models.DecimalField: ["__range=1", "=x", "=1e9999"],
    models.ForeignKey: [f"={NINES}", f"__id__exact={NINES}", "__id__regex=1", "__isnull=2"],
}
LISTS = {f"{page.opts.label_lower}": page for page in admin.site._registry.values()}


def asked() -> list[tuple[str, str]]:
    found = []
    for label, page in LISTS.items():
        for kind, values in BY_KIND.items():
            field = next((f for f in page.opts.concrete_fields if type(f) is kind), None)
            found += [(label, f"{field.name}{value}") for value in values if field is not None]
    return found


def test_what_a_column_cannot_have_is_refused(client: Client) -> None:
    client.raise_request_exception = False
    client.force_login(OperatorFactory())
    wrong = {}
    for label, question in asked():
        address = reverse("admin:{}_changelist".format(label.replace(".", "_")))
        answer = client.get(f"{address}?{question}")
        asks = "cl" in (getattr(answer, "context_data", None) or {})  # lists of our own design read nothing of it
        if answer.status_code not in (302, 400, 403) and (asks or answer.status_code != 200):
            wrong[f"{label}?{question}"] = answer.status_code
    assert not wrong


@pytest.mark.parametrize("parameter", ["q", "request", "event", "by", "tab", "kind"])
def test_no_list_is_asked_for_nul(client: Client, parameter: str) -> None:
    client.force_login(OperatorFactory())
    for label in LISTS:
        address = reverse("admin:{}_changelist".format(label.replace(".", "_")))
        assert client.get(address, {parameter: "a\0b"}).status_code == 400


def test_whatever_a_list_offers_can_be_pressed(client: Client) -> None:
    """Each choice of each filter, and the days above a list."""
    client.force_login(OperatorFactory())
    walk.plant()
    wrong, pressed = {}, 0
    for label in LISTS:
        address = reverse("admin:{}_changelist".format(label.replace(".", "_")))
        shown = client.get(address)
        cl = (getattr(shown, "context_data", None) or {}).get("cl")
        for spec in getattr(cl, "filter_specs", ()):
            values = [choice["query_string"] for choice in spec.choices(cl) if "query_string" in choice]
            if isinstance(spec, admin.SimpleListFilter):  # its choices are a form's
                values += [f"?{urlencode({str(spec.parameter_name): key})}" for key, _ in spec.lookup_choices]
            for value in values:
                pressed += 1
                if (status := client.get(address + value, follow=True).status_code) != 200:
                    wrong[address + value] = status
    for question in ("at__year=2026", "at__day=28&at__month=11&at__year=2026"):
        if (status := client.get(f"/admin/positions/auditentry/?{question}").status_code) != 200:
            wrong[question] = status
    assert pressed > 60
    assert not wrong


def test_an_autocomplete_takes_no_number_that_is_none(client: Client) -> None:
    client.force_login(OperatorFactory())
    asked = {"app_label": "positions", "model_name": "position", "field_name": "employee"}
    assert client.get("/admin/autocomplete/", {**asked, "organization": "9" * 30, "term": "a"}).status_code == 200


def test_a_form_that_is_nested_deeply_is_no_mistake_of_ours(client: Client) -> None:
    employee = EmployeeFactory()
    client.force_login(OperatorFactory())
    address = reverse("admin:positions_employee_change", args=[employee.pk])
    for opened in ("[" * 100_000, '{"number":' * 100_000):
        assert client.post(address, {"opened": opened, "first_name": ""}).status_code == 200
