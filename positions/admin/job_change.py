"""*Change of job*: the page that adds a position as the one that follows another, which ends the day before."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from positions import dates, endings, terms
from positions.admin.terms import TermsForm
from positions.models import EndReason, Position
from positions.term_changes import changes_of, label

AFTER = "after"  # in the address: the position that this one follows
_KEPT = "_former_position"


class JobChangeForm(TermsForm):
    """`former` is set by `following`."""

    former: Position
    former_end_reason = forms.ChoiceField(
        label=gettext_lazy("Its end reason"),
        choices=[("", "---------"), *EndReason.choices],
        initial=EndReason.INTERNAL_TRANSFER,
        required=False,
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.employee = self.former.employee

    @property
    def opened_input(self) -> SafeString:
        return format_html('<input type="hidden" name="former" value="{}">', endings.mark([self.former]))

    def clean(self) -> Any:
        cleaned = super().clean()
        day = self.cleaned_data.get("start_date")
        wrong = endings.cannot_follow(self.former, day) if day else ""
        if wrong:
            self.add_error("start_date", wrong)
        elif self.data.get("former", "") != endings.mark([self.former]):
            said = _("Somebody has changed “%(title)s” meanwhile. Nothing was saved yet: look again, then save.")
            self.add_error(None, said % {"title": self.former.title})
        return cleaned

    @property
    def _last_day(self) -> date:
        day: date = self.cleaned_data["start_date"]
        return day - timedelta(days=1)

    def end_former(self) -> None:
        """Ends the position before. To be called before the new one is saved, in one transaction."""
        endings.end([self.former], self._last_day, self.cleaned_data["former_end_reason"])

    def said_of_former(self) -> str:
        return _("“%(title)s” ends on %(day)s.") % {"title": self.former.title, "day": dates.show(self._last_day)}


def former_of(admin: Any, request: HttpRequest) -> Position | None:
    """The position that the one to be added follows, where the person may change it. Locked while it is ended."""
    if not hasattr(request, _KEPT):
        found = admin.get_object(request, request.GET.get(AFTER, "")) if AFTER in request.GET else None
        if found is not None and not admin.has_change_permission(request, found):
            found = None
        if found is not None:
            prefetch_related_objects([found], "terms__department")
        setattr(request, _KEPT, found)
    former: Position | None = getattr(request, _KEPT)
    return former


def following(former: Position) -> type[JobChangeForm]:
    """The form of whatever follows it."""
    return type("JobChangeForm", (JobChangeForm,), {"former": former})


def first_day(former: Position, asked: str) -> date:
    """`asked`: the first day, as in an address; today where it says none."""
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        day = former.employee.organization.today()
    return max(day, former.start_date + timedelta(days=1))


def initial(former: Position, asked: str) -> dict[str, Any]:
    values = endings.values_of_next(former, first_day(former, asked))
    return {name: getattr(value, "pk", value) for name, value in values.items()}


def other_terms(former: Position, shown: date, chosen: date, address: str) -> SafeString | None:
    """Where the position before has other terms on the first day that was chosen than on the one that the form was
    opened with: says which, and leads to the form with those."""
    then, now = endings.values_of_next(former, chosen), endings.values_of_next(former, shown)
    names = [name for name in terms.TERMS if then[name] != now[name]]
    if not names:
        return None
    said = _("The terms below are those of %(shown)s. On %(chosen)s “%(title)s” has others: %(fields)s.") % {
        "shown": dates.show(shown), "chosen": dates.show(chosen), "title": former.title,
        "fields": ", ".join(label(name) for name in names),
    }  # fmt: skip
    link = f"{address}?{urlencode({AFTER: former.pk, 'start_date': chosen.isoformat()})}"
    words = _("Open the form with those; what is typed here is lost.")
    return format_html('{} <a class="ps-link" href="{}">{}</a>', said, link, words)


def fieldset(former: Position) -> tuple[str, dict[str, Any]]:
    """Above the form: what becomes of the position before, and what of it does not go along."""
    said = _("“%(title)s”, %(span)s, ends on the day before the start date below. The new position has its values.")
    told = [said % {"title": former.title, "span": dates.span(former.start_date, former.end_date)}]
    today = former.employee.organization.today()
    for change in changes_of(former, today):
        if change.since > today:
            planned = _("Planned for it, and not for the new one: %(change)s. Type it below where it goes along.")
            told.append(planned % {"change": change.sentence})
    description = format_html_join("", "<p>{}</p>", ((sentence,) for sentence in told))
    return _("Change of job"), {"fields": ("former_end_reason",), "description": description}
