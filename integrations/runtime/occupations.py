"""The occupation codes that connected systems take: fetched by a worker, kept, and looked up without asking there."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from datetime import timedelta
from itertools import islice

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from integrations.models import Integration, Occupation, OccupationRegister
from integrations.runtime.opening import CALL_SECONDS, open_connector
from integrations.runtime.texts import TOO_SLOW
from integrations.runtime.vault import DatabaseVault
from integrations.sdk.errors import ConnectorError, UnavailableError
from integrations.sdk.storable import storable
from integrations.systems.registry import systems
from positions.batches import delete
from positions.folding import fold

logger = logging.getLogger("integrations.runtime.occupations")

GOOD_FOR = timedelta(days=7)
AGAIN_AFTER = timedelta(days=1)  # what could not be fetched
SECONDS = 45.0  # no call is begun after so many
MOST = 20_000  # codes of one system; the national lists have some thousand


def due() -> QuerySet[Integration]:
    """The connections whose list is to be fetched."""
    now = timezone.now()
    listing = [system.key for system in systems() if system.occupations]
    tried = Q(occupation_register=None) | Q(occupation_register__tried_at__lt=now - AGAIN_AFTER)
    old = Q(occupation_register__fetched_at=None) | Q(occupation_register__fetched_at__lt=now - GOOD_FOR)
    return Integration.objects.filter(tried, old, system_key__in=listing).order_by("pk")


def fetch(integration: Integration) -> int:
    """Replaces what is kept, and gives how many codes there are. Where the system does not answer, what is kept stays:
    0, and the log of the machine says why. Raises nothing of the system's."""
    OccupationRegister.objects.update_or_create(integration=integration, defaults={"tried_at": timezone.now()})
    try:
        found = _list(integration)
    except ConnectorError as error:
        logger.warning("Integration %s: no occupation codes: %s", integration.pk, type(error).__name__)
        return 0
    with transaction.atomic():
        register = OccupationRegister.objects.select_for_update().get(integration=integration)
        delete(Occupation.objects.filter(register=register))
        rows = [
            Occupation(register=register, code=code, title=title, folded=fold(f"{code} {title}")[:250])
            for code, title in found.items()
        ]
        Occupation.objects.bulk_create(rows, batch_size=1000)
        register.fetched_at = timezone.now()
        register.save()
    return len(rows)


def _list(integration: Integration) -> dict[str, str]:
    until = time.monotonic() + SECONDS

    def in_time() -> None:
        if time.monotonic() > until:
            raise UnavailableError(TOO_SLOW(system=integration.system.name, seconds=round(SECONDS)))

    vault = DatabaseVault(integration.pk, patience=SECONDS)
    connector = open_connector(integration, vault=vault, guard=in_time, longest_call=CALL_SECONDS)
    try:
        found: dict[str, str] = {}
        for listed, title in islice(connector.occupations(), MOST):
            code = storable(listed).strip()
            if 0 < len(code) <= 20:
                found.setdefault(code, storable(title).strip()[:200])
        return found
    finally:
        connector.close()


def search(integrations: Collection[int], text: str, most: int) -> list[tuple[str, str]]:
    """(code, title) of what is kept of these connections and holds each word of the text, by code; in one query."""
    rows = Occupation.objects.filter(register__integration__in=integrations)
    for word in fold(text).split():
        rows = rows.filter(folded__contains=word)
    return list(dict(rows.order_by("code").values_list("code", "title")[: 2 * most]).items())[:most]


def known(integrations: Collection[int], code: str) -> dict[int, str | None]:
    """Of those connections that have a list: the title of the code there, None where it is not in it. Two queries."""
    registers = OccupationRegister.objects.filter(integration__in=integrations).exclude(fetched_at=None)
    found: dict[int, str | None] = dict.fromkeys(registers.values_list("integration", flat=True))
    rows = Occupation.objects.filter(register__integration__in=found, code=code)
    return {**found, **dict(rows.values_list("register__integration", "title"))}
