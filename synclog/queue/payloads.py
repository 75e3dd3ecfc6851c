"""What may come out of the queue: a few tasks of our own, as signed JSON.

django-q2 runs any function that a row names, and stores pickles, which run code when they are read. Here a message
whose task is not in `ALLOWED` is refused wherever it came from (a table, a schedule, the broker), a hook or a chain is
never followed, and nothing that lies in a database or a broker is unpickled.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

import picklefield.fields
from django.core.serializers.json import DjangoJSONEncoder
from django_q import signing, status

from positions.nesting import shallow

# Dotted names. `config.bench` adds the one that it measures against.
_OURS = ("look", "answer", "sweep", "prune", "beat", "agree", "carry_on", "deliver", "mail", "bring_in")
ALLOWED = {f"synclog.queue.tasks.{name}" for name in _OURS}

# What a message may hold beside its task. Without: hooks, chains, and whatever else would be run or stored.
_KEPT = ("id", "name", "func", "args", "kwargs", "started", "group", "ack_failure")


class RefusedMessageError(signing.BadSignature):  # type: ignore[misc]  # django-q2 has no types
    """A message that is not one of ours. django-q2's pusher drops it, as one with a wrong signature."""


class TaskSerializer:
    """In the place of `django_q.signing.PickleSerializer`."""

    @staticmethod
    def dumps(task: dict[str, Any]) -> bytes:
        return json.dumps(task, cls=DjangoJSONEncoder).encode()

    @staticmethod
    def loads(data: bytes) -> dict[str, Any]:
        """Raises `RefusedMessageError`."""
        try:
            found = json.loads(shallow(data.decode()))
            task = {key: found[key] for key in _KEPT if key in found}
            if task["func"] in ALLOWED and not task["kwargs"]:
                return task | {"started": datetime.fromisoformat(task["started"])}
        except (ValueError, KeyError, TypeError) as error:
            raise RefusedMessageError("The queue holds a message that is none of ours.") from error
        raise RefusedMessageError(f"The queue holds a task that is none of ours: {str(task['func'])[:80]!r}.")


def encode_field(value: Any, compress_object: bool = False, pickle_protocol: Any = None, copy: bool = True) -> str:
    """In the place of picklefield's `dbsafe_encode`: arguments and errors of failed tasks as text."""
    return base64.b64encode(json.dumps(value, default=str).encode()).decode()


def decode_field(value: str, compress_object: bool = False) -> Any:
    """In the place of picklefield's `dbsafe_decode`. What another hand or an earlier version wrote is None."""
    try:
        return json.loads(shallow(base64.b64decode(value).decode()))
    except ValueError:
        return None


def _save_no_stat(stat: status.Stat) -> None:
    """In the place of django-q2's, which pickles its cluster twice a second for `qmonitor`; our own sign of life is
    synclog/queue/signs.py."""


def install() -> None:
    signing.PickleSerializer = TaskSerializer
    status.Stat.save = _save_no_stat
    picklefield.fields.dbsafe_encode = encode_field
    picklefield.fields.dbsafe_decode = decode_field
