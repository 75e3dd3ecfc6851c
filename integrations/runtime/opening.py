"""Opens the connector of an integration for one use."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from django.conf import settings

from integrations.models import Integration
from integrations.runtime import texts
from integrations.runtime.outbox import DatabaseOutbox
from integrations.runtime.shared_limiter import shared_limiter
from integrations.runtime.single_flight import OneCall, one_call
from integrations.runtime.vault import DatabaseVault
from integrations.sdk.connector import Connector
from integrations.sdk.context import Context, Limiter, Matches, MemoryMatches, Outbox, Vault
from integrations.sdk.errors import ConnectorError, UnavailableError
from integrations.sdk.params import Label
from integrations.sdk.values import CheckLine

logger = logging.getLogger("integrations.runtime.opening")

# *Test connection* is waited for by a person: no call is begun after so many seconds, and none may take longer than
# CALL_SECONDS.
CHECK_SECONDS = 10.0
CALL_SECONDS = 7.0


def open_connector(
    integration: Integration,
    *,
    vault: Vault | None = None,
    outbox: Outbox | None = None,
    matches: Matches | None = None,
    limiter: Limiter | None = None,
    guard: Callable[[], None] | None = None,
    place: OneCall | None = None,
    longest_call: float | None = None,
) -> Connector:
    """The caller closes it. `integration.organization` is read for its day."""
    context = Context(
        credentials=dict(integration.credentials),
        settings=integration.cleaned_settings(),
        urls=integration.urls(),
        namespace=str(integration.uuid),
        today=integration.organization.today(),
        zone=integration.organization.zone,
        vault=vault or DatabaseVault(integration.pk),
        outbox=outbox or DatabaseOutbox(integration),
        matches=matches or MemoryMatches(),
        limiter=limiter or shared_limiter(integration),
        private_targets=settings.ALLOW_PRIVATE_TARGETS,
    )
    if guard is not None:
        context.guard = guard
    context.one_call = place or one_call(integration, context.guard) or context.one_call
    if settings.TARGET_READ_TIMEOUT:
        context.read_timeout = settings.TARGET_READ_TIMEOUT
    if longest_call is not None:
        context.read_timeout = min(context.read_timeout or longest_call, longest_call)
    return integration.connector_class(context)


def check(integration: Integration) -> Sequence[CheckLine]:
    """*Test connection*: never raises for trouble at the other end, and never keeps a person waiting for long. It wants
    the credentials alone: some settings are chosen from what it lists."""
    system = integration.system
    without = tuple(Label(s.label) for s in integration.missing_settings() if s in system.credentials)
    if without:
        return [CheckLine(False, texts.REQUIRED, texts.MISSING(settings=without), texts.IN_SETTINGS)]
    until = time.monotonic() + CHECK_SECONDS

    def in_time() -> None:
        if time.monotonic() > until:
            raise UnavailableError(texts.TOO_SLOW(system=system.name, seconds=round(CHECK_SECONDS)))

    connector = open_connector(
        integration,
        vault=DatabaseVault(integration.pk, patience=CHECK_SECONDS),
        guard=in_time,
        longest_call=CALL_SECONDS,
    )
    try:
        lines = connector.check()
    except ConnectorError as error:
        lines = [CheckLine(False, texts.ANSWERS(system=system.name), error.said, error.vendor_text)]
    except Exception:
        logger.exception("The test of connection %s failed by our own mistake.", integration.pk)
        lines = [CheckLine(False, texts.CARRIED_OUT, texts.MISTAKE())]
    finally:
        connector.close()
    # A system may repeat what it was sent; when it refuses, also somebody's national id, which nobody here knows of.
    # What went well is told in our own words: its numbers (an organization's) stay readable.
    masker = connector.http.masker
    return [line.hiding(masker.words if line.ok else masker.text) for line in lines]
