"""What was written to a record that turned out not to be this employee's: told in the log, since only a person can put
it right there."""

from __future__ import annotations

from integrations.models import Integration, PeriodLink
from integrations.planning import steps
from integrations.planning.states import State
from integrations.planning.work import Report, Trace, Work
from integrations.runtime import mapping
from integrations.sdk.marking import gettext_noop as _
from integrations.sdk.params import Label
from integrations.sdk.values import Warning
from synclog.engine import texts


def tell(integration: Integration, work: Work, report: Report) -> None:
    """Adds to every outcome of the report which positions were written there, when, and where to look."""
    here = {int(p.id): p for p in work.positions}
    rows = PeriodLink.objects.filter(integration=integration, employee_key=int(work.person.id)).order_by("sent_at")
    zone = integration.organization.zone
    traces = []
    for row in rows:
        values = mapping.from_json(row.values)
        position = here.get(row.position_key)
        start = position.start if position else values.get("start_date")
        title = (position.values if position else values).get("title") or Label(_("Position"))
        about = {"title": title, "record": row.remote_id, "moment": row.sent_at.astimezone(zone)}
        line = steps.EARLIER_WRITE_FROM(start=start, **about) if start else steps.EARLIER_WRITE(**about)
        traces.append(Trace(steps.WRITTEN_TO_RECORD(record=report.wrong_record), None, line))
    if not traces:
        return
    said = texts.WRONG_RECORD(
        record=report.wrong_record,
        system=integration.system.name,
        number=len(traces),
        positions=Label(_("positions were") if len(traces) > 1 else _("position was")),
    )
    for outcome in report.outcomes.values():
        outcome.trace = [*outcome.trace, *traces]
        if outcome.state is State.SUCCEEDED:
            outcome.warnings = (*outcome.warnings, Warning(said))
        elif outcome.state in (State.FAILED, State.SKIPPED):
            outcome.said = (*outcome.said, said)
