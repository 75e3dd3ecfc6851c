from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from positions import dates
from positions.models.company import Department
from positions.models.text import Line, Number


class ContractType(models.TextChoices):
    PERMANENT = "permanent", _("Permanent")
    PROBATION = "probation", _("Probation")
    TEMPORARY = "temporary", _("Temporary")
    SUBSTITUTE = "substitute", _("Substitute")
    SEASONAL = "seasonal", _("Seasonal")
    CASUAL = "casual", _("Casual")
    TRAINEE = "trainee", _("Trainee")
    JOB_TRAINING_PROGRAM = "job_training_program", _("Job training program")
    CONSULTANT = "consultant", _("Consultant")
    FREELANCE = "freelance", _("Freelance")
    THIRD_PARTY = "third_party", _("Third party")
    OTHER = "other", _("Other")


class WorkingHoursScheme(models.TextChoices):
    NOT_SHIFT = "not_shift", _("Not shift")
    SHIFT = "shift", _("Shift")
    ROUND_THE_CLOCK = "round_the_clock", _("Round the clock (355)")
    SHIFT_365 = "shift_365", _("Shift 365")
    OFFSHORE_336 = "offshore_336", _("Offshore 336")
    CONTINUOUS = "continuous", _("Continuous (336)")
    OTHER_SHIFT = "other_shift", _("Other shift")


class RemunerationType(models.TextChoices):
    MONTHLY = "monthly", _("Monthly wage")
    HOURLY = "hourly", _("Hourly wage")
    COMMISSION = "commission", _("Commission")
    FEE = "fee", _("Fee")
    PIECEWORK = "piecework", _("Piecework")


class TermsFields(models.Model):
    """What may change of a position while it lasts."""

    title = Line(_("title"), max_length=250)
    contract_type = models.CharField(
        _("contract type"), max_length=30, choices=ContractType, default=ContractType.PERMANENT
    )
    percentage = Number(
        _("percentage"),
        max_digits=5,
        decimal_places=2,
        default=Decimal("100"),
        validators=[
            MinValueValidator(Decimal(0), _("A percentage lies between 0 and 100, for example 80 or 37.5.")),
            MaxValueValidator(Decimal(100), _("A percentage lies between 0 and 100, for example 80 or 37.5.")),
        ],
        help_text=_("0 to 100, up to two decimals."),
    )
    weekly_hours = Number(
        _("weekly hours"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[
            MinValueValidator(Decimal(0), _("Weekly hours lie between 0 and 168.")),
            MaxValueValidator(Decimal(168), _("Weekly hours lie between 0 and 168.")),
        ],
        help_text=_("The person's own hours a week."),
    )
    occupation_code = Line(
        _("occupation code"),
        max_length=20,
        blank=True,
        help_text=_(
            "The code of the company's country. Norway: seven digits of STYRK-98, not STYRK-08 (2130109, "
            "systemutvikler). Sweden: four of SSYK 2012 (5223, butikssäljare, fackhandel). "
            "Finland: five of TK10 (25140, sovellusohjelmoijat)."
        ),
    )
    working_hours_scheme = models.CharField(
        _("working hours scheme"), max_length=30, choices=WorkingHoursScheme, blank=True
    )
    remuneration_type = models.CharField(_("remuneration type"), max_length=30, choices=RemunerationType, blank=True)
    department = models.ForeignKey(
        Department,
        verbose_name=_("department"),
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty: the employee's department."),
    )
    cost_centre = Line(_("cost centre"), max_length=30, blank=True)

    class Meta:
        abstract = True

    @property
    def since(self) -> date:
        """The day from which all of it holds."""
        raise NotImplementedError


class Terms(TermsFields):
    """What holds of a position from a day on (positions/terms.py). A position of which no change was dated has none:
    its own columns say it. Where there are any, those columns hold what is in force today."""

    position = models.ForeignKey(
        "positions.Position", verbose_name=_("position"), on_delete=models.CASCADE, related_name="terms", db_index=False
    )
    effective_from = models.DateField(_("effective from"), null=True, blank=True)  # None: from the position's first day
    awaited = models.BooleanField(_("awaited"), default=False)  # the position's columns have not seen this day yet

    class Meta:
        ordering = [models.F("effective_from").asc(nulls_first=True)]
        verbose_name = verbose_name_plural = _("terms")
        constraints = [
            models.UniqueConstraint(fields=["position", "effective_from"], name="terms_once_a_day"),
            models.UniqueConstraint(
                fields=["position"], condition=models.Q(effective_from=None), name="terms_of_first_day_once"
            ),
            models.CheckConstraint(
                condition=models.Q(percentage__gte=0, percentage__lte=100), name="terms_percentage_range"
            ),
        ]
        indexes = [models.Index(fields=["effective_from"], condition=models.Q(awaited=True), name="terms_awaited")]

    def __str__(self) -> str:
        since = (
            _("from the first day")
            if self.effective_from is None
            else _("from {day}").format(day=dates.show(self.effective_from))
        )
        return f"{self.title}, {since}"

    @property
    def since(self) -> date:
        return self.effective_from or self.position.start_date
