from synclog.models.attempt import Attempt
from synclog.models.batch import Batch, BatchError
from synclog.models.drift import DriftCheck, DriftRow, DriftSchedule
from synclog.models.event import Event
from synclog.models.forecast import Forecast, ForecastRow
from synclog.models.job import Job, JobQuerySet
from synclog.models.question import Question
from synclog.models.resync import Resync
from synclog.models.retro import RetroChange
from synclog.models.telling import Mail, MailChoice, Notice, Topic
from synclog.models.webhook import Webhook, WebhookDelivery
from synclog.models.worker import Heartbeat, Lease

__all__ = [
    "Attempt",
    "Batch",
    "BatchError",
    "DriftCheck",
    "DriftRow",
    "DriftSchedule",
    "Event",
    "Forecast",
    "ForecastRow",
    "Heartbeat",
    "Job",
    "JobQuerySet",
    "Lease",
    "Mail",
    "MailChoice",
    "Notice",
    "Question",
    "Resync",
    "RetroChange",
    "Topic",
    "Webhook",
    "WebhookDelivery",
]
