"""The positions of a connection of which one thing holds, as its counters say; what was changed since is sent."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from integrations.models import Integration
from integrations.sdk.wording import say
from positions.admin.returning import back
from positions.models import Position
from synclog.admin.log_pages import ConnectionPages, rendered, shown
from synclog.log import batches, bulk_actions, figures, sentences
from synclog.log.states import TRUTHS, connections_of, states_of
from synclog.log.truth import LISTED, Truth, counts_of, keys_in
from synclog.models import Batch

ROWS = 50  # on a page


class PositionPages(ConnectionPages):
    acts = "edit"

    def urls(self) -> list[URLPattern]:
        return [self._at("positions/<int:pk>/", self.positions_view, "positions")]

    @shown
    def positions_view(self, request: HttpRequest, integration: Integration) -> HttpResponse:
        """POST sends what was changed since."""
        may_act = self.may_act(request, integration)
        connection = reverse("admin:integrations_integration_change", args=[integration.pk])
        if request.method == "POST":
            if not may_act:
                raise PermissionDenied
            _send_changed(request, integration)
            return HttpResponseRedirect(back(request, connection))
        counts = counts_of([integration])[integration.pk]
        chosen = request.GET.get("state", "")
        truth = Truth(chosen) if chosen in LISTED else Truth.CHANGED
        found = Paginator(keys_in(integration, truth), ROWS)
        found.count = getattr(counts, truth)
        listed = found.get_page(request.GET.get("page"))
        with_names = Position.objects.select_related("employee", "company").defer("employee__national_id")
        known_rows = with_names.in_bulk(list(listed.object_list))
        rows = [known_rows[key] for key in listed.object_list if key in known_rows]
        states = states_of(connections_of(integration.organization).only(integration), rows)
        return rendered(
            request,
            "job/positions.html",
            title=f"{integration.name}: {say(TRUTHS[truth]).lower()}",
            integration=integration,
            connection=connection,
            tabs=[(t, say(TRUTHS[t]), getattr(counts, t), t is truth) for t in LISTED],
            truth=truth,
            asked=urlencode({"state": truth.value}),
            page=listed,
            rows=[(position, states[position.pk][0]) for position in rows],
            may_act=may_act,
            may_send_all=may_act and truth is Truth.CHANGED and found.count,
            number=figures.positions(found.count),
            held=sentences.held_back(integration),
            here=request.get_full_path(),
        )


def _send_changed(request: HttpRequest, integration: Integration) -> None:
    if not integration.send_positions:
        messages.warning(request, f"{integration.name}: {sentences.held_back(integration)}")
        return
    try:
        done = bulk_actions.send_changed(integration, request.user.get_username())
    except batches.TooManyError as error:
        messages.warning(request, str(error))
        return
    number = done.total if isinstance(done, Batch) else done
    said = _("{positions} on the way to {connection}.") if number else _("Nothing was changed since.")
    messages.success(request, said.format(positions=figures.positions(number), connection=integration.name))
