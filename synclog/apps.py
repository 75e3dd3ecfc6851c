from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SynclogConfig(AppConfig):
    name = "synclog"
    verbose_name = "Sync"

    def ready(self) -> None:
        from django_q.signals import post_spawn

        from positions.api import examples, hooks
        from synclog import along, integration_pages, listen, payloads, personal_rows, signs
        from synclog.api.examples import ANSWERS
        from synclog.api.extras import caused_jobs, jobs_field
        from synclog.queue import install
        from synclog.schedules import make_schedules

        listen.connect()
        along.connect()
        integration_pages.connect()
        personal_rows.connect()
        hooks.write_extras.append(caused_jobs)
        hooks.extra_fields["jobs"] = jobs_field
        examples.ANSWERS.update(ANSWERS)
        install()
        signs.connect()
        payloads.install()
        post_spawn.connect(look_at_once, dispatch_uid="synclog.look_at_once")
        post_migrate.connect(make_schedules, sender=self, dispatch_uid="synclog.schedules")


def look_at_once(**kwargs: Any) -> None:
    """A new worker process does not wait for the minute's sweep: the one before it may have been killed."""
    from synclog import signs
    from synclog.tasks import sweep

    signs.give(signs.STEP)
    sweep()
    signs.give(signs.STEP)
