"""The product's settings with one more system, and with time made shorter where a crash round would wait for hours."""

from typing import Any, cast

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS, REST_FRAMEWORK

INSTALLED_APPS = [*INSTALLED_APPS, "tests.crash.apps.CrashConfig"]
REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    "DEFAULT_THROTTLE_RATES": dict.fromkeys(cast(Any, REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]), "1000000/min"),
}
ALLOW_PRIVATE_TARGETS = True
TARGET_READ_TIMEOUT = 1.0
