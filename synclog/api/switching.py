from __future__ import annotations

from collections.abc import Mapping

from rest_framework.exceptions import ErrorDetail, ValidationError

from integrations.models import Integration
from integrations.options import options
from synclog.engine import actions


def switch(integration: Integration, wanted: Mapping[str, bool], by: str) -> None:
    """What differs of the switches that are given, by the same hands as the pages'. Raises ValidationError before
    anything is changed."""
    now = {name: getattr(integration, name) for name in wanted}
    changed = {name: on for name, on in wanted.items() if now[name] != on}
    if errors := _errors(integration, changed):
        raise ValidationError(errors)
    for option in options(integration):
        if option.name in changed:
            actions.set_option(integration, option.name, changed[option.name], by)
    if "send_positions" in changed:
        actions.switch(integration, changed["send_positions"], by)
    if changed.get("paused"):
        actions.pause(integration, by)
    elif "paused" in changed or "stopped" in changed:
        actions.resume(integration, by)


def _errors(integration: Integration, changed: Mapping[str, bool]) -> dict[str, list[ErrorDetail]]:
    errors = {}
    if changed.get("send_positions") and not integration.connected:
        labels = ", ".join(setting.label for setting in integration.missing_settings())
        errors["send_positions"] = [ErrorDetail(f"It was not switched on: {labels} is missing.", "not_connected")]
    known = {option.name: option for option in options(integration)}
    for name in {"delete_positions", "move_periods"} & changed.keys():
        if name not in known or not known[name].usable:
            words = known[name].help if name in known else f"{integration.system.name} has no periods to move."
            errors[name] = [ErrorDetail(words, "not_possible")]
    if changed.get("stopped"):
        errors["stopped"] = [ErrorDetail("Only the system stops a connection. Pause it instead.", "not_possible")]
    if changed.get("paused") and "stopped" in changed:
        errors["paused"] = [ErrorDetail("It cannot be paused and go on at once.", "not_possible")]
    return errors
