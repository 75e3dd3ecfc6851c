"""The addresses of every kind of page, for walks that look at all of them."""

from __future__ import annotations

import re
from typing import Any

from integrations.admin.steps import Step
from tests.process.product import Product

PLAIN = [
    "",
    "integrations/integration/",
    "integrations/integration/add/",
    "integrations/supported-fields/",
    "integrations/employeelink/",
    "synclog/job/",
    "synclog/job/?tab=all",
    "synclog/job/by-cause/",
    "synclog/job/resync/progress/",
    "synclog/job/differences/everywhere/",
    "synclog/job/retro/",
    "synclog/webhook/",
    "synclog/webhook/add/",
    "positions/employee/",
    "positions/employee/?q=nobody-is-called-this",
    "positions/employee/add/",
    "positions/employee/import/",
    "positions/position/",
    "positions/position/add/",
    "positions/company/",
    "positions/company/add/",
    "positions/department/",
    "positions/organization/",
    "positions/apikey/",
    "positions/apikey/add/",
    "positions/auditentry/",
    "positions/invitation/add/",
    "auth/user/",
    "auth/user/add/",
    "password_change/",
    "account/",
    "second-factor/",
    "second-factor/set-up/",
    "sessions/",
    "language/",
    "sign-in/",
    "queue/",
]


def every_page(page: Any, demo: Product) -> list[str]:
    """With the first object of each list, as whoever is signed in on `page` sees them."""
    admin = f"{demo.address}admin/"

    def first(listed: str, pattern: str) -> str:
        page.goto(admin + listed)
        found = page.eval_on_selector_all("a", "links => links.map(link => link.href)")
        return str(next(link for link in found if re.search(pattern, link)))

    connection = first("integrations/integration/", r"/integration/\d+/change/").partition("change/")[0]
    employee = first("positions/employee/", r"/employee/\d+/change/")
    position = first("positions/position/", r"/position/\d+/change/")
    return [
        *(admin + address for address in PLAIN),
        *(f"{connection}switch-on/{step}/" for step in Step),
        *(connection + tab for tab in ("change/", "settings/", "fields/", "history/", "delete/", "switch/", "pause/")),
        f"{admin}synclog/job/differences/{connection.rstrip('/').rpartition('/')[2]}/",
        f"{admin}synclog/job/previews/{connection.rstrip('/').rpartition('/')[2]}/",
        f"{admin}synclog/job/previews/{connection.rstrip('/').rpartition('/')[2]}/settings/",
        f"{admin}synclog/job/cutoff/{connection.rstrip('/').rpartition('/')[2]}/",
        first("synclog/job/?tab=all", r"/job/\d+/change/"),
        employee,
        employee.replace("/change/", "/delete/"),
        position,
        position.replace("/change/", "/delete/"),
        first("auth/user/", r"/user/\d+/change/"),
        f"{demo.sandboxes}/",
        f"{demo.sandboxes}/netvisor/demo/",
    ]
