"""What webhooks are told, for the OpenAPI document: the body of each event, and the request that brings it.

What is sent is written by `synclog.webhooks`; tests hold every body that is sent against these.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiWebhook, extend_schema_field
from rest_framework import serializers

from positions.api.fields import AnswerId, Said
from synclog.models import Batch, Job, Webhook
from synclog.webhooks.receivers import CHANGES

_Topic = Webhook.Topic


class ToldJobSerializer(serializers.Serializer):
    about = "The job, as it was then. Ids, states and codes alone: ask `/jobs/{id}/` for more."

    job = AnswerId(help_text="Id of the job.")
    integration = AnswerId(help_text="Id of its integration.")
    system = serializers.CharField(help_text="The system's key.")
    employee = AnswerId(help_text="Id of the employee, who may be deleted since.")
    position = AnswerId(help_text="Id of the position, which may be deleted since.")
    action = serializers.ChoiceField(Job.Action.choices, help_text="What is done there.")
    state = serializers.ChoiceField(Job.State.choices, help_text="How far it is.")
    cause = Said(help_text="Why it was not sent, as a code.")
    field = Said(help_text="Our name of the field that has to be mended.")
    warning = serializers.BooleanField(help_text="It was sent, and a part of it was refused.")


class ToldIntegrationSerializer(serializers.Serializer):
    about = "The connection, and what became of it."

    integration = AnswerId(help_text="Id of the integration.")
    system = serializers.CharField(help_text="The system's key.")
    change = serializers.ChoiceField([(name, name) for name in sorted(CHANGES)], help_text="What happened.")
    cause = Said(help_text="Why it is stopped, as a code. null: it is not.")


class ToldBatchSerializer(serializers.Serializer):
    about = "The batch, which is through."

    batch = AnswerId(help_text="Id of the batch.")
    action = serializers.ChoiceField(Batch.Action.choices, help_text="What was done.")
    state = serializers.ChoiceField(Batch.State.choices, help_text="`done`, or `cancelled`.")
    total = serializers.IntegerField(min_value=0, help_text="Jobs or positions that matched when it was asked for.")
    acted = serializers.IntegerField(min_value=0, help_text="Of these, so many were acted upon.")
    left_out = serializers.IntegerField(min_value=0, help_text="And so many left out.")


class ToldTestSerializer(serializers.Serializer):
    about = "Nothing happened: somebody tries the address."

    webhook = AnswerId(help_text="Id of the webhook.")


def _event(topic: str, data: type[serializers.Serializer], about: str) -> type[serializers.Serializer]:
    """The body of an event."""

    @extend_schema_field({"type": "string", "const": topic})
    class Type(serializers.CharField):
        pass

    name = "".join(part.capitalize() for part in topic.replace("_", ".").split("."))
    fields = {
        "about": about,
        "type": Type(help_text="What it tells of."),
        "timestamp": serializers.DateTimeField(help_text="When it happened."),
        "data": data(help_text="What it happened to."),
    }
    return type(f"{name}EventSerializer", (serializers.Serializer,), fields)


_ABOUT = {
    _Topic.JOB_FAILED: (ToldJobSerializer, "A change was refused, and needs somebody."),
    _Topic.JOB_RECOVERED: (
        ToldJobSerializer, "A change of which that had been said went through, or needs nothing any more.",
    ),
    _Topic.POSITION_SYNCED: (ToldJobSerializer, "A system has a position as it is here."),
    _Topic.STATE_CHANGED: (
        ToldIntegrationSerializer, "A connection was switched, paused, stopped, put off, or is well again.",
    ),
    _Topic.BATCH_FINISHED: (ToldBatchSerializer, "A batch of many jobs or positions is through."),
    Webhook.TEST: (ToldTestSerializer, "Somebody pressed *Send a test event*."),
}  # fmt: skip
EVENTS = {str(topic): _event(topic, data, about) for topic, (data, about) in _ABOUT.items()}

_HEADERS = {
    "webhook-id": "The same at each try and each replay: skip what you have seen.",
    "webhook-timestamp": "When it was sent, in seconds since 1970. What is older than five minutes may be repeated.",
    "webhook-signature": "By Standard Webhooks: `v1,` and an HMAC-SHA-256 of id, timestamp and body; after a rotation "
    "several, with blanks between them.",
}


def _request(topic: str) -> OpenApiWebhook:
    name = EVENTS[topic].__name__.removesuffix("Serializer")
    operation: dict[str, Any] = {
        "operationId": f"told_{topic.replace('.', '_')}",
        "summary": topic,
        "description": f"{EVENTS[topic].about} Answer with 2xx within ten seconds.",  # type: ignore[attr-defined]
        "tags": ["webhooks"],
        "security": [],
        "parameters": [
            {"name": header, "in": "header", "required": True, "description": words, "schema": {"type": "string"}}
            for header, words in _HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}},
        },
        "responses": {
            "2XX": {"description": "Taken."},
            "4XX": {"description": "Not taken: it is tried again, for seven days. 410: nothing more is sent here."},
            "5XX": {"description": "Not taken: it is tried again, for seven days."},
        },
    }
    return OpenApiWebhook(topic, {"post": operation})


# settings.SPECTACULAR_SETTINGS names each.
JOB_FAILED = _request(_Topic.JOB_FAILED.value)
JOB_RECOVERED = _request(_Topic.JOB_RECOVERED.value)
POSITION_SYNCED = _request(_Topic.POSITION_SYNCED.value)
STATE_CHANGED = _request(_Topic.STATE_CHANGED.value)
BATCH_FINISHED = _request(_Topic.BATCH_FINISHED.value)
TEST = _request(Webhook.TEST)
