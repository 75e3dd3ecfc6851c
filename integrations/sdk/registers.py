"""What is fetched once in a turn and looked up often: a list of codes, and everybody who is there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from integrations.sdk.errors import DataRefusedError
from integrations.sdk.identity import Mark, plain
from integrations.sdk.messages import Message

Entry = TypeVar("Entry")


class Register(Generic[Entry]):
    """A list there of codes, numbers or names, and what we need of each: its id, say."""

    def __init__(self, entries: Iterable[tuple[str, Entry]]) -> None:
        self._entries: dict[str, list[Entry]] = {}
        for code, entry in entries:
            self._entries.setdefault(code, []).append(entry)

    def __contains__(self, code: str) -> bool:
        return code in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def items(self) -> list[tuple[str, Entry]]:
        return [(code, entry) for code, entries in self._entries.items() for entry in entries]

    def the(self, code: str, *, missing: Message, several: Message | None = None) -> Entry:
        """The one entry with this code. Raises DataRefusedError with `missing`, or with `several` (without that, the
        first one counts)."""
        found = self._entries.get(code, [])
        if not found or (several is not None and len(found) > 1):
            raise DataRefusedError(several if found and several else missing)
        return found[0]


class Directory(Generic[Entry]):
    """Everybody there by their marks, for systems that have no search of their own. A record may show several numbers,
    national ids or e-mails; they are compared as `sdk.identity` compares them."""

    def __init__(self) -> None:
        self._by_id: dict[str, Entry] = {}
        self._by_mark: dict[tuple[Mark, str], dict[str, Entry]] = {}

    def add(
        self,
        id: str,
        entry: Entry,
        *,
        number: str | Iterable[str] = (),
        national_id: str | Iterable[str] = (),
        email: str | Iterable[str] = (),
    ) -> None:
        self._by_id[id] = entry
        for mark, texts in ((Mark.NUMBER, number), (Mark.NATIONAL_ID, national_id), (Mark.EMAIL, email)):
            for text in (texts,) if isinstance(texts, str) else texts:
                if key := _key(mark, text):
                    self._by_mark.setdefault((mark, key), {})[id] = entry

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, id: str) -> Entry | None:
        return self._by_id.get(id)

    def ids(self) -> list[str]:
        return list(self._by_id)

    def by(self, mark: Mark, text: str) -> list[Entry]:
        return list(self._by_mark.get((mark, _key(mark, text)), {}).values())


def _key(mark: Mark, text: str) -> str:
    key = plain(mark, text)
    # Swedish ones come with and without the century.
    return key[-10:] if mark is Mark.NATIONAL_ID and len(key) in (10, 12) else key
