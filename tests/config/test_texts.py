"""What the product says (`integrations.sdk.messages.Text`): well-formed, marked for translation, said, and of a cause
that exists. How one is added, CONTRIBUTING.md tells ("Add a message")."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from string import Formatter
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from integrations.sdk import messages
from integrations.sdk.fields import BY_KEY
from integrations.sdk.marking import gettext_noop
from integrations.sdk.messages import Message, Text, unpacked, words_of
from integrations.sdk.params import Label
from integrations.sdk.renamed_texts import RENAMED
from integrations.systems.registry import connectors
from synclog.log.causes import causes

ROOT = Path(__file__).parents[2]
OF_OLD_ROWS = {messages.AS_WRITTEN.id, messages.AS_WRITTEN_IN_PART.id}
PRINTED_AT_ONCE = {"integrations.verifying.texts"}  # by a command: no row holds them
SPECS = {"", "lower", "cap", "or", "comma"}  # of integrations.sdk.wording
PARTS = ("why", "remedy", "next")


class Place(NamedTuple):
    """A call, and where it stands."""

    module: ModuleType
    call: ast.Call

    def __str__(self) -> str:
        return f"{self.module.__name__}:{self.call.lineno}"


class Source:
    """Modules in which something is said."""

    def __init__(self, modules: Mapping[ModuleType, ast.Module]) -> None:
        self.modules = modules

    @cached_property
    def calls(self) -> list[tuple[Place, Any]]:
        """Every call, with what is called where that can be seen."""
        return [
            (Place(module, node), called)
            for module, tree in self.modules.items()
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and (called := meant(node.func, module)) is not None
        ]

    @cached_property
    def declared(self) -> dict[str, Place]:
        """By id, which stands there as it is."""
        return {ast.literal_eval(place.call.args[0]): place for place, called in self.calls if called is Text}

    @property
    def texts(self) -> list[Text]:
        return [messages.TEXTS[id] for id in self.declared]


@cache
def product() -> Source:
    found = {}
    for app in ("integrations", "synclog", "positions"):
        for path in sorted((ROOT / app).rglob("*.py")):
            source = path.read_text("utf-8")
            if "migrations" not in path.parts and re.search(r"\b(texts|Text|Label|messages)\b", source):
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
                found[import_module(name)] = ast.parse(source)
    return Source(found)


def meant(node: ast.AST, module: ModuleType) -> Any:
    """What a name, or a name of another module, stands for in this module; None for all else."""
    if isinstance(node, ast.Name):
        return vars(module).get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(base := meant(node.value, module), ModuleType):
        return vars(base).get(node.attr)
    return None


# -- the rules -----------------------------------------------------------------------------------------------


def ids(source: Source) -> Iterator[str]:
    """An id is "<area>.<what is so>"; a system's area is its key."""
    for id, place in source.declared.items():
        area, folder = id.partition(".")[0], place.module.__name__.split(".")
        system = folder[2] if folder[:2] == ["integrations", "systems"] else ""
        if id not in OF_OLD_ROWS and not re.fullmatch(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*", id):
            yield f"{place}: {id}"
        if area != system and (system or area in connectors()):
            yield f"{place}: {id} has the area of somebody else"


def marks(source: Source) -> Iterator[str]:
    """Words of ours are a literal inside `_(...)`, there or in a constant that several texts share. (A label may also
    come out of a declaration.)"""
    for place, called in source.calls:
        given: list[ast.expr] = []
        if called is Text:
            given = [*place.call.args[1:], *(k.value for k in place.call.keywords if k.arg in PARTS)]
        elif called is Label:
            given = [node for node in branches(place.call.args[0]) if is_literal(node)]
        for node in given:
            if not is_marked(node, source.modules[place.module]):
                yield f"{place}: {ast.unparse(node)}"


def branches(node: ast.expr) -> list[ast.expr]:
    return [*branches(node.body), *branches(node.orelse)] if isinstance(node, ast.IfExp) else [node]


def is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp)


def is_marked(node: ast.expr, module: ast.Module) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
        return len(node.args) == 1 and isinstance(node.args[0], ast.Constant)
    if isinstance(node, ast.Name):
        made = (line for line in module.body if isinstance(line, ast.Assign))
        return any(is_marked(line.value, module) for line in made if ast.unparse(line.targets[0]) == node.id)
    return isinstance(node, ast.Constant) and not has_words(str(node.value))


def has_words(part: str) -> bool:
    """Besides what is filled in."""
    return any(re.search(r"\w", literal) for literal, *_ in Formatter().parse(part))


def form(source: Source) -> Iterator[str]:
    """One blank between words and none around them; only what `wording` knows is filled in; parts that stand one after
    the other are sentences."""
    for text in source.texts:
        parts = {name: part for name in PARTS if (part := getattr(text, name))}
        for name, part in parts.items():
            if part != " ".join(part.split()):
                yield f"{text.id}: blanks in {name}: {part!r}"
            for _, param, spec, conversion in Formatter().parse(part):
                if param is not None and (not param.isidentifier() or spec not in SPECS or conversion):
                    yield f"{text.id}: {{{param}:{spec}}} in {name}"
            if (len(parts) > 1 or text.cause) and not re.search(r"[.!?})”]$", part):
                yield f"{text.id}: {name} has no end: {part!r}"
            if name != "why" and not re.match(r"[A-ZÆØÅ{“]", part):  # what is so may stand behind a colon
                yield f"{text.id}: {name} is no sentence: {part!r}"


