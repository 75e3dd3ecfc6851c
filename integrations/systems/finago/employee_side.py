"""The half of Finago's connector that reads and writes the employee's own record, where a connection sends what stands
there (`on_employee`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import quote

from integrations.sdk import (
    KEPT_ON_EMPLOYEE,
    NOT_TODAYS,
    Change,
    CheckLine,
    Connector,
    DataRefusedError,
    EmployeeNotFoundError,
    FieldName,
    Foreign,
    Label,
    Message,
    RemoteEmployee,
    Wanted,
    Warning,
    Written,
    held_since,
    number_of,
    rows_in,
    text_of,
)
from integrations.systems.finago import on_employee, refusals, texts
from integrations.systems.finago.declaration import SYSTEM


class EmployeeSide(Connector):
    @property
    def _on_employee(self) -> tuple[str, ...]:
        return on_employee.sent(self.settings)

    def _record(self, employee_id: str) -> dict[str, Any]:
        """An employee's whole record, which comes as a list of one."""
        classify = self.judging(rows=refusals.READ)
        response = self.http.get(f"employee/v2/{quote(employee_id, safe='')}", classify=classify)
        found = rows_in(response)
        if not found:
            raise EmployeeNotFoundError(texts.EMPLOYEE_GONE())
        return found[0]

    def _with_own(
        self,
        employee: RemoteEmployee,
        written: Written,
        own: Mapping[str, Change],
        wanted: Wanted,
        *,
        todays: bool,
        beside: bool,
    ) -> Written:
        """Writes what stands on the employee, if this is the position that counts today; else says so. `beside`: the
        employment itself was written by the same change, so that a refusal of this alone is a warning."""
        if not own:
            return written
        if not todays:
            told = [Warning(NOT_TODAYS(field=FieldName(key), system=SYSTEM.name), key) for key in own]
            return replace(written, warnings=(*written.warnings, *told))
        try:
            told = self._write_own(employee, own, wanted)
        except DataRefusedError as error:
            if not beside:
                raise
            refusal = error.vendor_text or error.said
            told = [Warning(texts.NOT_TAKEN(field=FieldName(key), refusal=refusal), key) for key in own]
        return replace(written, warnings=(*written.warnings, *told))

    def _write_own(self, employee: RemoteEmployee, own: Mapping[str, Change], wanted: Wanted) -> list[Warning]:
        """Read just before, because the record goes back as a whole."""
        record = self._record(employee.id)
        there = on_employee.values_of(record, self.settings)
        stays = {key for key in own if self._stays(key, there.get(key), own[key])}
        told = [_kept(key, str(there[key])) for key in stays]
        if self._paid_otherwise(record, there, own):
            stays.add("remuneration_type")
            told.append(Warning(texts.KIND_STAYS(field=FieldName("remuneration_type")), "remuneration_type"))
        changes = {key: change for key, change in own.items() if key not in stays and there.get(key) != change.new}
        # Another day for what stands there already is a change, too.
        changes |= {key: change for key, change in own.items() if key not in stays and change.since}
        if changes:
            values, days = {key: change.new for key, change in changes.items()}, self._days(changes, wanted, there)
            body = on_employee.body_of(record, values, days, self.settings)
            classify = self.judging(rows=refusals.EMPLOYEE, fields=tuple(FieldName(key) for key in values))
            self.http.post(f"employee/v2/{quote(employee.id, safe='')}", json=body, classify=classify)
            told += [
                Warning(texts.FROM_TODAY(field=FieldName(key), value=str(there[key]), day=day))
                for key, day in days.items()
                if day > wanted.start and self._replaces(key, changes[key], wanted, there.get(key))
            ]
        return told

    @staticmethod
    def _stays(key: str, there: Any, change: Change) -> bool:
        """Whether a new employment leaves what somebody put there: a division of cost among several, and a first day
        that was there before."""
        if change.old is not None or change.new is None or there in (None, change.new):
            return False
        return isinstance(there, Foreign) or key == "first_day_of_work"

    @staticmethod
    def _paid_otherwise(record: Mapping[str, Any], there: Mapping[str, Any], own: Mapping[str, Change]) -> bool:
        """Whether another kind of pay would make another pay of an amount that stands there, or may stand there."""
        change, held = own.get("remuneration_type"), there.get("remuneration_type")
        if change is None or held in (None, change.new):
            return False
        return "salary" not in record or bool(number_of(record["salary"], comma=True))

    @staticmethod
    def _replaces(key: str, change: Change, wanted: Wanted, there: Any) -> bool:
        """Whether a new employment takes the place of what somebody else put there."""
        return change.old is None and change.since is None and there not in (None, change.new, wanted.wrote.get(key))

    def _days(self, changes: Mapping[str, Change], wanted: Wanted, there: Mapping[str, Any]) -> dict[str, date]:
        """From which day each of the changed values that have one counts. What a new employment finds there is replaced
        from today on, as in adopting: the days before may have been paid by it."""
        days = {}
        for key in changes.keys() & on_employee.DATED:
            change = changes[key]
            since = change.since or held_since(wanted.timeline(key), self.context.today) or wanted.start
            if self._replaces(key, change, wanted, there.get(key)):
                since = self.context.today
            days[key] = max(since, wanted.start)
        return days

    # -- what there is to choose from --------------------------------------------------------------------

    def _require(self, values: Mapping[str, Any]) -> None:
        """Looks for what is to be written before anything is, as Finago's own refusal would not say what is wrong."""
        for key, name in on_employee.DIMENSIONS.items():
            if values.get(key):
                self._require_value(key, str(self.settings[name]), str(values[key]))
        if values.get("title"):
            self._require_title(str(self.settings.get("title_field")), str(values["title"]))

    def _require_value(self, key: str, number: str, value: str) -> None:
        known = self._dimensions()
        if number not in known:
            said = texts.NO_DIMENSION(number=number, known=_named(known))
            raise DataRefusedError(said, field=key)

        def load() -> set[str]:
            rows = self._listing(f"dimension/v2/{number}", texts.DIMENSION_LIST)
            return {str(row.get("value")) for row in rows if str(row.get("active")) != "0"}

        if value not in self.once(f"dimension {number}", load):
            raise DataRefusedError(texts.NO_VALUE(value=value, number=number), field=key)

    def _require_title(self, number: str, title: str) -> None:
        fields = self._custom_fields()
        found = next((row for row in fields if str(row.get("id")) == number), None)
        if found is None:
            known = {str(row.get("id")): text_of(row.get("name")) or "" for row in fields}
            raise DataRefusedError(texts.NO_FIELD(number=number, known=_named(known)))
        if str(found.get("type")) == "1" and title not in (found.get("available_values") or ()):
            raise DataRefusedError(texts.NOT_OFFERED(number=number, value=title))

    def _dimensions(self) -> dict[str, str]:
        def load() -> dict[str, str]:
            rows = self._listing("dimension/v2", texts.DIMENSION_LIST)
            return {str(row.get("dimid")): text_of(row.get("name")) or "" for row in rows}

        return self.once("dimensions", load)

    def _custom_fields(self) -> Sequence[dict[str, Any]]:
        # The vendor's path ends so.
        return self.once("fields", lambda: self._listing("employee_field/v2/", texts.FIELD_LIST))

    def _listing(self, path: str, what: Label) -> list[dict[str, Any]]:
        return rows_in(self.http.get(path, classify=self.judging(rows=refusals.LIST, list=what)))

    def _check_on_employee(self) -> Iterator[CheckLine]:
        """What there is, for whoever chooses; and whether what is chosen is among it."""
        fields = {str(row.get("id")): text_of(row.get("name")) or "" for row in self._custom_fields()}
        chosen = {str(self.settings[name]) for name in on_employee.DIMENSIONS.values() if self.settings.get(name)}
        title = {str(self.settings["title_field"])} if self.settings.get("title_field") else set()
        yield self._among(texts.DIMENSION_NUMBERS, chosen, self._dimensions())
        yield self._among(texts.FIELD_NUMBERS, title, fields)

    @staticmethod
    def _among(title: Label, chosen: set[str], known: Mapping[str, str]) -> CheckLine:
        wrong = tuple(sorted(chosen - known.keys()))
        if wrong:
            missing = texts.ENTERPRISES_MISSING(missing=wrong, known=_named(known))
            return CheckLine(False, title, missing, texts.ON_EMPLOYEE_PLACE)
        return CheckLine(True, title, texts.ENTERPRISES_KNOWN(known=_named(known)))


def _named(known: Mapping[str, str]) -> tuple[Message | str, ...]:
    """Numbers with their names."""
    return tuple(texts.NAMED(number=n, name=name) if name else n for n, name in known.items()) or (texts.NONE_AT_ALL,)


def _kept(key: str, value: str) -> Warning:
    return Warning(KEPT_ON_EMPLOYEE(field=FieldName(key), value=value, system=SYSTEM.name), key)
