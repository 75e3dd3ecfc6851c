"""Folders for files, always below EXPORT_ROOT and there below the organization's own number.

EXPORT_ROOT is the operator's word that this part of the disk may be written to; the number keeps one organization from
writing where another one's payroll reads.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from django.conf import settings

from integrations.runtime import texts
from integrations.sdk.messages import Message

_NAME = r"\w[\w .\-]*"
_LONGEST = 120


class FolderError(Exception):
    """A folder cannot be used: `said` tells its admin why."""

    def __init__(self, said: Message) -> None:
        super().__init__(said)
        self.said = said


def place(organization_id: int, folder: str) -> Path:
    """Where this folder of an organization is, which need not exist yet. Raises FolderError."""
    if not settings.EXPORT_ROOT:
        raise FolderError(texts.NO_FOLDERS())
    if not re.fullmatch(f"{_NAME}(/{_NAME})*", folder):
        raise FolderError(texts.NOT_A_NAME())
    if len(folder) > _LONGEST:
        raise FolderError(texts.TOO_LONG(number=len(folder), most=_LONGEST))
    root = Path(settings.EXPORT_ROOT).resolve()
    own = root / str(organization_id)
    found = (own / folder).resolve()
    if own not in found.parents:
        raise FolderError(texts.LEADS_OUT())
    return found


def ready(organization_id: int, folder: str) -> Path:
    """The same, made if it is not there yet; an EXPORT_ROOT that is not there is not made: a disk may be missing."""
    found = place(organization_id, folder)
    if not Path(settings.EXPORT_ROOT).is_dir():
        raise FolderError(texts.NO_PLACE())
    found.mkdir(parents=True, exist_ok=True)
    return found


def put(organization_id: int, folder: str, name: str, content: bytes) -> None:
    """Writes the file so that whoever watches the folder sees it whole or not at all; one that is there stays."""
    target = ready(organization_id, folder) / name
    if target.exists():
        return
    scratch = target.with_name(f"{name}.tmp")
    scratch.unlink(missing_ok=True)  # of a try that was cut off, or a link that somebody has laid out
    with open(scratch, "xb", opener=lambda path, flags: os.open(path, flags | os.O_NOFOLLOW, 0o600)) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(target)


def overwrite(organization_id: int, folder: str, name: str, content: bytes) -> None:
    """Writes over a file that is still there, in its own place and at its own length, so that nobody who watches the
    folder takes it for a new one. One that was taken away stays away, and one that somebody changed is not ours.

    Raises OSError where the file is there and cannot be written.
    """
    try:
        target = place(organization_id, folder) / name
        with open(target, "r+b", opener=lambda path, flags: os.open(path, flags | os.O_NOFOLLOW)) as file:
            if os.fstat(file.fileno()).st_size == len(content):
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
    except (FolderError, FileNotFoundError):
        return
