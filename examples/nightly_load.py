"""Loads employees and positions from a CSV file, says of each line what is wrong, and follows what is sent.

The client is generated from the document of your installation, once and after upgrades, beside this file:

    uv run openapi-python-client generate --url "$URL/api/schema/" --meta none --output-path examples/position_sync
    URL=http://127.0.0.1:8000 KEY=psk_... uv run python examples/nightly_load.py examples/staff.csv

A line is a position with its employee; the ids are those of your own system, so the same file may be loaded every
night: what is stored already is unchanged, and sent nowhere. An empty cell empties the value; a column that is not
there leaves it as it is. The exit code is 1 when a line was refused or a job needs somebody.
"""

from __future__ import annotations

import csv
import os
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from position_sync import AuthenticatedClient
from position_sync.api.employees import employees_bulk_create
from position_sync.api.jobs import jobs_list
from position_sync.api.positions import positions_bulk_create
from position_sync.models import BulkRequest, EmployeeBulkRequest, Job, ModeEnum, Problem
from position_sync.models import PatchedBulkRowRequest as PositionRow
from position_sync.models import PatchedEmployeeBulkRowRequest as EmployeeRow
from position_sync.types import UNSET

AT_ONCE = 1000  # rows of one request, at most
OF_EMPLOYEES = ("number", "first_name", "last_name", "email", "company_external_id")
OF_POSITIONS = (
    "title",
    "start_date",
    "end_date",
    "percentage",
    "contract_type",
    "remuneration_type",
    "department_code",
)
WAIT = 300  # seconds for the jobs; what takes longer goes on by itself
PUT_OFF = ("not_yet_current", "counts_later", "held_by_cutoff")  # until a day, or until a payroll period opens


def rows(lines: list[dict[str, str]], row: Any, ids: dict[str, str], fields: Sequence[str]) -> list[tuple[int, Any]]:
    """(number of the line, row) of each object that the lines name, by the first line that does. What can be no value
    of the field (a day that there is not) is printed; its row is None."""
    found: dict[str, tuple[int, Any]] = {}
    for number, line in enumerate(lines, start=2):
        values: dict[str, Any] = {name: line[column] for name, column in ids.items()}
        values |= {name: line[name] or None for name in fields if name in line}
        if values["external_id"] in found:
            continue
        try:
            found[values["external_id"]] = number, row.from_dict(values)
        except (TypeError, ValueError) as error:
            print(f"line {number}: {error}")
            found[values["external_id"]] = number, None
    return list(found.values())


def done(answer: Any) -> Any:
    """The answer, unless the whole request was refused."""
    if answer is None or isinstance(answer, Problem):
        sys.exit(
            f"Refused: {answer.detail} ({answer.code}, {answer.request_id})" if answer else "No answer that I know."
        )
    return answer


def load(client: AuthenticatedClient, send: Any, request: Any, rows: list[tuple[int, Any]]) -> int:
    """Sends them in portions, each row for itself; prints what was refused and gives how many rows were."""
    good = [row for row in rows if row[1] is not None]
    refused = len(rows) - len(good)
    for begin in range(0, len(good), AT_ONCE):
        portion = good[begin : begin + AT_ONCE]
        answer = done(send.sync(client=client, body=request([row for _, row in portion], mode=ModeEnum.EACH)))
        print(f"{len(portion)} rows: {answer.created} made, {answer.updated} changed, {answer.unchanged} unchanged")
        refused += answer.failed
        for result in answer.results:
            for error in result.problem.errors if result.problem else []:
                print(f"line {portion[result.index][0]}: {error.field}: {error.message}")
    return refused


def jobs(client: AuthenticatedClient, request_id: str) -> Iterator[Job]:
    cursor: Any = UNSET
    while cursor is not None:
        page = done(jobs_list.sync(client=client, request_id=request_id, cursor=cursor, limit=1000))
        yield from page.results
        cursor = parse_qs(urlsplit(page.next_).query)["cursor"][0] if page.next_ else None


def follow(client: AuthenticatedClient, request_id: str) -> int:
    """Waits until each job is through or put off to a known moment; prints what needs somebody, gives how many do."""
    until = time.monotonic() + WAIT
    while True:
        found = list(jobs(client, request_id))
        under_way = [job for job in found if job.state in ("waiting", "running", "retrying")]
        if time.monotonic() > until or all(job.cause in PUT_OFF for job in under_way):
            break
        time.sleep(1)
    failed = [job for job in found if job.state == "failed"]
    for job in failed:
        print(f"{job.employee_number}, {job.integration_name}: {job.message} {job.what_to_do or ''}")
    print(f"{len(found)} jobs: {len(failed)} need somebody, {len(under_way)} still under way")
    return len(failed)


def main(path: str) -> int:
    with Path(path).open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    request_id = f"load-{uuid.uuid4()}"
    client = AuthenticatedClient(os.environ["URL"], os.environ["KEY"], headers={"X-Request-ID": request_id}, timeout=60)
    people = rows(lines, EmployeeRow, {"external_id": "employee_id"}, OF_EMPLOYEES)
    ids = {"external_id": "position_id", "employee_external_id": "employee_id"}
    refused = load(client, employees_bulk_create, EmployeeBulkRequest, people)
    refused += load(client, positions_bulk_create, BulkRequest, rows(lines, PositionRow, ids, OF_POSITIONS))
    return 1 if refused + follow(client, request_id) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
