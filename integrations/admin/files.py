"""The files of a connection whose system has no API: to download, and to say that they were imported there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations import history
from integrations.admin import showing
from integrations.admin.showing import Told
from integrations.models import ExportFile, Integration
from integrations.runtime import export_files, folders
from integrations.sdk.declaration import Transport
from positions import roles
from positions.admin.scoped import ScopedAdmin

_PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Line:
    """A file as the list shows it."""

    file: ExportFile
    employees: int
    made: str
    fetched: str
    dropped: str
    imported: str


class FilePages:
    """Everybody who may see the connection sees the list; its organization's editors carry the files over."""

    def __init__(self, admin: ScopedAdmin) -> None:
        self.admin = admin

    def urls(self) -> list[URLPattern]:
        def at(suffix: str, view: Any, name: str) -> URLPattern:
            guarded = self.admin.admin_site.admin_view(view)
            return path(f"<int:pk>/files/{suffix}", guarded, name=f"integrations_integration_{name}")

        return [
            at("", self.list_view, "files"),
            at("imported/", self.imported_view, "files_imported"),
            at("<int:number>/fetch/", self.fetch_view, "file_fetch"),
            at("<int:number>/", self.download_view, "file_download"),
        ]

    def list_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        obj = self._viewed(request, pk)
        if not isinstance(obj, Integration):
            return obj
        files = obj.export_files.annotate(employees=Count("records"), has_content=~Q(kept="")).defer("kept")
        page = Paginator(files.order_by("-pk"), _PER_PAGE).get_page(request.GET.get("page"))
        may_carry = self._may_carry(request, obj)
        fetched = obj.export_files.filter(imported_at=None).exclude(fetched_at=None)
        return self.admin._page(
            request,
            obj,
            "files",
            "files.html",
            page=page,
            files=[_line(file, obj) for file in page.object_list],
            may_carry=may_carry,
            to_mark=fetched.count() if may_carry else 0,
            keep_days=settings.KEEP_FILES_DAYS,
            folder=export_files.folder_of(obj),
            folder_trouble=_folder_trouble(obj),
            download=self._to_download(obj, request.GET.get("download", "")) if may_carry else "",
        )

    @staticmethod
    def _to_download(obj: Integration, number: str) -> str:
        """The address of the file that was fetched just now: the page then starts its download."""
        fetched = obj.export_files.exclude(fetched_at=None).exclude(kept="")
        if not number.isdecimal() or not fetched.filter(pk=int(number)).exists():
            return ""
        return reverse("admin:integrations_integration_file_download", args=[obj.pk, int(number)])

    def fetch_view(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """The first time, this is what freezes the file. The list comes back, and starts the download."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        obj = self._carried(request, pk)
        if not isinstance(obj, Integration):
            return obj
        file = self._file(obj, number)
        if export_files.fetch(file, by=request.user.get_username()):
            self.admin.message_user(
                request,
                _("{file} does not change any more: later changes go into a new file.").format(file=file.file_name),
                messages.INFO,
            )
        return HttpResponseRedirect(f"{showing.url(obj, 'files')}?download={file.pk}")

    def download_view(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """A fetched file's bytes. Changes nothing, so the address may be opened again."""
        obj = self._carried(request, pk)
        if not isinstance(obj, Integration):
            return obj
        file = self._file(obj, number)
        if not file.fetched:
            return HttpResponseRedirect(showing.url(obj, "files"))
        name, content = export_files.content(file)
        if not content:
            said = _("{file} is not kept any more: contents are removed {days} days after fetching.").format(
                file=name, days=settings.KEEP_FILES_DAYS
            )
            self.admin.message_user(request, said, messages.WARNING)
            return HttpResponseRedirect(showing.url(obj, "files"))
        self.admin.log_change(request, obj, history.kept([history.DOWNLOADED(file=name)]))
        response = HttpResponse(content, content_type="application/xml")
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def imported_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One file, or every one that was fetched."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        obj = self._carried(request, pk)
        if not isinstance(obj, Integration):
            return obj
        files = obj.export_files.filter(imported_at=None).exclude(fetched_at=None).defer("kept").order_by("pk")
        asked = request.POST.get("file", "")
        if asked != "all":
            files = files.filter(pk=int(asked) if asked.isdecimal() else 0)
        for file in files:
            file.integration = obj
            if export_files.mark_imported(file, by=request.user.get_username()):
                self.admin.log_change(
                    request,
                    obj,
                    history.kept([history.IMPORTED(file=file.file_name, system=obj.system.name)]),
                )
                self.admin.message_user(
                    request, _("{file} is marked as imported.").format(file=file.file_name), messages.SUCCESS
                )
        return HttpResponseRedirect(showing.url(obj, "files"))

    # -- who may

    def _viewed(self, request: HttpRequest, pk: int) -> Integration | HttpResponse:
        obj = self.admin._viewed(request, pk)
        if isinstance(obj, Integration) and obj.system.transport is not Transport.FILE:
            raise Http404
        return obj

    def _carried(self, request: HttpRequest, pk: int) -> Integration | HttpResponse:
        obj = self._viewed(request, pk)
        if isinstance(obj, Integration) and not self._may_carry(request, obj):
            raise PermissionDenied
        return obj

    @staticmethod
    def _may_carry(request: HttpRequest, obj: Integration) -> bool:
        return roles.can(request.user, obj.organization_id, "edit")

    @staticmethod
    def _file(obj: Integration, number: int) -> ExportFile:
        file = obj.export_files.filter(pk=number).first()
        if file is None:
            raise Http404
        file.integration = obj
        return file


def _line(file: Any, obj: Integration) -> Line:
    file.integration = obj
    organization = obj.organization
    return Line(
        file,
        file.employees,
        showing.when(file.made_at, organization),
        showing.when(file.fetched_at, organization),
        showing.when(file.dropped_at, organization),
        showing.when(file.imported_at, organization),
    )


def _folder_trouble(obj: Integration) -> str:
    folder = export_files.folder_of(obj)
    if not folder:
        return ""
    try:
        folders.place(obj.organization_id, folder)
    except folders.FolderError as error:
        return str(error)
    return ""


# -- on the other pages of a connection ----------------------------------------------------------------------


def to_carry_over(obj: Integration) -> int:
    """How many files wait for a person."""
    return obj.export_files.filter(imported_at=None).count()


def panel(obj: Integration) -> str:
    if obj.system.transport is not Transport.FILE:
        return ""
    return render_to_string(
        "admin/integrations/files_panel.html",
        {"number": to_carry_over(obj), "system": obj.system, "files_url": showing.url(obj, "files")},
    )


def losses(obj: Integration) -> list[Told]:
    waiting = to_carry_over(obj)
    if not waiting:
        return []
    said = ngettext(
        "%(number)s file is not marked as imported, and cannot be downloaded any more.",
        "%(number)s files are not marked as imported, and cannot be downloaded any more.",
        waiting,
    )
    return [Told(said % {"number": waiting}, showing.url(obj, "files"))]


def kept(obj: Integration) -> list[Told]:
    """What stays to be carried over while nothing is sent."""
    waiting = to_carry_over(obj)
    if not waiting:
        return []
    said = ngettext(
        "%(number)s file is not marked as imported. It can still be downloaded.",
        "%(number)s files are not marked as imported. They can still be downloaded.",
        waiting,
    )
    return [Told(said % {"number": waiting}, showing.url(obj, "files"))]
