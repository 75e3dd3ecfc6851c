"""A connection's switches and its cut-off, as its PATCH sets them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError

from integrations.engine import Start
from integrations.models import Integration
from integrations.options import options
from integrations.sdk.wording import say
from synclog.engine import actions, cutoff
from synclog.log import starting
from synclog.models import Job


def switch(integration: Integration, given: Mapping[str, Any], by: str) -> None:
    """What differs of the switches (and the cut-off) that are given, by the same hands as the pages'. Raises
    ValidationError before anything is changed, and `batches.TooManyError`."""
    wanted = {name: value for name, value in given.items() if name not in ("start", "cutoff")}
    start = Start(given.get("start", Start.CHANGES))
    now = {name: getattr(integration, name) for name in wanted}
    changed = {name: on for name, on in wanted.items() if now[name] != on}
    errors = _errors(integration, changed)
    if start is not Start.CHANGES and not changed.get("send_positions"):
        said = _("It is of switching on: send it with send_positions true, of a connection that is off.")
        errors["start"] = [ErrorDetail(said, "not_possible")]
    if errors:
        raise ValidationError(errors)
    if "cutoff" in given:
        cutoff.set_calendar(integration, given["cutoff"], by)
    for option in options(integration):
        if option.name in changed:
            actions.set_option(integration, option.name, changed[option.name], by)
    if "send_positions" in changed:
        starting.switch(integration, changed["send_positions"], by, start, kind=Job.Origin.API)
    if changed.get("paused"):
        actions.pause(integration, by)
    elif "paused" in changed or "stopped" in changed:
        actions.resume(integration, by)


def _errors(integration: Integration, changed: Mapping[str, bool]) -> dict[str, list[ErrorDetail]]:
    errors = {}
    if changed.get("send_positions") and not integration.connected:
        labels = ", ".join(say(setting.label) for setting in integration.missing_settings())
        errors["send_positions"] = [
            ErrorDetail(_("It was not switched on: {settings} is missing.").format(settings=labels), "not_connected")
        ]
    known = {option.name: option for option in options(integration)}
    for name in {"delete_positions", "move_periods"} & changed.keys():
        if name not in known or not known[name].usable:
            no_periods = _("{system} has no periods to move.").format(system=integration.system.name)
            words = known[name].help if name in known else no_periods
            errors[name] = [ErrorDetail(words, "not_possible")]
    if changed.get("stopped"):
        errors["stopped"] = [ErrorDetail(_("Only the system stops a connection. Pause it instead."), "not_possible")]
    if changed.get("paused") and "stopped" in changed:
        errors["paused"] = [ErrorDetail(_("It cannot be paused and go on at once."), "not_possible")]
    return errors
