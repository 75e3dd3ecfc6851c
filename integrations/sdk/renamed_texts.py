"""Texts that have another id than they had, or are one with another's: rows of the log hold the ids of before."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Since(NamedTuple):
    """The id that it has since, and what it names that rows of before do not hold."""

    id: str
    params: Mapping[str, Any]


RENAMED: Mapping[str, Since] = {
    "plan.not_accepted": Since("plan.not_a_choice", {}),
    "finago.not_todays": Since("sdk.not_todays", {"system": "Finago"}),
    "finago.kept_on_employee": Since("sdk.kept_on_employee", {"system": "Finago"}),
    "netvisor.not_todays": Since("sdk.not_todays", {"system": "Netvisor"}),
    "netvisor.kept_on_employee": Since("sdk.kept_on_employee", {"system": "Netvisor"}),
}
