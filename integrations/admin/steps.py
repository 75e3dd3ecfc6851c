"""Setting up a connection in steps, each with an address of its own: what was done is kept, and can be come back to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.admin import showing
from integrations.engine import Start, Test
from integrations.gaps import Gap, any_of, gaps_here, positions_here
from integrations.models import Integration
from integrations.sdk.messages import Message
from integrations.sdk.wording import say
from integrations.settings_form import CREDENTIALS, SETTINGS, ConnectionForm
from positions.admin.scoped import ScopedAdmin


class Step(StrEnum):
    """In their order."""

    CREDENTIALS = "credentials"
    TEST = "test"
    RIGHTS = "rights"
    SETTINGS = "settings"
    PREVIEW = "preview"
    START = "start"


STEPS = tuple(Step)
TITLES = {
    Step.CREDENTIALS: gettext_lazy("Credentials"),
    Step.TEST: gettext_lazy("Test"),
    Step.RIGHTS: gettext_lazy("Rights"),
    Step.SETTINGS: gettext_lazy("Required settings"),
    Step.PREVIEW: gettext_lazy("Preview"),
    Step.START: gettext_lazy("Switch on"),
}


_STARTS = (
    (
        Start.CHANGES,
        gettext_lazy("Only changes from now on"),
        gettext_lazy("What is here already is sent when it is changed, or with Send now on its page."),
    ),
    (
        Start.CURRENT,
        gettext_lazy("Current and upcoming positions too"),
        gettext_lazy("They are sent at once, as they are here now."),
    ),
    (
        Start.ALL,
        gettext_lazy("All positions, also those that are over"),
        gettext_lazy("Where the system keeps a history, past periods are made there too."),
    ),
)


@dataclass(frozen=True, slots=True)
class State:
    """How a step is: a tone and its word. `done` is what needs no coming back to."""

    tone: str
    word: Any
    done: bool = False


DONE = State("success", gettext_lazy("done"), done=True)
LOOK = State("warning", gettext_lazy("something to look at"))
WRONG = State("danger", gettext_lazy("to be mended"))
OPEN = State("neutral", gettext_lazy("not done yet"))


@dataclass(frozen=True, slots=True)
class Mark:
    """A step in the bar; without an address it cannot be gone to yet."""

    title: str
    state: State
    url: str
    current: bool


def bar(current: Step, setup: Setup | None = None) -> list[Mark]:
    """All steps; without `setup`, of a connection that is not saved yet."""
    if setup is None:
        return [Mark(str(TITLES[step]), OPEN, "", step is current) for step in STEPS]
    marks = [Mark(str(TITLES[s]), setup.state(s), address(setup.integration, s), s is current) for s in STEPS]
    seen = STEPS.index(Step.PREVIEW)
    if current is Step.START and marks[seen].state is OPEN:
        marks[seen] = replace(marks[seen], state=DONE)
    return marks


def address(integration: Integration, step: Step) -> str:
    return showing.url(integration, f"switch_on_{step}")


@dataclass(frozen=True, slots=True)
class Setup:
    """How far a connection is."""

    integration: Integration
    test: Test | None
    gaps: list[tuple[Gap, int]]

    @property
    def needed(self) -> set[str]:
        """The settings that positions which are here lack."""
        return {gap.setting for gap, _number in self.gaps if gap.setting}

    def state(self, step: Step) -> State:
        match step:
            case Step.CREDENTIALS:
                return OPEN if self._missing(credentials=True) else DONE
            case Step.TEST:
                return OPEN if self.test is None else DONE if self.test.signed_in else WRONG
            case Step.RIGHTS:
                if self.test is None or not self.test.signed_in:
                    return OPEN
                return LOOK if self.test.refused else DONE
            case Step.SETTINGS:
                return OPEN if self._missing(credentials=False) else LOOK if self.needed else DONE
            case Step.PREVIEW:
                return LOOK if self.gaps else DONE if self.integration.send_positions else OPEN
        return DONE if self.integration.send_positions else OPEN

    def first_open(self) -> Step:
        """Where to go on: what is done, or may stay as it is, is passed over."""
        before = STEPS[: STEPS.index(Step.PREVIEW)]
        last = Step.START if self.integration.send_positions else Step.PREVIEW
        return next((step for step in before if self.state(step) in (OPEN, WRONG)), last)

    def _missing(self, *, credentials: bool) -> bool:
        system = self.integration.system
        return any((s in system.credentials) is credentials for s in self.integration.missing_settings())


class StepPages:
    """Admins of the connection's organization alone enter them."""

    def __init__(self, admin: ScopedAdmin) -> None:
        self.admin = admin

    def urls(self) -> list[URLPattern]:
        views = {
            Step.CREDENTIALS: self.credentials_view,
            Step.TEST: self.test_view,
            Step.RIGHTS: self.rights_view,
            Step.SETTINGS: self.settings_view,
            Step.PREVIEW: self.preview_view,
            Step.START: self.start_view,
        }

        def at(suffix: str, view: Any, name: str) -> URLPattern:
            guarded = self.admin.admin_site.admin_view(view)
            return path(f"<int:pk>/switch-on/{suffix}", guarded, name=f"integrations_integration_{name}")

        steps = [at(f"{step}/", view, f"switch_on_{step}") for step, view in views.items()]
        return [at("", self.continue_view, "switch_on"), *steps]

    def continue_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Where it was left."""
        obj = self._entered(request, pk)
        return self._go(obj, self._setup(obj).first_open()) if isinstance(obj, Integration) else obj

    def credentials_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        obj = self._entered(request, pk)
        if not isinstance(obj, Integration):
            return obj
        form, said = self._posted(request, obj, part=CREDENTIALS)
        if said is not None:
            return self.begin_test(request, obj)
        hints = self.admin._hints(obj, with_end=True)
        help_html = showing.help_page(obj.system_key)
        return self._page(
            request, obj, Step.CREDENTIALS, form=form, opened_forms=[form], hints=hints, help_html=help_html
        )

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        obj = self._entered(request, pk)
        return self._page(request, obj, Step.TEST) if isinstance(obj, Integration) else obj

    def rights_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        obj = self._entered(request, pk)
        return self._page(request, obj, Step.RIGHTS) if isinstance(obj, Integration) else obj

    def settings_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        obj = self._entered(request, pk)
        if not isinstance(obj, Integration):
            return obj
        setup = self._setup(obj)
        form, said = self._posted(request, obj, part=SETTINGS, needed=setup.needed)
        if said is not None:
            return self._go(obj, Step.PREVIEW)
        without = [(gap, number) for gap, number in setup.gaps if gap.setting]
        return self._page(request, obj, Step.SETTINGS, form=form, opened_forms=[form], without=without)

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        obj = self._entered(request, pk)
        if not isinstance(obj, Integration):
            return obj
        setup = self._setup(obj)
        here = positions_here(obj)
        number = here.count()
        kept_back = here.filter(any_of([gap for gap, _number in setup.gaps])).count() if setup.gaps else 0
        return self._page(
            request,
            obj,
            Step.PREVIEW,
            about=showing.about(obj),
            here=number,
            kept_back=kept_back,
            complete=number - kept_back,
            gaps=setup.gaps,
            samples=self.admin.samples(request, obj),
        )

    def start_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        obj = self._entered(request, pk)
        if not isinstance(obj, Integration):
            return obj
        missing = [f"“{say(s.label)}”" for s in obj.missing_settings()]
        foreseen = self.admin.foreseen(obj)
        return self._page(
            request,
            obj,
            Step.START,
            missing=missing,
            labels=", ".join(missing),
            starts=[(start.value, title, help_text, foreseen.get(start, "")) for start, title, help_text in _STARTS],
        )

    # -- the test, which a worker makes

    def begin_test(self, request: HttpRequest, obj: Integration) -> HttpResponse:
        """Leads to what it says, or to how far it is."""
        test = self.admin.engine.begin_test(obj, request.user.get_username())
        if test.key is None:
            self.admin.message_user(request, test.words, messages.WARNING)
            return self._go(obj, Step.TEST)
        if test.lines is None:
            asked = reverse("admin:integrations_integration_tested", args=[obj.pk, test.key])
            return HttpResponseRedirect(f"{asked}?page=switch_on")
        return self._go(obj, Step.RIGHTS if test.signed_in else Step.TEST)

    def tested(self, request: HttpRequest, obj: Integration, key: UUID) -> HttpResponse:
        """How far that one is."""
        test = self.admin.engine.look_at_test(obj, key)
        if test is None or test.lines is not None:
            return self._go(obj, Step.RIGHTS if test is not None and test.signed_in else Step.TEST)
        return self._page(request, obj, Step.TEST, test=test)

    # -- shared

    def _entered(self, request: HttpRequest, pk: int) -> Integration | HttpResponse:
        obj = self.admin._viewed(request, pk)
        if isinstance(obj, Integration) and not self.admin.has_change_permission(request, obj):
            raise PermissionDenied
        return obj

    def _setup(self, obj: Integration) -> Setup:
        return Setup(obj, self.admin.engine.last_test(obj), gaps_here(obj))

    def _posted(
        self, request: HttpRequest, obj: Integration, **kwargs: Any
    ) -> tuple[ConnectionForm, list[Message] | None]:
        if request.method == "POST":
            return self.admin._posted(request, obj, **kwargs)
        return ConnectionForm(obj, **kwargs), None

    @staticmethod
    def _go(obj: Integration, step: Step) -> HttpResponse:
        return HttpResponseRedirect(address(obj, step))

    def _page(self, request: HttpRequest, obj: Integration, step: Step, **context: Any) -> HttpResponse:
        setup = self._setup(obj)
        number = STEPS.index(step)
        following = STEPS[number + 1] if step is not Step.START else None
        marks = bar(step, setup)
        context = {"test": setup.test, **context}
        test: Test | None = context["test"]
        return self.admin._page(
            request,
            obj,
            "change",
            f"steps/{step}.html",
            title=title(step, obj.name),
            steps=marks,
            number=number + 1,
            before=address(obj, STEPS[number - 1]) if number else "",
            to_look_at=[mark for mark in marks if not mark.state.done and not mark.current],
            untested=test is None,
            unsure=step is Step.TEST and not (test and test.signed_in),
            following=address(obj, following) if following else "",
            following_title=TITLES[following] if following else "",
            tested=showing.when(test.at, obj.organization) if test else "",
            **context,
        )


def title(step: Step, name: str) -> str:
    return _("%(step)s: %(name)s") % {"step": TITLES[step], "name": name}
