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

    `TRACKED` names the columns whose change counts, `HERE_ONLY` our names of those only them that are sent nowhere.
    """

    TRACKED: ClassVar[tuple[str, ...]] = ()
    HERE_ONLY: ClassVar[frozenset[str]] = frozenset()
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
        """Our names of the fields (of these, as in `update_fields`) that differ from what was loaded; None for a new
        object or an unknown past."""
        if self._loaded is None:
            return None
        wanted = None if only is None else set(only)
        return [
            f.name
            for f in self._meta.concrete_fields
            if f.attname in self.TRACKED
            and f.attname in self.__dict__  # a deferred one is not saved either
            and (wanted is None or wanted & {f.name, f.attname})
            and not (f.attname in self._loaded and alike(f, self._loaded[f.attname], self.__dict__[f.attname]))
        ]

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
                by_key[found.pop("pk")]._loaded = found

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


def alike(field: models.Field[Any, Any], a: Any, b: Any) -> bool:
    """Whether a column stores both alike: 80 and "80.00", nothing and an empty text, a day and its text."""
    if a == b or (a in (None, "") and b in (None, "")):
        return True
    try:
        return bool(field.to_python(a) == field.to_python(b))
    except ValidationError:  # an expression, or what the field does not take at all
        return False
