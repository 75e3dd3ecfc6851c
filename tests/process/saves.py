"""HR for tests/process/test_two_hosts.py, in a process of its own with the product's environment; says one JSON line.

`python -m tests.process.saves make|change|left {...}`
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from typing import Any

import django


def make(target: str, connections: int, people: int) -> dict[str, Any]:
    """So many organizations with one connection each, and a position for each of their people."""
    from integrations.models import Integration
    from positions.models import Employee, Organization, Position

    for number in range(connections):
        organization = Organization.objects.create(name=f"Organization {number}", time_zone="Europe/Oslo")
        integration = Integration(
            organization=organization, system_key="crash", name="Crash", base_urls={"api": target}
        )
        integration.switch(True)
        integration.save()
        for one in range(people):
            person = Employee.objects.create(
                organization=organization, number=f"{number}-{one}", first_name="Kari", last_name=f"Nordmann{one}"
            )
            Position.objects.create(employee=person, title="Baker", start_date=date(2026, 1, 1))
    return {}


def change(title: str) -> dict[str, Any]:
    from positions.models import Position

    for position in Position.objects.select_related("employee").order_by("employee__number"):
        position.title = title
        position.save()
    return {}


def left(seconds: float) -> dict[str, Any]:
    """Waits until nothing is open; tells of the states, the hosts that held leases and those that beat."""
    from synclog.models import Heartbeat, Job, Lease

    deadline, held = time.monotonic() + seconds, set()
    while True:
        held |= set(Lease.objects.exclude(host="").values_list("host", flat=True))
        still_open = Job.objects.open().count()
        if not still_open or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    return {
        "left": still_open,
        "states": sorted(set(Job.objects.values_list("state", flat=True))),
        "held": sorted(held),
        "beating": sorted({beat.worker.partition("/")[0] for beat in Heartbeat.objects.all()}),
    }


if __name__ == "__main__":
    django.setup()
    does: dict[str, Any] = {"make": make, "change": change, "left": left}
    print(json.dumps(does[sys.argv[1]](**json.loads(sys.argv[2]))))
