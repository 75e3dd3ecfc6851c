"""How the admin looks and what its sidebar offers: to each person only the pages that they may open.

Imported by the settings, so what of Django needs them is imported where it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Entry:
    title: Promise
    icon: str
    address: str
    # None: for everybody who may open it; else only for operators, or only for the others.
    operators: bool | None = None


# An address that is not there is skipped.
GROUPS: tuple[tuple[Promise, tuple[Entry, ...]], ...] = (
    (
        _("People"),
        (
            Entry(_("Employees"), "group", "admin:positions_employee_changelist"),
            Entry(_("Positions"), "work_history", "admin:positions_position_changelist"),
        ),
    ),
    (
        _("Organization"),
        (
            Entry(_("Companies"), "domain", "admin:positions_company_changelist"),
            Entry(_("Departments"), "account_tree", "admin:positions_department_changelist"),
            Entry(_("Organization"), "shield_person", "admin:positions_organization_changelist", operators=False),
            Entry(_("Invitations"), "mail", "admin:positions_invitation_changelist"),
            Entry(_("API keys"), "key", "admin:positions_apikey_changelist"),
            Entry(_("Audit trail"), "history", "admin:positions_auditentry_changelist"),
        ),
    ),
    (
        _("Sync"),
        (
            Entry(_("Overview"), "monitoring", "admin:index"),
            Entry(_("Integrations"), "sync_alt", "admin:integrations_integration_changelist"),
            Entry(_("Error log"), "rule", "admin:synclog_job_changelist"),
            Entry(_("Retroactive changes"), "history_toggle_off", "admin:synclog_job_retro"),
            Entry(_("Matched people"), "link", "admin:integrations_employeelink_changelist"),
            Entry(_("Webhooks"), "webhook", "admin:synclog_webhook_changelist"),
            Entry(_("Supported fields"), "table_view", "integrations_supported_fields"),
        ),
    ),
    (
        _("Operator"),
        (
            Entry(_("Users"), "person", "admin:auth_user_changelist"),
            Entry(_("Organizations"), "corporate_fare", "admin:positions_organization_changelist", operators=True),
            Entry(_("Queue"), "conveyor_belt", "synclog_queue", operators=True),
            Entry(_("Mails of the demo"), "outgoing_mail", "demo_mails"),
        ),
    ),
)


def permitted(request: HttpRequest, entry: Entry) -> bool:
    """Asks the page itself, when it is the list of a model; other pages decide for themselves."""
    from django.apps import apps
    from django.contrib import admin

    if entry.operators is not None and entry.operators is not bool(request.user.is_superuser):
        return False
    app, _, rest = entry.address.removeprefix("admin:").partition("_")
    model, _, page = rest.partition("_")
    if page not in ("changelist", "retro"):
        return True
    return admin.site._registry[apps.get_model(app, model)].has_view_permission(request)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    from django.urls import NoReverseMatch, reverse

    groups: list[dict[str, Any]] = []
    for title, entries in GROUPS:
        items = []
        for entry in entries:
            try:
                link = reverse(entry.address)
            except NoReverseMatch:
                continue
            if permitted(request, entry):
                items.append({"title": entry.title, "icon": entry.icon, "link": link})
        if items:
            groups.append({"title": title, "separator": bool(groups), "items": items})
    # A page below another one's address is only itself.
    every = [item for group in groups for item in group["items"]]
    for item in every:
        if any(_is_below(other["link"], item["link"]) and request.path.startswith(other["link"]) for other in every):
            item["active"] = False
    return groups


def _is_below(page: str, other: str) -> bool:
    return page != other and page.startswith(other)


def account(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu below one's own name."""
    from django.urls import reverse
    from django.utils.translation import gettext as _

    from positions.accounts import issuer

    if not request.user.is_authenticated:
        return []
    links = [
        {"title": _("Name and e-mail"), "link": reverse("account")},
        {"title": _("Second factor"), "link": reverse("second_factor")},
        {"title": _("Sessions"), "link": reverse("sessions")},
        {"title": _("Mails"), "link": reverse("mail_choices")},
        {"title": _("Language"), "link": reverse("language")},
    ]
    if issuer.is_on():
        links.insert(0, {"title": _("Sign-in"), "link": reverse("sign_in")})
    if request.user.has_usable_password():
        links.insert(0, {"title": _("Change password"), "link": reverse("admin:password_change")})
    return links


def frame(request: HttpRequest) -> dict[str, Any]:
    """What every page is given. Unfold would write its colours into each; ours are in theme.css, for the content
    security policy's sake."""
    from positions import mailing
    from positions.accounts import issuer
    from synclog.admin.notices import unread

    mailed = mailing.links_are_sent() and not issuer.is_alone()
    return {"colors": None, "unread_notices": unread(request), "password_is_mailed": mailed}


def theme(request: HttpRequest) -> str:
    from django.templatetags.static import static

    return static("positions/theme.css")


def stylesheet(request: HttpRequest) -> str:
    from django.templatetags.static import static

    return static("positions/admin.css")


def names(request: HttpRequest) -> str:
    from django.templatetags.static import static

    return static("positions/names.js")


def favicon(request: HttpRequest) -> str:
    from django.templatetags.static import static

    return static("positions/favicon.svg")


def sync_stylesheet(request: HttpRequest) -> str:
    from django.templatetags.static import static

    return static("synclog/admin.css")


UNFOLD = {
    "SITE_TITLE": "Position Sync",
    "SITE_HEADER": "Position Sync",
    "SITE_SUBHEADER": _("From HR to payroll"),
    "SITE_SYMBOL": "sync_alt",
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "GLOBAL_CALLBACK": "config.unfold.frame",
    "STYLES": ["config.unfold.theme", "config.unfold.stylesheet", "config.unfold.sync_stylesheet"],
    "SCRIPTS": ["config.unfold.names"],
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "config.unfold.favicon"}],
    "DASHBOARD_CALLBACK": "synclog.admin.dashboard.dashboard",
    "LOGIN": {"form": "positions.accounts.login_form.LoginForm"},
    "ACCOUNT": {"navigation": "config.unfold.account"},
    "SIDEBAR": {"navigation": "config.unfold.navigation"},
}
