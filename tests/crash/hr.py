"""HR in a process of its own: makes the company, changes positions while everything is killed around it, and says
at the end what must be there. `python -m tests.crash.hr prepare|change|settle ...` with the product's environment.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import django
import requests

FIRST = date(2126, 1, 1)  # to come: what changes of a position that has not begun counts from its first day
NEVER = date(2135, 1, 1)


def prepare(target: str, employees: int) -> dict[str, Any]:
    from integrations.models import Integration
    from positions.models import ApiKey, Employee, Organization

    organization = Organization.objects.create(name="Crash", time_zone="Europe/Oslo")
    people = Employee.objects.bulk_create(
        Employee(organization=organization, number=f"{1000 + n}", first_name="Kari", last_name=f"Nordmann{n}")
        for n in range(employees)
    )
    connection = Integration(
        organization=organization,
        system_key="crash",
        name="Crash",
        base_urls={"api": target},
        delete_positions=True,
        move_periods=True,
    )
    connection.switch(True)
    connection.save()
    key = ApiKey(organization=organization, name="crash", scopes=["positions:read", "positions:write"])
    secret = key.issue()
    key.save()
    return {"key": secret, "people": [[p.pk, p.number] for p in people]}


class Hr:
    """Every change is written as a whole and can be repeated: whoever cannot know whether it was done does it again."""

    def __init__(self, web: str, key: str) -> None:
        self.web = web
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {key}"
        self.counts: Counter[str] = Counter()

    def insist(self, ways: list[Callable[[], None]], dice: random.Random) -> None:
        from django.db import DatabaseError, close_old_connections

        deadline = time.monotonic() + 90
        while True:
            way = dice.choice(ways)
            try:
                way()
                self.counts[way.__name__] += 1
                return
            except (requests.RequestException, DatabaseError) as error:
                close_old_connections()
                self.counts["repeated"] += 1
                if time.monotonic() > deadline:
                    raise AssertionError(f"HR cannot save: {error!r}") from error
                time.sleep(0.3)

    def put(self, person: int, name: str, values: dict[str, Any], dice: random.Random) -> None:
        from positions.models import Position

        def api() -> None:
            answer = self.session.put(
                f"{self.web}/api/v1/employees/{person}/positions/by-external-id/{name}/",
                json={k: v.isoformat() if isinstance(v, date) else v for k, v in values.items()},
                timeout=10,
            )
            self._check(answer, 200, 201)

        def orm() -> None:
            row = Position.objects.filter(employee=person, external_id=name).first() or Position(
                employee_id=person, external_id=name
            )
            for field, value in values.items():
                setattr(row, field, value)
            row.save()

        self.insist([api, orm], dice)

    def delete(self, person: int, name: str, dice: random.Random) -> None:
        from positions.models import Position

        def api_delete() -> None:
            row = Position.objects.filter(employee=person, external_id=name).first()
            if row is not None:
                self._check(self.session.delete(f"{self.web}/api/v1/positions/{row.pk}/", timeout=10), 200, 204, 404)

        def orm_delete() -> None:
            row = Position.objects.filter(employee=person, external_id=name).first()
            if row is not None:
                row.delete()

        self.insist([api_delete, orm_delete], dice)

    @staticmethod
    def _check(answer: requests.Response, *good: int) -> None:
        if answer.status_code >= 500:
            raise requests.ConnectionError(answer.text[:200])
        assert answer.status_code in good, answer.text


class Person:
    """One employee's positions, in order, never two at once but for a moment that HR mends at once."""

    def __init__(self, hr: Hr, key: int, dice: random.Random) -> None:
        self.hr, self.key, self.dice = hr, key, dice
        self.periods: list[dict[str, Any]] = []
        self.made = self.version = 0

    def change(self) -> int:
        """One act of HR, of one or two saves; gives their number."""
        last = self.periods[-1] if self.periods else None
        if last is None or last["start"] > NEVER:
            return self._create(FIRST) if last is None else self._delete()
        acts = [self._title, self._title, self._share, self._succeed, self._succeed, self._move, self._delete]
        acts.append(self._end if last["end"] is None else self._extend)
        return self.dice.choice(acts)()

    def _save(self, period: dict[str, Any]) -> int:
        self.version += 1
        period["title"] = f"{period['name']} v{self.version}"
        self.hr.put(
            self.key,
            period["name"],
            {
                "title": period["title"],
                "start_date": period["start"],
                "end_date": period["end"],
                "end_reason": "resigned" if period["end"] else "",
                "percentage": period["percentage"],
            },
            self.dice,
        )
        return 1

    def _create(self, start: date) -> int:
        self.made += 1
        self.periods.append({"name": f"{self.key}.{self.made}", "start": start, "end": None, "percentage": "100.00"})
        return self._save(self.periods[-1])

    def _title(self) -> int:
        return self._save(self.dice.choice(self.periods))

    def _share(self) -> int:
        period = self.dice.choice(self.periods)
        period["percentage"] = f"{self.dice.randint(10, 99)}.50"
        return self._save(period)

    def _end(self) -> int:
        last = self.periods[-1]
        last["end"] = last["start"] + timedelta(days=self.dice.randint(5, 60))
        return self._save(last)

    def _extend(self) -> int:
        last = self.periods[-1]
        assert last["end"] is not None
        last["end"] = None if self.dice.random() < 0.3 else last["end"] + timedelta(days=self.dice.randint(1, 30))
        return self._save(last)

    def _succeed(self) -> int:
        """One job ends and the next begins, saved in either order."""
        last = self.periods[-1]
        if last["end"] is not None:
            return self._create(last["end"] + timedelta(days=self.dice.randint(1, 20)))
        end = last["start"] + timedelta(days=self.dice.randint(5, 60))
        if self.dice.random() < 0.5:
            last["end"] = end
            self._save(last)
            return 1 + self._create(end + timedelta(days=1))
        self._create(end + timedelta(days=1))
        last["end"] = end
        return 1 + self._save(last)

    def _move(self) -> int:
        """The start moves by some days, without touching the period before."""
        index = self.dice.randrange(len(self.periods))
        period = self.periods[index]
        earliest = (self.periods[index - 1]["end"] or NEVER) + timedelta(days=1) if index else date(2125, 6, 1)
        latest = period["end"] or period["start"] + timedelta(days=20)
        if earliest >= latest:
            return self._title()
        period["start"] = earliest + timedelta(days=self.dice.randint(0, (latest - earliest).days))
        return self._save(period)

    def _delete(self) -> int:
        period = self.periods.pop(self.dice.randrange(len(self.periods)))
        self.hr.delete(self.key, period["name"], self.dice)
        return 1


