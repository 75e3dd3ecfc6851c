"""What a group of the issuer gives ends, and changes, with its row on the organization's page: until the next sign-in
would be until whoever has it likes. Another group of theirs counts from then on."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save

from positions.models import GroupRole, Member, tracking
from positions.signals import goes_with_organization


def connect() -> None:
    post_save.connect(_saved, sender=GroupRole, dispatch_uid="positions.accounts.group_roles.saved")
    post_delete.connect(_deleted, sender=GroupRole, dispatch_uid="positions.accounts.group_roles.deleted")


def _saved(sender: Any, instance: GroupRole, **kwargs: Any) -> None:
    before = tracking.loaded(instance) or {}
    for group in {instance.group, before.get("group", instance.group)}:
        _apply(instance.organization_id, group)


def _deleted(sender: Any, instance: GroupRole, origin: Any = None, **kwargs: Any) -> None:
    if not goes_with_organization(origin):
        _apply(instance.organization_id, instance.group)


def _apply(organization: int, group: str) -> None:
    gives = GroupRole.objects.filter(organization=organization, group=group).first()
    members = Member.objects.filter(organization=organization, group=group).exclude(group="")
    with transaction.atomic():
        for member in members.select_for_update().order_by("pk"):
            if gives is None:
                member.delete()
            elif member.role != gives.role:
                member.role = gives.role
                member.save(update_fields=["role"])
