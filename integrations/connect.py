"""Opens the connector of an integration for one use."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.conf import settings

from integrations.connectors.base import Connector
from integrations.connectors.context import Context, Vault
from integrations.connectors.errors import ConnectorError
from integrations.connectors.values import CheckLine
from integrations.models import Integration
from integrations.vault import DatabaseVault


def open_connector(
    integration: Integration,
    *,
    vault: Vault | None = None,
    guard: Callable[[], None] | None = None,
) -> Connector:
    """The caller closes it. `integration.organization` is read for its day."""
    context = Context(
        credentials=dict(integration.credentials),
        settings=integration.cleaned_settings(),
        urls=integration.urls(),
        namespace=str(integration.uuid),
        today=integration.organization.today(),
        vault=vault or DatabaseVault(integration.pk),
    )
    if guard is not None:
        context.guard = guard
    if settings.TARGET_READ_TIMEOUT:
        context.read_timeout = settings.TARGET_READ_TIMEOUT
    return integration.connector_class(context)


def check(integration: Integration) -> Sequence[CheckLine]:
    """*Test connection*: never raises for trouble at the other end."""
    connector = open_connector(integration)
    try:
        return connector.check()
    except ConnectorError as error:
        return [CheckLine(False, f"{integration.system.name} answers", error.message, error.vendor_text)]
    finally:
        connector.close()