def change(
    web: str, key: str, people: list[tuple[int, str]], changes: int, seconds: float, seed: int
) -> dict[str, Any]:
    """Four threads with a quarter of the people each, spread over so many seconds."""
    threads, found, errors, counts = [], {}, [], Counter[str]()

    def work(index: int) -> None:
        from django.db import connection

        dice, hr = random.Random(seed * 10 + index), Hr(web, key)
        mine = [Person(hr, pk, dice) for pk, _ in people[index::4]]
        made, share, started = 0, changes / 4, time.monotonic()
        try:
            while made < share:
                made += dice.choice(mine).change()
                time.sleep(max(0.0, started + seconds * made / share - time.monotonic()))
        except Exception as error:
            errors.append(repr(error))
        counts.update(hr.counts)
        counts["changes"] += made
        numbers = dict(people)
        for person in mine:
            found[numbers[person.key]] = [
                [str(p["start"]), str(p["end"]) if p["end"] else None, p["title"], p["percentage"]]
                for p in sorted(person.periods, key=lambda p: p["start"])
            ]
        connection.close()

    for index in range(4):
        threads.append(threading.Thread(target=work, args=(index,)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return {"wanted": found, "errors": errors, "counts": counts}


def settle(seconds: float, ring: bool) -> dict[str, Any]:
    """Waits until no job is open. `ring`: the minute's sweep comes every second, so that nobody waits for it."""
    from django.db import DatabaseError, close_old_connections
    from django.db.models import Count

    from synclog.models import Attempt, Job
    from synclog.queue import tasks

    started = time.monotonic()
    left = -1
    while time.monotonic() - started < seconds:
        try:
            left = Job.objects.open().count()
            if not left:
                break
            if ring:
                tasks.sweep()
        except DatabaseError:
            close_old_connections()
        time.sleep(1)
    stuck = Job.objects.open().values("employee_number", "state", "cause", "said", "attempts", "due_at", "title")
    return {
        "left": left,
        "seconds": round(time.monotonic() - started, 1),
        "stuck": [{k: str(v) for k, v in row.items()} for row in stuck[:20]],
        "jobs": dict(Job.objects.order_by().values_list("state").annotate(n=Count("pk"))),
        "causes": dict(Job.objects.order_by().exclude(cause="").values_list("cause").annotate(n=Count("pk"))),
        "attempts": Attempt.objects.count(),
    }


def holder(seconds: float) -> dict[str, Any]:
    """The process that holds the lease now, as soon as one does."""
    from synclog.models import Lease

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = Lease.objects.exclude(until=None).values_list("pid", "epoch").first()
        if found and found[0]:
            return {"pid": found[0], "epoch": found[1]}
        time.sleep(0.05)
    return {"pid": 0, "epoch": 0}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.crash.settings")
    django.setup()
    what, given = sys.argv[1], json.loads(sys.argv[2])
    does: dict[str, Any] = {"prepare": prepare, "change": change, "settle": settle, "holder": holder}
    print(
        json.dumps(does[what](**given)),
        flush=True,
    )


if __name__ == "__main__":
    main()
