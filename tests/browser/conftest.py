"""A real Chromium against the demo, started as a person starts it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.issuer import Issuer, running
from tests.process.product import Product, started


@pytest.fixture(scope="package")
def issuer() -> Iterator[Issuer]:
    """By which people may sign in to the demo too; its page has a link that does it."""
    with running() as found:
        found.metadata["authorization_endpoint"] = f"{found.address}/page"
        yield found


@pytest.fixture(scope="package")
def demo(
    tmp_path_factory: pytest.TempPathFactory, already_migrated: Callable[[Path], None], issuer: Issuer
) -> Iterator[Product]:
    """Ended with the last of these tests: while it idles, it looks for work twenty times a second."""
    folder = tmp_path_factory.mktemp("demo")
    already_migrated(folder / "data")
    with started(folder, "--demo", **issuer.settings()) as product:
        yield product


@pytest.fixture
def chromium() -> Iterator[Any]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing; .ci/run installs it")
        pytest.skip("Chromium is not installed on this machine")
    # Ended with each test: it runs an event loop, in which Django refuses every later test its database.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        )
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Pages that share nothing; what the browser complains of fails the test, a breach of the content security policy
    and a broken Alpine expression above all."""
    complaints: list[str] = []

    def heard(message: Any) -> None:
        if any(word in message.text for word in ("Content Security Policy", "Alpine")):
            complaints.append(f"{message.location.get('url')}: {message.text}")

    def new(**given: Any) -> Any:
        options = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", **given}
        page = chromium.new_context(**options).new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on("console", heard)
        return page

    yield new
    for context in chromium.contexts:
        context.close()
    assert complaints == []


def sign_in(page: Any, demo: Product, name: str, password: str) -> None:
    page.goto(demo.address + "admin/login/?next=/admin/")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")


@pytest.fixture
def page(new_page: Callable[..., Any], demo: Product) -> Any:
    """A page that is logged in to the demo."""
    page = new_page()
    sign_in(page, demo, "admin", demo.password)
    page.wait_for_url("**/admin/")
    return page