def names(source: Source) -> Iterator[str]:
    """Causes, fields and settings that a text names are declared."""
    for text in source.texts:
        if text.cause and text.cause not in causes():
            yield f"{text.id}: no cause {text.cause}"
        if text.field and text.field not in BY_KEY:
            yield f"{text.id}: no field {text.field}"
        connector = connectors().get(text.id.partition(".")[0])
        declared = (*connector.system.settings, *connector.system.credentials) if connector else ()
        if text.setting and connector and text.setting not in {setting.name for setting in declared}:
            yield f"{text.id}: no setting {text.setting}"


def given(source: Source) -> Iterator[str]:
    """A text is called with what it names, also where no test comes by."""
    for place, called in source.calls:
        keywords = [keyword.arg for keyword in place.call.keywords]
        if isinstance(called, Text) and None not in keywords and set(keywords) != called.names:
            yield f"{place}: {called.id} takes {sorted(called.names)}, not {keywords}"


def data(source: Source) -> Iterator[str]:
    """What stands in a text is data, a label or another text: words of ours by themselves would stay English."""
    for place, called in source.calls:
        given = place.call.keywords if isinstance(called, Text) else ()
        for node in (branch for keyword in given for branch in branches(keyword.value)):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            words = (part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))
            yield from (f"{place}: {word!r} in {called.id}" for word in words if re.search(r"[^\W\d_]", word))


def said(source: Source) -> Iterator[str]:
    """None is left behind by what said it."""
    loaded = (
        meant(node, module)
        for module, tree in source.modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)
    )
    used = {text.id for value in loaded for text in texts_in(value)}
    yield from (f"{place}: {id}" for id, place in source.declared.items() if id not in used)


def texts_in(value: Any) -> Iterator[Text]:
    if isinstance(value, Text):
        yield value
    elif isinstance(value, Mapping | tuple | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from texts_in(one)


Rule = Callable[[Source], Iterator[str]]


@pytest.mark.parametrize("rule", [ids, marks, form, names, given, data, said])
def test_texts_keep_the_rule(rule: Rule) -> None:
    assert len(product().declared) > 100
    faults = list(rule(product()))
    assert not faults, "\n".join(faults)


def test_no_id_of_the_last_version_is_lost() -> None:
    """Rows of the log hold it. When a version is out, the ids that it declares are added to the list."""
    declared, ids = set(product().declared), (Path(__file__).parent / "ids_of_texts.txt").read_text("utf-8").split()
    kept = {id: Message.from_json({"id": id}) for id in ids}
    assert len(ids) > 600 and [id for id, message in kept.items() if message.id not in declared] == []
    renamed = {id for id, message in kept.items() if message.id != id}
    assert renamed == RENAMED.keys() and not renamed & declared
    for message in map(kept.__getitem__, renamed):
        assert message.text is not None and message.params.keys() <= message.text.names


@pytest.mark.parametrize(("system", "name"), [("finago", "Finago"), ("netvisor", "Netvisor")])
def test_what_the_last_version_said_under_another_id_is_put_into_words(system: str, name: str) -> None:
    params = {"field": {"field": "title"}, "value": "Cook"}
    kept = [
        {"id": f"{system}.not_todays", "params": {"field": {"field": "title"}}},
        {"id": f"{system}.kept_on_employee", "params": params},
    ]
    assert [message.text and message.params.keys() == message.text.names for message in unpacked(kept)] == [True, True]
    assert words_of(kept).startswith(f"Title: {name} keeps it on the employee")
    assert f"Title: “Cook” stands on the employee in {name}, where somebody put it" in words_of(kept)


def test_every_process_knows_what_rows_say(tmp_path: Path) -> None:
    """Whoever shows a row has not always imported what wrote it: the pages know also what only a worker says. (Systems'
    own come with the first connection that is looked at.)"""
    code = "import django, sys; django.setup(); print(*sys.modules)"
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "DATA_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    written = {place.module.__name__ for place in product().declared.values()}
    apart = {name for name in written if not name.startswith("integrations.systems.")} - PRINTED_AT_ONCE
    assert len(apart) > 5 and apart - set(done.stdout.split()) == set()


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (ids, "T = Text('nowhere', _('So.'))"),
        (ids, "T = Text('a.Thing', _('So.'))"),
        (ids, "T = Text('fortnox.thing', _('So.'))"),
        (marks, "T = Text('a.thing', 'So.')"),
        (marks, "T = Text('a.thing', _('So.') + ' {more}')"),
        (marks, "_SHARED = 'Do.'\nT = Text('a.thing', _('So.'), remedy=_SHARED)"),
        (marks, "Label('one' if Text else 'two')"),
        (form, "T = Text('a.thing', _('So.  And so.'))"),
        (form, "T = Text('a.thing', _('So '))"),
        (form, "T = Text('a.thing', _('{x:upper}.'))"),
        (form, "T = Text('a.thing', _('So'), cause='no_translation')"),
        (form, "T = Text('a.thing', _('So.'), remedy=_('do.'))"),
        (form, "T = Text('a.thing', _('So.'), next=_('It goes on'))"),
        (names, "T = Text('a.thing', _('So.'), cause='no_cause')"),
        (names, "T = Text('a.thing', _('So.'), field='no_field')"),
        (names, "T = Text('fortnox.thing', _('So.'), setting='no_setting')"),
        (given, "T = Text('a.thing', _('{x}.'))\ndef say(): return T(y=1)"),
        (data, "T = Text('a.thing', _('{x}.'))\nT(x='one' if Text else f'{Label} two')"),
        (said, "T = Text('a.thing', _('So.'))"),
    ],
)
def test_such_a_fault_is_found(rule: Rule, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "TEXTS", {})
    module = ModuleType("a_module")
    vars(module).update(Text=Text, Label=Label, _=gettext_noop)
    exec(code, vars(module))
    assert len(list(rule(Source({module: ast.parse(code)})))) in (1, 2)
