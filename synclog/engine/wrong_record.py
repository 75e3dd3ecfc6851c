"""What was written to a record that turned out not to be this employee's: told in the log, since only a person can put
it right there."""

from __future__ import annotations

from integrations.models import Integration, PeriodLink
from integrations.planning.planner import day
from integrations.planning.runner import Report, Trace, Work
from integrations.runtime import mapping
from integrations.sdk.values import Warning


def tell(integration: Integration, work: Work, report: Report) -> None:
    """Adds to every outcome of the report which positions were written there, when, and where to look."""
    here = {int(p.id): p for p in work.positions}
    rows = PeriodLink.objects.filter(integration=integration, employee_key=int(work.person.id)).order_by("sent_at")
    zone = integration.organization.zone
    lines = []
    for row in rows:
        values = mapping.from_json(row.values)
        position = here.get(row.position_key)
        start = position.start if position else values.get("start_date")
        title = str((position.values if position else values).get("title") or "Position")
        on = row.sent_at.astimezone(zone)
        lines.append(
            f"{title}{f' from {day(start)}' if start else ''}: record {row.remote_id}, last written {day(on.date())} "
            f"{on:%H:%M}"
        )
    if not lines:
        return
    record, name = report.wrong_record, integration.system.name
    many = "positions were" if len(lines) > 1 else "position was"
    message = (
        f"Until now this employee was matched to record {record} in {name}, which does not show any more that it is "
        f"theirs. {len(lines)} {many} written there (listed under Steps): look at that record in {name} and put right "
        "what is wrong there. Nothing is written to it any more."
    )
    traces = [Trace(f"Written to record {record}", None, line) for line in lines]
    for outcome in report.outcomes.values():
        outcome.trace = [*outcome.trace, *traces]
        if outcome.result == "sent":
            outcome.warnings = (*outcome.warnings, Warning(message))
        elif outcome.result in ("failed", "skipped"):
            outcome.message = f"{outcome.message} {message}".strip()
