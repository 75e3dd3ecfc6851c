"""Fixtures for every test. One sandbox server runs for each test process; every test gets tenants of its own."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from importlib import import_module
from operator import delitem
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from cryptography.hazmat.primitives import serialization
from django.conf import settings
from django.test import utils as test_utils
from django.test.signals import template_rendered

from integrations.sandboxes.server import Tenants, running
from tests import migrated

if sys.dont_write_bytecode:
    # Tests start a hundred processes, and each would compile Django and all of us anew. What the environment forbids
    # beside the sources goes into pytest's own folder, for pytest-xdist's processes too.
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(Path(__file__).parents[1] / ".pytest_cache" / "bytecode")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix

# jsonschema would build 39 grammars, which takes a processor five seconds in each test process, for formats that no
# test asks it to check. It does without them where they are not installed.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--of-database", action="store_true", help="Only what uses the database: the rest is the same on each."
    )


def pytest_configure(config: pytest.Config) -> None:
    # Processes that share this folder count requests together, and tests of one travel in time.
    folder = tempfile.TemporaryDirectory(prefix="position-sync-")
    config.add_cleanup(folder.cleanup)
    settings.DATA_DIR = Path(folder.name)
    if "POSITION_SYNC_TEST_RUN" not in os.environ:  # pytest-xdist's processes inherit the first one's
        os.environ["POSITION_SYNC_TEST_RUN"] = folder.name
        config.add_cleanup(partial(delitem, os.environ, "POSITION_SYNC_TEST_RUN"))  # mutmut starts more in a process
    # A password's hash is made to take long; tests have nothing to protect.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # A walk through all pages is faster than a person.
    rates: Any = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
    rates["pages"] = rates["address"] = "1000000/min"
    # Reading a private key is to prove that it is one, which takes long; the sandboxes' are always the same.
    serialization.load_pem_private_key = cache(serialization.load_pem_private_key)  # type: ignore[assignment]
    # Each new client of a test would look through all static files first: one is looked for when it is asked for.
    settings.WHITENOISE_AUTOREFRESH = True
    if not os.environ.get("CI"):  # there hypothesis does so by itself
        # How fast something is, the bench tells: no test fails because the machine is slow.
        slow, number = [hypothesis.HealthCheck.too_slow], int(os.environ.get("EXAMPLES") or 100)
        hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=slow, max_examples=number)
        hypothesis.settings.load_profile("patient")
    test_utils.instrumented_test_render = rendered  # type: ignore[attr-defined]  # the stubs leave it out


def rendered(template: Any, context: Any) -> Any:
    """For `response.context`, Django says of each template what it was rendered with; here of that which a view gave,
    not of the hundreds that it includes."""
    if context.template is template:
        template_rendered.send(sender=template, template=template, context=context)
    return template.nodelist.render(context)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Each of pytest-xdist's processes begins to import at another module: where none has been compiled yet, each
    compiles its share, and finds the others' done, instead of all compiling all at the same time."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    asked = [Path(argument.partition("::")[0]).absolute() for argument in session.config.args]
    files = [file for path in asked for file in ([path] if path.is_file() else sorted(path.rglob("test_*.py")))]
    names = [".".join(file.relative_to(session.config.rootpath).with_suffix("").parts) for file in files]
    number, workers = os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"), os.environ["PYTEST_XDIST_WORKER_COUNT"]
    begin = len(names) * int(number) // int(workers)
    for name in names[begin:] + names[:begin]:
        with suppress(Exception, pytest.skip.Exception):  # said when it is collected
            import_module(name)


def pytest_collection_finish() -> None:
    # What was imported stays: looking through it for garbage over and over takes a sixth of a test's time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_xdist_auto_num_workers() -> int:
    # Half of the time is waiting: for servers, limits and other processes.
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--of-database"):
        config.hook.pytest_deselected(items=[item for item in items if not _uses_database(item)])
        items[:] = filter(_uses_database, items)
    _longest_first(items)


def _uses_database(item: pytest.Item) -> bool:
    asked = {"db", "transactional_db"}
    return bool(item.get_closest_marker("django_db") or asked & set(getattr(item, "fixturenames", ())))


def _longest_first(items: list[pytest.Item]) -> None:
    """pytest-xdist cuts the list into one piece for each of its workers: each begins with the long ones of a folder, or
    the last of them would keep everybody waiting at the end."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    folders: defaultdict[Path, list[pytest.Item]] = defaultdict(list)
    short = []
    for item in items:
        long = any(item.get_closest_marker(name) for name in ("process", "browser", "long"))
        (folders[item.path.parent] if long else short).append(item)
    ordered = []
    for number in range(workers):
        piece = [item for folder in list(folders.values())[number::workers] for item in folder]
        room = max(0, len(items) // workers - len(piece))
        ordered += piece + short[:room]
        del short[:room]
    items[:] = ordered + short


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """What pytest-django asks for just before it makes the test database."""
    migrated.share()


@pytest.fixture(scope="session")
def already_migrated(django_db_setup: None) -> Callable[[Path], None]:
    """Puts a database with all migrations into a DATA_DIR."""
    return migrated.copy_into


@pytest.fixture(autouse=True, scope="session")
def cost_of_a_recovery_code() -> Iterator[int]:
    """Its hash is made to take long; tests have nothing to protect."""
    from positions.models import second_factor

    with pytest.MonkeyPatch.context() as patched:
        cost = second_factor._COST
        patched.setattr(second_factor, "_COST", 2)
        yield cost


@pytest.fixture(autouse=True, scope="session")
def _every_answer_of_the_api_is_as_its_document_says() -> Iterator[None]:
    """Whoever asks: a test of the API, an attack of a walk, a page's own tests."""
    from django.test import Client

    asked = Client.request

    def request(self: Client, **environ: Any) -> Any:
        response = asked(self, **environ)
        if response.wsgi_request.path.startswith("/api/v1/"):
            from tests.apidocument import check_answer

            check_answer(response)
        return response

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Client, "request", request)
        yield


_served: list[Tenants] = []


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[tuple[str, Tenants]]:
    """(address, tenants) of all sandboxes, over real HTTP on loopback, refusing what no evidence shows as accepted."""
    with running(strict=True) as server:
        _served.append(server[1])
        yield server


@pytest.fixture(autouse=True)
def _tenants_go_with_their_test() -> Iterator[None]:
    """Each holds all calls that it answered and the faults that were ordered, some of them of fifty megabytes."""
    before = {key for tenants in _served for key in tenants.all()}
    yield
    for tenants in _served:
        for key in set(tenants.all()) - before:
            del tenants._tenants[key]


@pytest.fixture(autouse=True)
def _a_worker_that_answers_at_once(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests and previews are asked by a worker; where none runs, whoever waits for the answer finds it."""
    if request.node.get_closest_marker("unanswered"):
        yield
        return
    from synclog.questions import asking

    def wait(question: Any, seconds: float | None = None) -> Any:
        asking.answer(question.pk)
        question.refresh_from_db(fields=["begun_at", "done_at", "answer"])
        return question

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(asking, "wait", wait)
        yield


@pytest.fixture
def english_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mails in English to who chose no language, though the organizations of tests are Norwegian."""
    from positions import languages

    monkeypatch.setattr(languages, "_SPOKEN_IN", {})
