from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, router


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
