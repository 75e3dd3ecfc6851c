from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig
from django.db.backends.signals import connection_created


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401 (registers them)
        from integrations.systems.registry import register

        for module in settings.EXTRA_CONNECTORS:
            register(module)
        connection_created.connect(raise_variable_limit, dispatch_uid="config.raise_variable_limit")


class PagesConfig(AdminConfig):
    default_site = "config.site.Site"


def raise_variable_limit(connection: Any, **kwargs: Any) -> None:
    """Django 5.2 assumes SQLite's old limit of 999 variables, which would cut one bulk write into dozens."""
    if connection.vendor == "sqlite":
        import sqlite3

        connection.features.max_query_params = connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
