"""What pages share that belong to the error log: its scope, its roles, its addresses."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar, TypeVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from integrations.admin.showing import Tab
from integrations.models import Integration
from positions import roles
from positions.roles import Need
from synclog.models import Job

View = Callable[..., HttpResponseBase]
_R = TypeVar("_R", bound=HttpResponseBase)


def rendered(request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
    """A template below admin/synclog/, in the admin's frame."""
    request.current_app = admin.site.name
    return TemplateResponse(request, f"admin/synclog/{template}", {**admin.site.each_context(request), **context})


class LogPages:
    """`log`: the JobAdmin among whose addresses these are, and who knows what may be seen."""

    def __init__(self, log: Any) -> None:
        self._log = log

    def _at(self, address: str, view: View, name: str, **kwargs: Any) -> URLPattern:
        return path(address, self._log.admin_site.admin_view(view), kwargs, name=f"synclog_job_{name}")

    def _missing(self, request: HttpRequest, model: type[Model], pk: int) -> HttpResponse:
        """The answer to who asks for what is not there, or not theirs."""
        answer: HttpResponse = self._log._get_obj_does_not_exist_redirect(request, model._meta, str(pk))
        return answer


class ObjectPages(LogPages):
    """Of one object, which `shown`, `acting` and `pressed` find."""

    model: ClassVar[type[Model]]

    def one(self, request: HttpRequest, pk: int) -> Any:
        """None: there is none that they may see."""
        raise NotImplementedError

    def may_act(self, request: HttpRequest, found: Any) -> bool:
        raise NotImplementedError


def _of_one(view: Callable[..., _R], *, acts: bool = False, posted: bool = False) -> Callable[..., _R | HttpResponse]:
    @wraps(view)
    def answer(pages: ObjectPages, request: HttpRequest, pk: int, **kwargs: Any) -> _R | HttpResponse:
        if posted and request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        found = pages.one(request, pk)
        if found is None:
            return pages._missing(request, pages.model, pk)
        if acts and not pages.may_act(request, found):
            raise PermissionDenied
        return view(pages, request, found, **kwargs)

    return answer


def shown(view: Callable[..., _R]) -> Callable[..., _R | HttpResponse]:
    """Of ObjectPages: the view is given the object in place of its key, for whoever may see it."""
    return _of_one(view)


def acting(view: Callable[..., _R]) -> Callable[..., _R | HttpResponse]:
    """The same for whoever may act: GET asks first."""
    return _of_one(view, acts=True)


def pressed(view: Callable[..., _R]) -> Callable[..., _R | HttpResponse]:
    """The same for whoever may act, by POST alone."""
    return _of_one(view, acts=True, posted=True)


class EntryPages(ObjectPages):
    """Of one entry of the log."""

    model = Job

    def one(self, request: HttpRequest, pk: int) -> Job | None:
        job: Job | None = self._log.get_object(request, str(pk))
        if job is not None and not self._log.has_view_permission(request, job):
            raise PermissionDenied
        return job

    def may_act(self, request: HttpRequest, found: Job) -> bool:
        may: bool = self._log.has_change_permission(request, found)
        return may


class ConnectionPages(ObjectPages):
    """Of one connection: of another organization's nobody learns that it is there.

    acts  what whoever presses something needs
    """

    model = Integration
    acts: ClassVar[Need]

    def one(self, request: HttpRequest, pk: int) -> Integration | None:
        if not self._log.has_view_permission(request):
            raise PermissionDenied
        known = roles.limited(Integration.objects.select_related("organization"), self._log.visible(request))
        return known.filter(pk=pk).first()

    def may_act(self, request: HttpRequest, found: Integration) -> bool:
        return roles.can(request.user, found.organization_id, self.acts)

    def tabs(self, request: HttpRequest, found: Integration, here: str) -> list[Tab]:
        """Those of the connection's pages, where the page at `here` is one of them."""
        pages: Any = self._log.admin_site.get_model_admin(Integration)
        shown: list[Tab] = pages.all_tabs(request, found, pages.health_of([found])[found.pk], here)
        return shown
