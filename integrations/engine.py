"""What runs the connections. There is exactly one: `IntegrationAdmin.engine` of the pages that are registered."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from integrations.models import Integration
from integrations.sdk.values import CheckLine


class Start(StrEnum):
    """What is sent of the positions that are here already, when a connection is switched on."""

    CHANGES = "changes"  # nothing: only what changes from then on
    CURRENT = "current"  # those that are current or upcoming
    ALL = "all"  # also those that are over


@dataclass(frozen=True, slots=True)
class Test:
    """A test of a connection, which a worker makes. Until `lines` are there, `words` say how far it is, and `reload`
    whether they may still come. `key` is None for one that was not begun. The first line is the sign-in, where it is
    well; the others are rights, and what else was found."""

    key: UUID | None
    lines: Sequence[CheckLine] | None = None
    words: str = ""
    reload: bool = False
    at: datetime | None = None  # when it was done
    by: str = ""

    @property
    def signed_in(self) -> bool:
        return self.lines is not None and all(line.ok for line in self.lines[:1])

    @property
    def rights(self) -> Sequence[CheckLine]:
        return (self.lines or ())[1:]

    @property
    def refused(self) -> int:
        """How many of the rights do not hold."""
        return sum(not line.ok for line in self.rights)


@dataclass(frozen=True, slots=True)
class Started:
    """`sent`: positions that go out with it. `said`: why it was not switched on, in words."""

    sent: int = 0
    said: str = ""


class Engine(ABC):
    """What people do to a connection and what also concerns what is waiting in it. `by` is the user's name."""

    @abstractmethod
    def switch(self, integration: Integration, on: bool, by: str, start: Start = Start.CHANGES) -> Started:
        """*Send positions* on or off. `start`: what is sent of what is here already."""

    @abstractmethod
    def pause(self, integration: Integration, by: str) -> None:
        """Records on, and sends nothing."""

    @abstractmethod
    def resume(self, integration: Integration, by: str) -> None:
        """What was waiting goes out."""

    @abstractmethod
    def set_option(self, integration: Integration, name: str, on: bool, by: str) -> None:
        """Another switch (`integrations.options`) on or off."""

    @abstractmethod
    def credentials_renewed(self, integration: Integration, by: str) -> None:
        """New ones were saved, in this transaction."""

    @abstractmethod
    def address_changed(self, integration: Integration, was: str, now: str, by: str) -> None:
        """An address was, in this transaction: the organization's admins are to know."""

    @abstractmethod
    def begin_test(self, integration: Integration, by: str) -> Test:
        """*Test connection*: begins one, and waits for a moment."""

    @abstractmethod
    def look_at_test(self, integration: Integration, key: UUID) -> Test | None:
        """How far it is; None for one that is not kept any more."""

    @abstractmethod
    def last_test(self, integration: Integration) -> Test | None:
        """The newest that is done and still holds."""

    @abstractmethod
    def forget_tests(self, integration: Integration) -> None:
        """What tests have found does not hold any more: credentials or an address are others, in this transaction."""

    @abstractmethod
    def forget(self, integration: Integration) -> None:
        """Before it is deleted, outside of any transaction: removes what is kept of it, however much that is."""
