"""How the admin looks and what its sidebar offers: to each person only the pages that they may open."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse

# (title, [(title, icon, address)]); an address that is not there (yet) is skipped.
_GROUPS: list[tuple[str, list[tuple[str, str, str]]]] = [
    (
        "People",
        [
            ("Employees", "group", "admin:positions_employee_changelist"),
            ("Positions", "work_history", "admin:positions_position_changelist"),
        ],
    ),
    (
        "Sync",
        [
            ("Integrations", "sync_alt", "admin:integrations_integration_changelist"),
            ("Error log", "rule", "admin:synclog_job_changelist"),
        ],
    ),
    (
        "Organization",
        [
            ("Companies", "domain", "admin:positions_company_changelist"),
            ("Departments", "account_tree", "admin:positions_department_changelist"),
            ("Members", "shield_person", "admin:positions_organization_changelist"),
            ("API keys", "key", "admin:positions_apikey_changelist"),
        ],
    ),
    (
        "Operator",
        [
            ("Users", "person", "admin:auth_user_changelist"),
        ],
    ),
]


def _permitted(request: HttpRequest, address: str) -> bool:
    """Asks the page itself, when it is the list of a model; other pages decide for themselves."""
    app, _, rest = address.removeprefix("admin:").partition("_")
    model, _, page = rest.partition("_")
    if page != "changelist":
        return True
    return admin.site._registry[apps.get_model(app, model)].has_view_permission(request)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = []
    for title, entries in _GROUPS:
        items = []
        for name, icon, address in entries:
            try:
                link = reverse(address)
            except NoReverseMatch:
                continue
            if _permitted(request, address):
                items.append({"title": name, "icon": icon, "link": link})
        if items:
            groups.append({"title": title, "separator": bool(groups), "items": items})
    return groups


def styles(request: HttpRequest) -> str:
    return static("positions/admin.css")


UNFOLD = {
    "SITE_TITLE": "Position Sync",
    "SITE_HEADER": "Position Sync",
    "SITE_SUBHEADER": "From HR to payroll",
    "SITE_SYMBOL": "sync_alt",
    "SITE_URL": None,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "STYLES": ["config.unfold.styles"],
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": "config.unfold.navigation"},
}
