"""What a run leaves in the links of positions: which record stands for which, and what was last written to it."""

from __future__ import annotations

from datetime import datetime

from integrations.models import Integration, PeriodLink
from integrations.planning.work import Outcome, Report
from integrations.runtime import mapping
from integrations.sdk.declaration import Model
from synclog.engine import agreeing, rows
from synclog.engine.done import Done
from synclog.engine.fitted import id_fitted

_COLUMNS = [
    *("remote_id", "values", "terms", "written_as", "found", "left_behind", "sent_at", "employee_key"),
    *("stale", "left", "look_on"),
]


class LinkResults:
    """The links of positions of a batch."""

    def __init__(self, integration: Integration, now: datetime) -> None:
        self.integration, self.now, self.settings = integration, now, integration.cleaned_settings()
        self.links: list[PeriodLink] = []
        self.gone: list[int] = []
        self.displaced: list[int] = []  # positions whose flat record stands for another one from now on
        self.unsure: set[int] = set()  # employees of whom something was left unwritten

    def add(self, outcome: Outcome, done: Done, report: Report) -> None:
        if outcome.gone:
            self.gone.append(int(outcome.position_id))
        if outcome.sent is None:
            return
        if self.integration.system.model is Model.FLAT:
            self.displaced += [int(p) for p in done.work.sent if p != outcome.position_id]
            self.gone += self.displaced
        # Whoever held this record before (a position that is deleted here) holds it no more.
        others = ((p, sent) for p, sent in done.work.sent.items() if p != outcome.position_id)
        self.gone += [int(p) for p, sent in others if sent.remote_id == outcome.sent.remote_id]
        link = PeriodLink(
            integration_id=self.integration.pk,
            employee_key=int(done.work.person.id),
            position_key=int(outcome.position_id),
            remote_id=id_fitted(outcome.sent.remote_id),
            values=mapping.to_json(outcome.sent.values),
            terms=mapping.terms_to_json(outcome.sent.terms),
            written_as=outcome.sent.written_as,
            found=mapping.to_json(outcome.sent.found),
            left_behind=list(outcome.sent.left_behind),
            sent_at=self.now,
            written_at=None if outcome.older is None else self.now,
            older=mapping.older_to_json(outcome.older or {}),
        )
        agreeing.after_run(link, self.integration, self.settings, outcome, done.work, report)
        self.links.append(link)

    def left_unwritten(self, outcome: Outcome, done: Done) -> None:
        """Of an outcome of a job, after `add`."""
        if outcome.sent is None and not outcome.gone and done.work.sent:
            self.unsure.add(int(done.work.person.id))

    def save(self, moved: set[int], *, superseded: bool) -> None:
        """`moved`: employees whose positions were written to a record that is not theirs."""
        if moved:
            PeriodLink.objects.filter(integration=self.integration, employee_key__in=moved).delete()
        if self.gone:
            PeriodLink.objects.filter(integration=self.integration, position_key__in=self.gone).delete()
        # What was found to be as it should be was not written: until when reads may come late stays as it was.
        written = [link for link in self.links if link.written_at]
        equal = [link for link in self.links if not link.written_at]
        for links, fields in ((written, [*_COLUMNS, "written_at", "older"]), (equal, _COLUMNS)):
            rows.insert(links, unique=["integration", "position_key"], update=fields)
        self._look_again(superseded)

    def _look_again(self, superseded: bool) -> None:
        """Of whom something was left unwritten; and all, when the connection was changed or switched off meanwhile: the
        run had not heard of it."""
        unsure = self.unsure
        if superseded or not Integration.objects.filter(pk=self.integration.pk, send_positions=True).exists():
            unsure = unsure | {link.employee_key for link in self.links}
        if unsure:
            agreeing.look_again(PeriodLink.objects.filter(integration=self.integration, employee_key__in=unsure))
