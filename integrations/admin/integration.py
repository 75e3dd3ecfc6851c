"""The pages of connections: the list, the steps of setting up, and the tabs of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations import history, removal, supported
from integrations.admin import files, showing
from integrations.admin.files import FilePages
from integrations.admin.showing import Happening, Health, Line, Tab, Told
from integrations.admin.steps import Step, StepPages, bar
from integrations.engine import Engine, Start, Test
from integrations.gaps import gaps, gaps_here, gaps_of, positions_here
from integrations.models import Integration
from integrations.options import options
from integrations.scope import left_behind
from integrations.sdk.messages import Message
from integrations.sdk.wording import say
from integrations.settings_form import CREDENTIALS, SETTINGS, ConnectionForm
from integrations.systems.registry import connectors, systems
from positions import once, roles
from positions.admin.returning import back
from positions.admin.scoped import ScopedAdmin
from positions.models import Organization
from positions.numbers import figure
from positions.transactions import repeated

_PER_PAGE = 50
_READS = ("GET", "HEAD")
_LAST_EVENTS = 8
_HISTORY = 200


class IntegrationAdmin(ScopedAdmin):
    """Pages of our own design: the list with its switches, the steps of setting up, and one page with tabs for each
    connection.

    They know no engine: the app that has it registers a subclass which names it, and says more than `health_of`,
    `banners`, `panels`, `samples`, `foreseen`, `preview_settings_url`, `tabs`, `happenings`, `losses`, `of_pausing`,
    `of_resuming` and `of_switching_off` say here.
    """

    engine: Engine
    needs = {"add": "administer", "change": "administer", "delete": "administer"}
    search_fields = ("name", "system_key")
    ordering = ("organization__name", "name")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("organization")

    def get_urls(self) -> list[URLPattern]:
        def at(suffix: str, view: Any, name: str) -> URLPattern:
            return path(
                f"<int:pk>/{suffix}/", self.admin_site.admin_view(view), name=f"integrations_integration_{name}"
            )

        return [
            at("fields", self.fields_view, "fields"),
            at("settings", self.settings_view, "settings"),
            at("help", self.help_view, "help"),
            at("gaps/<str:key>", self.gap_view, "gap"),
            at("switch", self.switch_view, "switch"),
            at("option", self.option_view, "option"),
            at("pause", self.pause_view, "pause"),
            at("resume", self.resume_view, "resume"),
            at("test", self.test_view, "test"),
            at("test/<uuid:key>", self.tested_view, "tested"),
            *StepPages(self).urls(),
            *FilePages(self).urls(),
            *super().get_urls(),
        ]

    # -- the list

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        sought = request.GET.get("q", "").strip()
        found = self.get_queryset(request).order_by(*self.ordering)
        if sought:
            by_name = [s.key for s in systems() if sought.lower() in s.name.lower()]
            found = found.filter(Q(name__icontains=sought) | Q(system_key__in=by_name))
        page = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
        return self._render(
            request,
            "list.html",
            title=_("Integrations"),
            page=page,
            lines=self._lines(request, list(page.object_list)),
            sought=sought,
            several=roles.only_organization(request.user) is None,
            may_add=self.has_add_permission(request),
            banners=self.banners(request),
            here=request.get_full_path(),
        )

    def _lines(self, request: HttpRequest, integrations: list[Integration]) -> list[Line]:
        health = self.health_of(integrations)
        return [Line(i, health[i.pk], self.has_change_permission(request, i)) for i in integrations]

    # -- connecting

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        asked = request.POST if request.method == "POST" else request.GET
        organizations = self._own_organizations(request)
        organization = self._chosen_organization(organizations, asked.get("organization", ""))
        key = asked.get("system", "")
        if organization is None or key not in connectors():
            return self._render(
                request,
                "choose.html",
                title=_("Connect a system"),
                systems=showing.choices(systems()),
                organizations=organizations,
                chosen=organization,
            )
        system = connectors()[key].system
        new = Integration(organization=organization, system_key=key, name=_free_name(organization, system.name))
        if request.method != "POST":
            return self._add(request, new)
        answer = once.once(request, partial(self._add, request, new), partial(self._added_before, request))
        # After the transaction that saves it: a test is a worker's, which sees what is committed.
        return StepPages(self).begin_test(request, new) if new.pk else answer

    def _added_before(self, request: HttpRequest, key: str, same: bool) -> HttpResponse:
        made = self.get_object(request, key)
        changelist = reverse("admin:integrations_integration_changelist")
        return HttpResponseRedirect(showing.url(made, "switch_on_test") if made else changelist)

    def _add(self, request: HttpRequest, new: Integration) -> HttpResponse:
        system, organization = new.system, new.organization
        form = ConnectionForm(new, request.POST if request.method == "POST" else None, part=CREDENTIALS)
        if request.method == "POST" and form.is_valid():
            self._save(request, form, add=True)
            once.made(request, new.pk)
            return HttpResponseRedirect(showing.url(new, "switch_on_test"))
        return self._render(
            request,
            "add.html",
            title=_("Connect {name}").format(name=system.name),
            steps=bar(Step.CREDENTIALS),
            number=1,
            form=form,
            system=system,
            model=supported.model(system),
            meaning=supported.model_meaning(system),
            organization=organization,
            once_field=once.field(request),
            several=len(self._own_organizations(request)) > 1,
            help_html=showing.help_page(system.key),
        )

    def _own_organizations(self, request: HttpRequest) -> list[Organization]:
        ids = roles.organization_ids(request.user, "administer")
        found = Organization.objects.all()
        return list(roles.limited(found, ids, "pk"))

    @staticmethod
    def _chosen_organization(own: list[Organization], asked: str) -> Organization | None:
        """Somebody else's organization is not chosen, whatever was asked for."""
        if len(own) == 1 and asked in ("", str(own[0].pk)):
            return own[0]
        return next((o for o in own if str(o.pk) == asked), None)

    def _save(self, request: HttpRequest, form: ConnectionForm, *, add: bool) -> list[Message]:
        """Writes what the form says, and only that: the engine writes to the same row. Gives what changed."""
        by = request.user.get_username()
        obj = form.instance
        said = [] if add else form.changes()
        credentials, removed = form.credentials(), form.removed()
        moved = form.moved()
        with transaction.atomic():
            obj.settings = form.settings()
            fields = ["settings", "updated_at"]
            if form.part != SETTINGS:
                obj.name = form.cleaned_data["name"]
                obj.base_urls = form.base_urls()
                obj.everybody = form.cleaned_data["everybody"]
                fields += ["name", "base_urls", "everybody"]
            if credentials or removed:
                obj.set_credentials(credentials, by, remove=removed)
                fields += Integration.CREDENTIAL_FIELDS
            if add:
                obj.save()
            else:
                obj.save(update_fields=list(dict.fromkeys(fields)))
            if form.part != SETTINGS:
                obj.companies.set(form.cleaned_data["companies"])
            if add:
                self.log_addition(request, obj, history.kept([history.CONNECTED(system=obj.system.name)]))
            elif said:
                self.log_change(request, obj, history.kept(said))
            for _name, was, now in moved:
                self.engine.address_changed(obj, was, now, by)
            if (credentials or removed) and not add:
                self.engine.credentials_renewed(obj, by)
            if credentials or removed or moved:
                self.engine.forget_tests(obj)
        return said

    # -- one connection

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        obj = self._viewed(request, object_id)
        return self._overview(request, obj) if isinstance(obj, Integration) else obj

    def _overview(self, request: HttpRequest, obj: Integration, test: Test | None = None) -> HttpResponse:
        happenings = self._happenings(obj, _LAST_EVENTS)
        lacking = gaps_here(obj)
        return self._page(
            request,
            obj,
            "change",
            "overview.html",
            options=options(obj),
            missing=obj.missing_settings(),
            gaps=lacking,
            settings_mend=any(gap.setting for gap, _number in lacking),
            happenings=[(showing.when(h.at, obj.organization), h) for h in happenings],
            panels=[html for html in self.panels(request, obj) if html],
            banners=self.banners(request),
            test=test,
            retry=showing.when(obj.retry_at, obj.organization),
            paused=showing.when(obj.paused_at, obj.organization),
            stopped=showing.when(obj.stopped_at, obj.organization),
            activated=showing.when(obj.activated_at, obj.organization),
            here=showing.url(obj, "change"),
        )

    def fields_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        obj = self._viewed(request, pk)
        if not isinstance(obj, Integration):
            return obj
        return self._page(
            request,
            obj,
            "fields",
            "fields.html",
            matrix=supported.matrix(obj.system_key),
            marks=supported.MARKS.values(),
        )

    def gap_view(self, request: HttpRequest, pk: int, key: str) -> HttpResponse:
        """The positions that a gap keeps back, each with the way to the field that it lacks."""
        obj = self._viewed(request, pk)
        if not isinstance(obj, Integration):
            return obj
        gap = next((one for one in gaps_of(obj) if one.key == key), None)
        if gap is None:  # mended meanwhile
            return HttpResponseRedirect(showing.url(obj, "change"))
        rows = positions_here(obj).filter(gap.positions()).select_related("employee", "company")
        rows = rows.defer("employee__national_id").order_by("employee__last_name", "employee__first_name", "pk")
        page = Paginator(rows, _PER_PAGE).get_page(request.GET.get("page"))
        found = [(row, showing.field_of_position(row, gap.field)) for row in page.object_list]
        return self._page(request, obj, "change", "gap.html", gap=gap, page=page, rows=found)

    def settings_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        obj = self._viewed(request, pk)
        if not isinstance(obj, Integration):
            return obj
        may_change = self.has_change_permission(request, obj)
        if request.method == "POST" and not may_change:
            raise PermissionDenied
        needed = {gap.setting for gap, _number in gaps_here(obj)}
        form, said = self._posted(request, obj, needed=needed) if request.method == "POST" else (None, None)
        if said is not None:
            self.message_user(request, _("Saved.") if said else _("Nothing was changed."), messages.SUCCESS)
            left = left_behind(obj.pk) if form and form.takes_others else 0
            if left:
                self.message_user(request, _left_behind(left, obj), messages.WARNING)
            return HttpResponseRedirect(back(request, showing.url(obj, "settings")))
        form = form or ConnectionForm(obj, disabled=not may_change, needed=needed)
        return self._page(
            request,
            obj,
            "settings",
            "settings.html",
            form=form,
            opened_forms=[form] if may_change else [],
            hints=self._hints(obj, may_change),
            missing=obj.missing_settings(),
            would_not_be_sent=gaps(obj.system, obj.cleaned_settings()),
            preview_url=self.preview_settings_url(obj) if may_change else "",
        )

    @repeated
    def _posted(
        self, request: HttpRequest, obj: Integration, **kwargs: Any
    ) -> tuple[ConnectionForm, list[Message] | None]:
        """The form, and what it has changed; None where it is not valid, or somebody else has changed the same."""
        obj.refresh_from_db(from_queryset=Integration.objects.select_for_update(no_key=True))
        form = ConnectionForm(obj, request.POST, **kwargs)
        return form, self._save(request, form, add=False) if form.is_valid() else None

    @staticmethod
    def _hints(obj: Integration, with_end: bool) -> dict[str, str]:
        """For each credential that is set: its end, by whom and when; others than admins do not see the end."""
        hints = {}
        for s in obj.system.credentials:
            if not obj.credentials.get(s.name):
                continue
            hint = obj.credential_hints.get(s.name) or {}
            end = f"{hint['hint']}, " if with_end and str(hint.get("hint", "")).startswith("…") else ""
            hints[f"credential__{s.name}"] = (
                f"{end}{_set(hint.get('by'), showing.day(hint.get('at'), obj.organization))}"
            )
        return hints

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        obj = self._viewed(request, object_id)
        if not isinstance(obj, Integration):
            return obj
        newest = self._happenings(obj, _HISTORY)
        return self._page(
            request,
            obj,
            "history",
            "history.html",
            happenings=[(showing.when(h.at, obj.organization), h) for h in newest],
            cut=_HISTORY if len(newest) == _HISTORY else 0,
        )

    def help_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        obj = self._viewed(request, pk)
        if not isinstance(obj, Integration):
            return obj
        return self._page(request, obj, "help", "help.html", help_html=showing.help_page(obj.system_key))

    # -- what changes something: by POST. By GET, what it would do to what is waiting.

    def switch_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method in _READS:
            return self._ask(request, pk, "switch", self.of_switching_off)
        obj = self._changed(request, pk)
        if not isinstance(obj, Integration):
            return obj
        on = request.POST.get("on") == "1"
        if on and not obj.connected:
            labels = ", ".join(say(s.label) for s in obj.missing_settings())
            self.message_user(
                request,
                _("{name} was not switched on: {settings} is missing.").format(name=obj.name, settings=labels),
                messages.ERROR,
            )
            return HttpResponseRedirect(showing.url(obj, "switch_on"))
        start = request.POST.get("start") or Start.CHANGES
        if start not in set(Start):
            return self._done(
                request, obj, _("There is no such start. Choose one of those on the page."), messages.ERROR
            )
        done = self.engine.switch(obj, on, request.user.get_username(), Start(start))
        if done.said:
            return self._done(request, obj, done.said, messages.WARNING)
        if on and done.sent:
            said = ngettext(
                "{name} is on: changes from now on are sent, and {number} position is on its way.",
                "{name} is on: changes from now on are sent, and {number} positions are on their way.",
                done.sent,
            ).format(name=obj.name, number=figure(done.sent))
        elif on:
            said = _("{name} is on: changes from now on are sent.").format(name=obj.name)
        else:
            said = _("{name} is off: changes are not recorded, and what was waiting is not sent.").format(name=obj.name)
        return self._done(request, obj, said)

    def option_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        obj = self._changed(request, pk)
        if not isinstance(obj, Integration):
            return obj
        option = next((o for o in options(obj) if o.name == request.POST.get("name") and o.usable), None)
        if option is None:
            return self._done(request, obj, _("This connection has no such switch."), messages.ERROR)
        on = request.POST.get("on") == "1"
        self.engine.set_option(obj, option.name, on, request.user.get_username())
        said = _("“{option}” is on for {name}.") if on else _("“{option}” is off for {name}.")
        return self._done(request, obj, said.format(option=option.label, name=obj.name))

    def pause_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method in _READS:
            return self._ask(request, pk, "pause", self.of_pausing)
        obj = self._changed(request, pk)
        if not isinstance(obj, Integration):
            return obj
        self.engine.pause(obj, request.user.get_username())
        return self._done(
            request, obj, _("{name} is paused: changes are recorded and go out when you resume.").format(name=obj.name)
        )

    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method in _READS:
            return self._ask(request, pk, "resume", self.of_resuming)
        obj = self._changed(request, pk)
        if not isinstance(obj, Integration):
            return obj
        self.engine.resume(obj, request.user.get_username())
        if obj.send_positions:
            said = _("{name} goes on: what was waiting goes out now.")
        else:
            said = _("{name} is held up no more. Nothing is sent before Send positions is switched on.")
        return self._done(request, obj, said.format(name=obj.name))

    def _ask(
        self, request: HttpRequest, pk: int, act: str, consequences: Callable[[Integration], list[Told]]
    ) -> HttpResponse:
        """What `act` would do, before it is done; nothing to ask where it is so already."""
        obj = self._viewed(request, pk)
        if not isinstance(obj, Integration):
            return obj
        if not self.has_change_permission(request, obj):
            raise PermissionDenied
        to = back(request, showing.url(obj, "change"))
        off, held = not obj.send_positions, obj.paused or obj.stopped or obj.retry_at
        if {"switch": off, "pause": off or obj.paused, "resume": not held}[act]:
            return HttpResponseRedirect(to)
        return self._page(
            request, obj, "change", f"ask/{act}.html", told=consequences(obj), back=to, action=showing.url(obj, act)
        )

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks the system itself; shows the answer on the page that asked."""
        if request.method == "GET":
            # A reload, or the address from a mail.
            return HttpResponseRedirect(reverse("admin:integrations_integration_change", args=[pk]))
        obj = self._changed(request, pk)
        if not isinstance(obj, Integration):
            return obj
        if request.POST.get("page") == "switch_on":
            return StepPages(self).begin_test(request, obj)
        test = self.engine.begin_test(obj, request.user.get_username())
        if test.key is None:
            return self._done(request, obj, test.words, messages.WARNING)
        if test.lines is None:
            return HttpResponseRedirect(reverse("admin:integrations_integration_tested", args=[pk, test.key]))
        return self._overview(request, obj, test)

    def tested_view(self, request: HttpRequest, pk: int, key: UUID) -> HttpResponse:
        """How far a test is, and what it says when it is done."""
        obj = self._viewed(request, pk)
        if not isinstance(obj, Integration):
            return obj
        if not self.has_change_permission(request, obj):
            raise PermissionDenied
        if request.GET.get("page") == "switch_on":
            return StepPages(self).tested(request, obj, key)
        test = self.engine.look_at_test(obj, key)
        if test is None:
            self.message_user(request, _("This test is over: they are kept for an hour. Test again."), messages.WARNING)
            return HttpResponseRedirect(showing.url(obj, "change"))
        return self._overview(request, obj, test)

    # -- deleting

    delete_confirmation_template = "admin/integrations/delete.html"

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Without collecting a log of any length: the page says what is lost in sentences."""
        objs = list(objs)
        lacking = {str(self.opts.verbose_name) for obj in objs if not self.has_delete_permission(request, obj)}
        return [], {}, lacking, []

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        obj = self._viewed(request, object_id)
        if not isinstance(obj, Integration):
            return obj
        if request.method == "POST" and request.POST.get("post") and self.has_delete_permission(request, obj):
            removal.empty(obj, self.engine)
        context = {**(extra_context or {}), "losses": self.losses(obj), "integration": obj}
        return super().delete_view(request, object_id, context)

    # -- what the engine's app says more of

    def health_of(self, integrations: Sequence[Integration]) -> Mapping[int, Health]:
        """By id; of all of them at once: the number of queries must not grow with the connections."""
        return {integration.pk: showing.health_of_switch(integration) for integration in integrations}

    def banners(self, request: HttpRequest) -> list[str]:
        """Sentences above the list and each connection's overview: trouble that concerns all of them."""
        return []

    def panels(self, request: HttpRequest, obj: Integration) -> list[str]:
        """Safe HTML on a connection's overview, "" for nothing."""
        return [files.panel(obj)]

    def samples(self, request: HttpRequest, obj: Integration) -> str:
        """Safe HTML: some positions of which one can see what would be sent, "" for nothing."""
        return ""

    def foreseen(self, obj: Integration) -> Mapping[Start, str]:
        """For the choice of the start: what is known of how much each would send, in words."""
        return {}

    def preview_settings_url(self, obj: Integration) -> str:
        """Where the form of the settings is posted to see what saving it would change; "" for nowhere."""
        return ""

    def tabs(self, request: HttpRequest, obj: Integration, health: Health) -> list[Tab]:
        """Further tabs of a connection's page."""
        return []

    def happenings(self, obj: Integration, number: int) -> list[Happening]:
        """The newest so many things that happened to a connection: what people changed on these pages."""
        entries = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(Integration), object_id=str(obj.pk)
        ).select_related("user")
        return [
            Happening(e.action_time, e.user.get_username(), history.words(e))
            for e in entries.order_by("-action_time", "-pk")[:number]
        ]

    def losses(self, obj: Integration) -> list[Told]:
        """What goes with a connection that is deleted."""
        return files.losses(obj)

    def of_pausing(self, obj: Integration) -> list[Told]:
        """What becomes of what is not sent yet, and of what is saved meanwhile."""
        return []

    def of_resuming(self, obj: Integration) -> list[Told]:
        """The same, when a pause or a stop ends."""
        return []

    def of_switching_off(self, obj: Integration) -> list[Told]:
        """The same, when *Send positions* is switched off."""
        return files.kept(obj)

    # -- shared

    def _happenings(self, obj: Integration, number: int) -> list[Happening]:
        return sorted(self.happenings(obj, number), key=lambda h: h.at, reverse=True)[:number]

    def _viewed(self, request: HttpRequest, pk: int | str) -> Integration | HttpResponse:
        """The connection, or the same answer for a foreign one as for one that does not exist."""
        obj = self.get_object(request, str(pk))
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        assert isinstance(obj, Integration)
        return obj

    def _changed(self, request: HttpRequest, pk: int) -> Integration | HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        obj = self._viewed(request, pk)
        if isinstance(obj, Integration) and not self.has_change_permission(request, obj):
            raise PermissionDenied
        return obj

    def _done(self, request: HttpRequest, obj: Integration, said: str, level: int = messages.SUCCESS) -> HttpResponse:
        """Back to where the button was pressed."""
        self.message_user(request, said, level)
        return HttpResponseRedirect(back(request, showing.url(obj, "change")))

    def all_tabs(self, request: HttpRequest, obj: Integration, health: Health, here: str) -> list[Tab]:
        """Of a connection's pages; `here` is the address of the one that is shown."""
        return showing.page_tabs(obj, here, self.tabs(request, obj, health))

    def _page(self, request: HttpRequest, obj: Integration, tab: str, template: str, **context: Any) -> HttpResponse:
        line = self._lines(request, [obj])[0]
        tabs = self.all_tabs(request, obj, line.health, showing.url(obj, tab))
        context.setdefault("title", ": ".join([obj.name, *(one.title for one in tabs if one.active)]))
        return self._render(
            request,
            template,
            original=obj,
            integration=obj,
            system=obj.system,
            line=line,
            tabs=tabs,
            sandbox=showing.sandbox(obj),
            several=roles.only_organization(request.user) is None,
            may_delete=self.has_delete_permission(request, obj),
            **context,
        )

    def _render(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        request.current_app = self.admin_site.name
        base = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, f"admin/integrations/{template}", {**base, **context})


def _set(by: str | None, day: str) -> str:
    """Of a credential: by whom and when, as far as that is known."""
    if by and day:
        said = _("set by {name} on {day}")
    elif by:
        said = _("set by {name}")
    else:
        said = _("set on {day}") if day else _("set")
    return said.format(name=by, day=day)


def _left_behind(number: int, integration: Integration) -> str:
    return ngettext(
        "{number} of the positions that were sent is not taken any more. It stays in {system} as it is until it is "
        "changed here or its entry re-synced: then it is treated there as if it were deleted here.",
        "{number} of the positions that were sent are not taken any more. They stay in {system} as they are until one "
        "is changed here or its entry re-synced: then it is treated there as if it were deleted here.",
        number,
    ).format(number=number, system=integration.system.name)


def _free_name(organization: Organization, name: str) -> str:
    """A name that no other connection of the organization has: Fortnox, Fortnox 2."""
    taken = {one.lower() for one in organization.integrations.values_list("name", flat=True)}
    names = [name, *(f"{name} {number}" for number in range(2, len(taken) + 2))]
    return next(one for one in names if one.lower() not in taken)
