"""How seldom a worker process looks for what nothing refers to any more."""

from __future__ import annotations

import gc
from typing import Any

from django_q.signals import post_spawn

# A turn makes many small objects and few cycles: at Python's own 700 a tenth of its processor time went into looking.
YOUNG = 20_000


def seldom(**kwargs: Any) -> None:
    """What a process has when it begins (Django, the models) stays for as long as it lives: it is looked at no more."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)


def connect() -> None:
    post_spawn.connect(seldom, dispatch_uid="synclog.queue.garbage")
