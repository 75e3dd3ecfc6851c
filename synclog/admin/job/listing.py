"""The list of the error log: its tabs, its counts, its pages. No count reads more than a page of 1,000 rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from unfold.views import ChangeList

from integrations.sdk.marking import gettext_noop
from integrations.sdk.wording import say
from positions.numbers import figure
from synclog.models import Job

CAP = 1000

TABS: dict[str, tuple[str, tuple[str, ...]]] = {
    "needs_action": (gettext_noop("Needs action"), (Job.State.FAILED,)),
    # Named as the counter that leads here; its key stands in addresses that were mailed.
    "retrying": (gettext_noop("Waiting"), (Job.State.WAITING, Job.State.RUNNING, Job.State.RETRYING)),
    "skipped": (gettext_noop("Skipped"), (Job.State.SKIPPED,)),
    "succeeded": (gettext_noop("Succeeded"), (Job.State.SUCCEEDED,)),
    "dismissed": (gettext_noop("Dismissed"), (Job.State.DISMISSED,)),
    "all": (gettext_noop("All"), ()),
}
# Narrower than any tab: whoever asks for these without a tab means all of them.
_WHOLE = ("state__exact", "position")


def capped(queryset: QuerySet) -> tuple[int, bool]:
    """(how many, whether there are more than that): at most CAP rows are counted."""
    number = queryset.order_by()[: CAP + 1].count()
    return min(number, CAP), number > CAP


def shown_count(number: int, more: bool) -> str:
    return f"{figure(number)}+" if more else figure(number)


def tab_of(request: HttpRequest) -> str:
    asked = request.GET.get("tab", "")
    if asked in TABS:
        return asked
    return "all" if any(request.GET.get(name) for name in _WHOLE) else "needs_action"


@dataclass(frozen=True, slots=True)
class Tab:
    key: str
    title: str
    url: str
    active: bool
    count: str
    urgent: bool


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    name: str
    value: str
    without: str


class JobPages(Paginator):
    template_name = "admin/synclog/job/pagination.html"

    @cached_property
    def _counted(self) -> tuple[int, bool]:
        return capped(self.object_list)  # type: ignore[arg-type]

    @cached_property
    def count(self) -> int:
        return self._counted[0]

    @property
    def shown(self) -> str:
        return shown_count(*self._counted)

    @property
    def more(self) -> bool:
        return self._counted[1]


class JobList(ChangeList):
    """A list of jobs within one tab."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.tab = tab_of(request)
        super().__init__(request, *args, **kwargs)

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found = super().get_filters_params(params)
        found.pop("tab", None)
        return found

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet:
        self.of_all_tabs = super().get_queryset(request, exclude_parameters)
        return self._within(self.tab)

    def _within(self, tab: str) -> QuerySet:
        _title, states = TABS[tab]
        return self.of_all_tabs.filter(state__in=states) if states else self.of_all_tabs

    @property
    def address(self) -> str:
        """This view of the log as a query string, without the page."""
        return self.get_query_string({"tab": self.tab})

    @property
    def sought(self) -> bool:
        return bool(self.query or self.has_active_filters)

    def tabs(self) -> list[Tab]:
        found = []
        for key, (title, _states) in TABS.items():
            active = key == self.tab
            pages: Any = self.paginator
            number, more = pages._counted if active else capped(self._within(key))
            found.append(
                Tab(
                    key,
                    say(title),
                    self.get_query_string({"tab": key}, remove=["state__exact"]),
                    active,
                    shown_count(number, more),
                    key == "needs_action" and number > 0,
                )
            )
        return found

    def active_filters(self) -> list[ActiveFilter]:
        """What the list is narrowed to, in words, each with the address without it."""
        found = []
        others = {name: values for name, values in self.get_filters_params().items() if any(values)}
        for spec in self.filter_specs:
            for name in spec.expected_parameters():
                others.pop(str(name), None)
            used = [name for name, value in spec.used_parameters.items() if value not in ("", None, [""])]
            if not used:
                continue
            said = spec.said() if hasattr(spec, "said") else _chosen(spec)
            found.append(ActiveFilter(str(spec.title), said, self.get_query_string({"tab": self.tab}, remove=used)))
        for name, values in others.items():  # no filter's: a column that the address compares by itself
            without = self.get_query_string({"tab": self.tab}, remove=[name])
            found.append(ActiveFilter(name, ", ".join(values), without))
        return found


def _chosen(spec: Any) -> str:
    """The label of what is chosen in a dropdown of related objects."""
    value = str(spec.value())
    return next((str(label) for key, label in getattr(spec, "lookup_choices", ()) if str(key) == value), _("unknown"))
