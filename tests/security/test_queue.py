"""The queue runs our own few tasks and nothing else, whoever writes into its tables or its broker."""

from __future__ import annotations

import base64
import os
import pickle
import re
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import picklefield.fields
import pytest
from django.contrib import admin
from django.core import signing as django_signing
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q import scheduler, signing
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import Failure, OrmQ, Schedule, Task
from django_q.signing import BadSignature, SignedPackage
from django_q.tasks import async_task

from synclog.queue import payloads
from synclog.queue.schedules import SCHEDULES, keep_schedules
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


class Bomb:
    """Runs a command in whoever unpickles it."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.mark}",)


def operator() -> Client:
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def taken() -> list[str]:
    """What the pusher would hand to the workers of all that lies in the queue."""
    found = []
    for row in OrmQ.objects.order_by("pk"):
        try:
            found.append(SignedPackage.loads(row.payload)["func"])
        except BadSignature:
            continue
    return found


def test_no_page_of_the_queues_own_is_left() -> None:
    assert [m for m in admin.site._registry if m._meta.app_label == "django_q"] == []
    client = operator()
    for model in ("schedule", "success", "failure", "ormq"):
        assert client.get(f"/admin/django_q/{model}/").status_code == 404
        assert client.post(f"/admin/django_q/{model}/add/", {"func": "subprocess.getoutput"}).status_code == 404


@pytest.mark.parametrize(
    "func", ["subprocess.getoutput", "os.system", "synclog.queue.tasks.drain", "builtins.eval", ""]
)
def test_a_message_with_another_task_is_refused_although_it_is_signed(func: str) -> None:
    async_task(func, "touch /tmp/owned")
    assert OrmQ.objects.count() == 1
    assert taken() == []


def test_a_schedule_that_names_another_function_runs_nothing_and_is_removed() -> None:
    due = timezone.now() - timedelta(minutes=1)
    Schedule.objects.all().delete()
    Schedule.objects.create(name="Look for due jobs", func="subprocess.getoutput", args="'id'", next_run=due)
    scheduler.scheduler(get_broker())
    assert taken() == []
    keep_schedules()
    assert {(s.name, s.func) for s in Schedule.objects.all()} == {(n, f) for n, (f, _) in SCHEDULES.items()}


@pytest.mark.parametrize("bad", [{"hook": "os.abort"}, {"args": "((((("}, {"kwargs": "a=[}"}, {"minutes": 9999}])
def test_a_schedule_of_ours_that_another_hand_changed_is_made_anew(bad: dict[str, Any]) -> None:
    name, (func, minutes) = next(iter(SCHEDULES.items()))
    Schedule.objects.filter(name=name).delete()
    Schedule.objects.create(**{"name": name, "func": func, "schedule_type": "I", "minutes": minutes, **bad})
    keep_schedules()
    row = Schedule.objects.get(name=name)
    assert (row.hook, row.args, row.kwargs, row.minutes) == (None, None, None, minutes)


@pytest.mark.parametrize("extra", [{"hook": "os.abort"}, {"chain": [["os.abort", [], {}]]}, {"cached": True}])
def test_no_hook_chain_or_cache_comes_along(extra: dict[str, Any]) -> None:
    async_task("synclog.queue.tasks.beat", q_options=dict(extra))
    (row,) = OrmQ.objects.all()
    assert not set(extra) & set(SignedPackage.loads(row.payload))


def test_nothing_unsigned_and_no_pickle_is_read(tmp_path: Path) -> None:
    mark = tmp_path / "owned"
    key, salt = Conf.SECRET_KEY, Conf.PREFIX
    bomb = pickle.dumps(Bomb(mark))

    class Pickles:
        def dumps(self, obj: Any) -> bytes:
            return bomb

        def loads(self, data: bytes) -> Any:
            raise NotImplementedError

    signed = django_signing.dumps({}, key=key, salt=salt, serializer=Pickles)
    unsigned = base64.urlsafe_b64encode(bomb).decode() + ":1tXyzq:AAAA"
    for payload in (signed, unsigned, base64.b64encode(bomb).decode()):
        with pytest.raises(BadSignature):
            SignedPackage.loads(payload)
    for nested in ("[" * 100_000, "1" * 10_000, "null", "[]", '{"func": ["a"], "kwargs": {}}'):
        with pytest.raises(BadSignature):
            payloads.TaskSerializer.loads(nested.encode())
    Task.objects.create(id="a" * 32, name="x", func="x", started=timezone.now(), stopped=timezone.now(), success=False)
    with connection.cursor() as cursor:
        text = base64.b64encode(bomb).decode()
        cursor.execute("UPDATE django_q_task SET args = %s, kwargs = %s, result = %s", [text, text, text])
    row = Failure.objects.get()
    assert (row.args, row.kwargs, row.result) == (None, None, None)
    OrmQ.objects.create(key="x", payload=signed, lock=timezone.now())
    assert operator().get(reverse("synclog_queue")).status_code == 200
    assert not mark.exists()
    subprocess.run(["touch", mark], check=True)  # the bomb's own command would have worked
    assert mark.exists()


def test_what_would_read_pickles_is_replaced() -> None:
    payloads.install()
    assert signing.PickleSerializer is payloads.TaskSerializer
    assert picklefield.fields.dbsafe_encode is payloads.encode_field
    assert picklefield.fields.dbsafe_decode is payloads.decode_field


OURS = {
    "id": "a",
    "name": "look",
    "func": "synclog.queue.tasks.look",
    "args": [7],
    "kwargs": {},
    "started": timezone.now(),
}


def test_a_task_of_ours_comes_back_as_it_went() -> None:
    more = {"group": "g", "ack_failure": True}
    found = payloads.TaskSerializer.loads(payloads.TaskSerializer.dumps({**OURS, **more, "hook": "os.abort"}))
    started: Any = OURS["started"]
    exact = started.replace(microsecond=started.microsecond // 1000 * 1000)
    assert found == {**OURS, **more, "started": exact}


@pytest.mark.parametrize(
    "bad", [{"func": "os.system"}, {"kwargs": {"a": 1}}, {"func": "os.system", "kwargs": {"a": 1}}]
)
def test_a_task_of_nobody_or_with_more_is_refused(bad: dict[str, Any]) -> None:
    task = {**OURS, **bad}
    with pytest.raises(payloads.RefusedMessageError, match=re.escape(f"none of ours: {task['func']!r}")):
        payloads.TaskSerializer.loads(payloads.TaskSerializer.dumps(task))


@pytest.mark.parametrize("missing", ["func", "kwargs", "started"])
def test_half_a_task_is_refused(missing: str) -> None:
    task = {key: value for key, value in OURS.items() if key != missing}
    with pytest.raises(payloads.RefusedMessageError, match="a message that is none of ours"):
        payloads.TaskSerializer.loads(payloads.TaskSerializer.dumps(task))


def test_of_a_long_name_the_beginning_is_told() -> None:
    with pytest.raises(payloads.RefusedMessageError) as caught:
        payloads.TaskSerializer.loads(payloads.TaskSerializer.dumps({**OURS, "func": "x" * 1000}))
    assert str(caught.value).endswith(f": {'x' * 80!r}.")


@pytest.mark.parametrize("value", [None, [7], ("a", {"b": 1}), {"at": Path("/x")}, ValueError("out of order")])
def test_a_field_of_a_failed_task_is_text(value: Any) -> None:
    read = {"at": "/x"} if isinstance(value, dict) else list(value) if isinstance(value, tuple) else value
    read = str(value) if isinstance(value, ValueError) else read
    assert payloads.decode_field(payloads.encode_field(value)) == read
    for unread in ("no base64", base64.b64encode(b"no json").decode(), base64.b64encode(b"[" * 100_000).decode()):
        assert payloads.decode_field(unread) is None


def test_what_failed_is_kept_as_text_and_shown_to_operators() -> None:
    OrmQ.objects.create(key="x", payload="garbage", lock=timezone.now())
    async_task("synclog.queue.tasks.look", [7])
    now = timezone.now()
    Task.objects.create(
        id="b" * 32, name="look", func="synclog.queue.tasks.look", args=([7],), kwargs={}, started=now, stopped=now,
        result="Traceback\nValueError: out of order", success=False,
    )  # fmt: skip
    page = operator().get(reverse("synclog_queue")).content.decode()
    assert "ValueError: out of order" in page and "synclog.queue.tasks.look([7],)" in page
    assert "None of ours: it is not run" in page
    assert "<form" not in page.split('id="ig-page"')[1], "read only"


def test_the_page_is_for_operators_alone() -> None:
    client = Client()
    assert client.get(reverse("synclog_queue")).status_code == 302
    client.force_login(UserFactory(is_staff=True))
    assert client.get(reverse("synclog_queue")).status_code in (302, 403)


def test_every_task_that_the_product_queues_is_allowed() -> None:
    root = Path(payloads.__file__).parents[2]
    named = {
        name
        for folder in ("config", "integrations", "positions", "synclog")
        for file in (root / folder).rglob("*.py")
        for name in re.findall(r'async_task\(\s*"([\w.]+)"', file.read_text())
    }
    assert named and named <= payloads.ALLOWED
    assert {func for func, _ in SCHEDULES.values()} <= payloads.ALLOWED
