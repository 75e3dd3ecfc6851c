"""One employee held against what is there, and what of it is kept. Nothing is written anywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from integrations.planning.drift import Difference, Finding, Kind, drift, drift_among
from integrations.planning.work import Work
from integrations.sdk.connector import Connector
from integrations.sdk.declaration import Model
from integrations.sdk.errors import (
    DataRefusedError,
    EmployeeNotFoundError,
    EmployeeNotUniqueError,
    MatchRefusedError,
    NotAuthorizedError,
)
from integrations.sdk.everybody import Everybody
from integrations.sdk.messages import said_of
from integrations.sdk.storable import fit_id
from synclog.engine.fitted import json_fitted, said_fitted, shown_value
from synclog.models import DriftCheck, DriftRow
from synclog.models.drift import STAYS


def found_of(connector: Connector, everybody: Everybody, work: Work) -> Sequence[Finding]:
    """By what was read of everybody; whoever is not found there is looked for once more. Raises ConnectorError."""
    found = drift_among(everybody, connector.system, connector.settings, work)
    if all(finding.kind is Kind.UNKNOWN_THERE for finding in found):
        return looked_for(connector, work)
    return found


def looked_for(connector: Connector, work: Work) -> Sequence[Finding]:
    """By what the system says of this employee now. Raises ConnectorError."""
    match = work.match
    if match.withheld is not None:
        return (Finding(Kind.UNCERTAIN, said=match.withheld.said),)
    connector.http.masker.about(work.person.national_id)
    connector.http.begin()
    known = work.remote_employee_id
    try:
        if known and match.confirmed:
            employee = connector.find_confirmed(work.person, known, anew=match.doubted)
        else:
            employee = connector.find_employee(work.person, "" if match.doubted else known)
        if connector.system.model is Model.FLAT and work.sent:
            position, sent = next(iter(work.sent.items()))
            employee = replace(employee, record_id=sent.remote_id, position_id=position)
        records = connector.read(employee)
    except EmployeeNotFoundError as error:
        return (Finding(Kind.UNKNOWN_THERE, said=error.said),)
    except (EmployeeNotUniqueError, MatchRefusedError) as error:
        return (Finding(Kind.UNCERTAIN, said=error.said),)
    except DataRefusedError as error:
        return (Finding(Kind.UNREADABLE, said=error.said),)
    except NotAuthorizedError as error:
        if connector.refuses_everybody(error):
            raise
        return (Finding(Kind.UNREADABLE, said=error.said),)
    return drift(connector.system, connector.settings, work, records)


def by_position(found: Sequence[Finding], work: Work) -> Iterator[Finding]:
    """What holds of an employee as a whole holds of each position."""
    for finding in found:
        of_all = finding.kind in (Kind.UNKNOWN_THERE, Kind.UNREADABLE, Kind.UNCERTAIN) and not finding.position_id
        if of_all and work.positions:
            yield from (replace(finding, position_id=position.id) for position in work.positions)
        elif not of_all or work.sent:
            yield finding


def kind_of(finding: Finding) -> str:
    if finding.kind is Kind.DIFFERS and all(one.stays is not None for one in finding.fields.values()):
        return STAYS
    return finding.kind.value


def row_of(check: DriftCheck, work: Work, finding: Finding, connector: Connector) -> DriftRow:
    """As it is kept: in words of both sides, without what is secret."""
    hide = connector.http.masker.words
    names = {declared.ours: declared.remote for declared in connector.system.fields}
    differs = [
        line for key, one in finding.fields.items() for line in _lines(key, names.get(key, ""), one, finding, hide)
    ]
    said = said_of(finding.said, *(problem.said for problem in finding.problems))
    return DriftRow(
        part_of=check,
        employee_key=int(work.person.id),
        position_key=int(finding.position_id) if finding.position_id else None,
        remote_id=finding.remote_id if fit_id(finding.remote_id) else "",
        kind=kind_of(finding),
        differs=json_fitted({"fields": differs}) if differs else {},
        said=said_fitted(message.hiding(hide) for message in said),
    )


def _lines(
    key: str, remote: str, one: Difference, finding: Finding, hide: Callable[[str], str]
) -> Iterator[dict[str, Any]]:
    days: Sequence[tuple[date | None, Any, Any]] = one.days or ((None, one.here, one.there),)
    for day, here, there in days:
        yield {
            "field": key,
            "remote": remote,
            "kind": one.kind.value,
            "here": _shown(here, hide),
            "there": _shown(there, hide),
            "since": day.isoformat() if day else None,
            "stays": one.stays.hiding(hide).to_json() if one.stays else None,
        }


def _shown(value: Any, hide: Callable[[str], str]) -> str | None:
    shown = shown_value(value)
    return None if shown is None else hide(shown)
