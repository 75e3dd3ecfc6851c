"""What the error log says when it lists nothing: why, and whether all is well."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.models import Integration
from integrations.sdk.marking import gettext_noop
from integrations.sdk.wording import say
from positions import moments, roles
from positions.numbers import figure
from synclog.admin.job.listing import TABS, JobList
from synclog.log import figures
from synclog.log.truth import counts_of


class Empty(NamedTuple):
    """What an empty list says: a headline and a sentence. `good`: it is empty because all is well."""

    title: str
    sentence: str
    good: bool = False


_EMPTY = {
    "retrying": (
        gettext_noop("Nothing is waiting"),
        gettext_noop("A change waits here until it is sent: for some seconds, or until its day."),
    ),
    "skipped": (
        gettext_noop("Nothing was skipped"),
        gettext_noop("What is not sent for a good reason is told here."),
    ),
    "succeeded": (
        gettext_noop("Nothing was sent yet"),
        gettext_noop("Each change that a system accepted is listed here."),
    ),
    "dismissed": (
        gettext_noop("Nothing was dismissed"),
        gettext_noop("What somebody decided not to send is listed here."),
    ),
    "all": (
        gettext_noop("No change was recorded yet"),
        gettext_noop("A position that is saved while a connection is on appears here."),
    ),
}


def empty_of(cl: JobList, visible: Collection[int] | None) -> Empty:
    """Of a list without entries; `visible`: the organizations of whoever looks (None: all)."""
    if cl.sought:
        return Empty(_("Nothing matches"), _("No entry of this tab fits the search and the filters above."))
    if cl.tab in _EMPTY:
        title, sentence = _EMPTY[cl.tab]
        return Empty(say(title), say(sentence))
    if cl.of_all_tabs.filter(state__in=TABS["retrying"][1]).exists():
        return Empty(_("Nothing needs you"), _("Some changes are on their way: see Waiting."))
    mine = roles.limited(Integration.objects.all(), visible)
    if (behind := _behind(mine)) is not None:
        return Empty(_("Nothing needs you"), behind)
    newest = mine.order_by("-last_success_at").exclude(last_success_at=None).select_related("organization")
    if not mine.exists():
        return Empty(
            _("No system is connected yet"),
            _("What is sent to a connected system, and what is not, is told here."),
        )
    last = newest.only("last_success_at", "organization__time_zone").first()
    if last is None or last.last_success_at is None:
        return Empty(_("Nothing needs you"), _("Nothing was sent yet either: the next change of a position will be."))
    sent = _("Last sent {when}.").format(when=moments.clock(last.last_success_at, last.organization.zone))
    return Empty(_("Everything is in sync"), sent, good=True)


def _behind(integrations: QuerySet[Integration]) -> str | None:
    """What keeps everything from being in sync although the log has nothing open."""
    counts = counts_of(list(integrations.select_related("organization").defer("credentials", "vault"))).values()
    changed, unknown, partly = (sum(getattr(c, name) for c in counts) for name in ("changed", "unknown", "partly"))
    if changed:
        return ngettext(
            "{number} position was changed here since it was sent, and is not on the way: see the connection's page.",
            "{number} positions were changed here since they were sent, and are not on the way: see the "
            "connection's page.",
            changed,
        ).format(number=figure(changed))
    if unknown:
        return _("{positions} still to be compared with what was sent.").format(positions=figures.positions(unknown))
    if partly:
        return _("Of {positions} a part is not there: see the connection's page.").format(
            positions=figures.positions(partly)
        )
    return None
