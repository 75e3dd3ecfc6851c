from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, ClassVar, Self

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, router, transaction
from django.utils.translation import gettext as _

from positions.models import tracking


class ErrorsAtFields(models.Model):
    """A value that is taken is told at its field, where it is changed, and not above the form."""

    class Meta:
        abstract = True

    def of_another(self, name: str) -> str:
        """What is wrong with a foreign key that leads to another organization's row."""
        field: Any = self._meta.get_field(name)
        return _("This {name} belongs to another organization.").format(name=field.verbose_name)

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        errors: dict[str, list[Any]] = {}
        using = router.db_for_write(type(self), instance=self)
        for model, constraints in self.get_constraints():
            for constraint in constraints:
                try:
                    constraint.validate(model, self, exclude=set(exclude or ()), using=using)
                except ValidationError as error:
                    # The organization or employee comes first in each constraint; what is unique in it comes last.
                    fields = getattr(constraint, "fields", ())
                    for one in error.error_list:
                        one.code = one.code or ("unique" if fields else "invalid")
                    errors.setdefault(fields[-1] if fields else NON_FIELD_ERRORS, []).extend(error.error_list)
        if errors:
            raise ValidationError(errors)


class Tracked(models.Model):
    """Says what changed since it was loaded (tracking.py; positions/audit.py has every one of these followed).

    `TRACKED` names the columns whose change counts, `HERE_ONLY` our names of those only them that are sent nowhere.
    """

    TRACKED: ClassVar[tuple[str, ...]] = ()
    HERE_ONLY: ClassVar[frozenset[str]] = frozenset()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        # What listens to the save (the sync jobs) commits or rolls back with it, whoever calls.
        with transaction.atomic():
            super().save(*args, **kwargs)

    def changed_fields(self, only: Iterable[str] | None = None) -> list[str] | None:
        """Our names of the fields (of these, as in `update_fields`) that differ from what was loaded; None for a new
        object or an unknown past."""
        then = tracking.loaded(self)
        return None if then is None else [f.name for f in tracking.different(self, then, self.TRACKED, only)]

    def concerns_others(self, only: Iterable[str] | None = None) -> bool:
        """Whether what seems to be changed, or may have been, is sent anywhere."""
        changed = self.changed_fields(only)
        return changed is None or not self.HERE_ONLY.issuperset(changed)

    @classmethod
    def look_again(cls, rows: Iterable[Self]) -> None:
        """Has them compare with what is stored now, locked until the transaction ends: one query.

        An object may have been loaded before somebody else's change, or saved in a transaction that was rolled back:
        that nothing of it seems to be changed does not say yet that a save would change nothing.
        """
        by_key = {row.pk: row for row in rows}
        columns = [f.attname for f in cls._meta.concrete_fields if f.attname in cls.TRACKED]
        if by_key:
            stored = cls._default_manager.select_for_update().filter(pk__in=by_key).order_by("pk")
            for found in stored.values("pk", *columns):
                tracking.correct(by_key[found.pop("pk")], found)

    def before(self, name: str) -> Any:
        """A column as it was loaded; as it is now when that is not known."""
        return (tracking.loaded(self) or {}).get(name, getattr(self, name))
