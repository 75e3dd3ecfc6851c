from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class SynclogConfig(AppConfig):
    name = "synclog"
    verbose_name = _("Sync")

    def ready(self) -> None:
        from django_q.signals import post_spawn

        from positions import audit
        from positions.api import examples
        from positions.privacy import personal_data
        from synclog.api.examples import ANSWERS
        from synclog.engine import along, receivers
        from synclog.log.personal_rows import HeldBySync
        from synclog.models import MailChoice, Webhook
        from synclog.queue import garbage, imports, payloads, signs
        from synclog.queue.safe_queue import install
        from synclog.queue.schedules import make_schedules
        from synclog.telling import accounts, trouble
        from synclog.telling import texts as mail_texts  # noqa: F401
        from synclog.webhooks import receivers as webhook_receivers
        from synclog.webhooks import texts  # noqa: F401  # whoever shows a row knows what it says

        receivers.connect()
        along.connect()
        webhook_receivers.connect()
        trouble.connect()
        accounts.connect()
        imports.connect()
        # What the sender keeps of its own; that it pauses one is told.
        book = ("failing_since", "retry_at", "retry_count", "last_success_at", "held_by", "held_until", "former_until")
        audit.watch(Webhook, lambda row: row.organization_id, skipped=book)
        audit.watch(MailChoice, lambda row: row.member.organization_id, skipped=["digested_on"])
        personal_data.register(HeldBySync())
        examples.ANSWERS.update(ANSWERS)
        install()
        signs.connect()
        payloads.install()
        garbage.connect()
        post_spawn.connect(look_at_once, dispatch_uid="synclog.look_at_once")
        post_migrate.connect(make_schedules, sender=self, dispatch_uid="synclog.queue.schedules")


def look_at_once(**kwargs: Any) -> None:
    """A new worker process does not wait for the minute's sweep: the one before it may have been killed."""
    from synclog.queue import signs
    from synclog.queue.tasks import sweep

    signs.give(signs.STEP)
    sweep()
    signs.give(signs.STEP)
