from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, ClassVar, Self

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, router, transaction


class ErrorsAtFields(models.Model):
    """A value that is taken is told at its field, where it is changed, and not above the form."""

    class Meta:
        abstract = True

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
    """Knows what it was loaded with: what listens to a save asks what changed, and from what, without a query.

    `TRACKED` names the columns whose change counts.
    """

    TRACKED: ClassVar[tuple[str, ...]] = ()
    _loaded: dict[str, Any] | None = None

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        # What listens to the save (the sync jobs) commits or rolls back with it, whoever calls.
        with transaction.atomic():
            super().save(*args, **kwargs)
        self.remember(kwargs.get("update_fields"))

    @classmethod
    def from_db(  # type: ignore[override]  # the stubs are of a later Django
        cls, db: str | None, field_names: Collection[str], values: Collection[Any]
    ) -> Self:
        row = super().from_db(db, field_names, values)
        row._loaded = {name: row.__dict__[name] for name in cls.TRACKED if name in row.__dict__}
        return row

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: models.QuerySet[Any, Any] | None = None,
    ) -> None:
        super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)
        self.remember(fields)

    def changed_fields(self, only: Iterable[str] | None = None) -> list[str] | None:
        """Our names of the fields (`only` these) that differ from what was loaded; None for a new object or an unknown
        past."""
        if self._loaded is None:
            return None
        names = {f.attname: f.name for f in self._meta.concrete_fields}
        changed = [names[name] for name, old in self._loaded.items() if old != getattr(self, name)]
        return changed if only is None else [name for name in changed if name in only or f"{name}_id" in only]

    def before(self, name: str) -> Any:
        """A column as it was loaded; as it is now when that is not known."""
        return (self._loaded or {}).get(name, getattr(self, name))

    def remember(self, fields: Iterable[str] | None = None) -> None:
        """From here on, `changed_fields` compares with the values (of these fields) as they are now."""
        loaded = {name: self.__dict__[name] for name in self.TRACKED if name in self.__dict__}
        if fields is not None:
            wanted = set(fields)
            loaded = {n: v for n, v in loaded.items() if wanted & {n, self._meta.get_field(n).name}}
        self._loaded = {**(self._loaded or {}), **loaded}
