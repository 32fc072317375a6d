"""Write the operations of the Python client from those of the control API: outpace/client/operations/.

usage: python tools/client_operations.py [FOLDER]

Each resource is a module with its operations twice, for the client that waits and for the one that lets others run;
`settings.py` holds what campaigns and trunk groups are made of, as keyword arguments.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
import types
import typing
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec

from outpace.api.answers import Reply, StreamReply
from outpace.api.app import ALL_ROUTES
from outpace.api.bodies import CampaignChanges, NewCampaign, NewTrunkGroup, TrunkGroupChanges
from outpace.api.endpoint import JSON, MERGE_PATCH, Endpoint, Routes
from outpace.domain.access import Role
from outpace.domain.config import Abandonment, CallingHours, RetryRule
from outpace.domain.resources import Page

FOLDER = Path(__file__).resolve().parents[1] / "outpace" / "client" / "operations"
_HEAD = "Written by tools/client_operations.py; what is wrong here is mended there."

#: Length from which on a list of words has a name.
_LONG = 80

#: A POST that changes nothing, so that it may come twice without a key.
_PURE = {"validate_campaign"}

#: Kinds of keyword arguments: name -> the struct that they make, whether they are a merge patch.
_SETTINGS: dict[str, tuple[type[msgspec.Struct], bool]] = {
    "CallingHoursSettings": (CallingHours, False),
    "RetryRuleSettings": (RetryRule, False),
    "AbandonmentSettings": (Abandonment, False),
    "AbandonmentChanges": (Abandonment, True),
    "NewCampaign": (NewCampaign, False),
    "CampaignChanges": (CampaignChanges, True),
    "NewTrunkGroup": (NewTrunkGroup, False),
    "TrunkGroupChanges": (TrunkGroupChanges, True),
}
_KEYWORDS = {NewCampaign: "NewCampaign", CampaignChanges: "CampaignChanges"} | {
    NewTrunkGroup: "NewTrunkGroup",
    TrunkGroupChanges: "TrunkGroupChanges",
}
_NESTED = {CallingHours: "CallingHoursSettings", RetryRule: "RetryRuleSettings", Abandonment: "AbandonmentSettings"}


def quoted(text: str) -> str:
    """Text as source."""
    return f'"{text}"'


def entries(names: list[str]) -> str:
    """A mapping of names to the arguments of that name, as source."""
    return "{" + ", ".join(f"{quoted(name)}: {name}" for name in names) + "}"


class Imports:
    """Names that a module needs."""

    def __init__(self) -> None:
        self._names: set[tuple[str, str]] = set()
        self._aliases: dict[str, str] = {}

    def use(self, module: str, name: str) -> str:
        """The name, which is imported from there."""
        self._names.add((module, name))
        return name

    def alias(self, argument: str, hint: str) -> str:
        """A name for a long list of words, the type of an argument; another type as it is."""
        if not hint.startswith("Literal[") or len(hint) < _LONG:
            return hint
        name = f"{argument.title()}Name"
        self._aliases[name] = hint
        return name

    def lines(self) -> list[str]:
        """Import statements, which ruff sorts, and aliases."""
        imports = [f"from {module} import {name}" for module, name in sorted(self._names)]
        return [*imports, "", *(f"{name} = {hint}" for name, hint in self._aliases.items())]


def shown(hint: Any, imports: Imports, *, given: bool = False, patch: bool = False) -> str:
    """A type as source; `given`: of an argument, which may be looser than an answer."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return shown(args[0], imports, given=given, patch=patch)
    if origin in (typing.Union, types.UnionType):
        parts = [shown(one, imports, given=given, patch=patch) for one in args if one is not msgspec.UnsetType]
        if "str" in parts:
            parts = [one for one in parts if not one.startswith("Literal")]
        return " | ".join(dict.fromkeys(part for whole in parts for part in whole.split(" | ")))
    if origin is typing.Literal:
        names = ", ".join(quoted(one) for one in args)
        return f"{imports.use('typing', 'Literal')}[{names}]"
    if hint is type(None):
        return "None"
    if hint is Any:
        return imports.use("typing", "Any")
    if given and isinstance(hint, type) and issubclass(hint, Enum):
        names = ", ".join(quoted(one.value) for one in hint)
        return f"{imports.use(hint.__module__, hint.__name__)} | {imports.use('typing', 'Literal')}[{names}]"
    if given and hint in _NESTED:
        keywords = _NESTED[hint].replace("Settings", "Changes") if patch and hint is Abandonment else _NESTED[hint]
        return f"{imports.use(hint.__module__, hint.__name__)} | {keywords}"
    if given and isinstance(hint, type) and hint.__name__ == "AbandonmentChanges":
        return f"{imports.use(Abandonment.__module__, 'Abandonment')} | AbandonmentChanges"
    if args:
        inner = ", ".join(shown(one, imports, given=given, patch=patch) for one in args if one is not Ellipsis)
        loose = {dict: "Mapping", list: "Sequence", tuple: "Sequence"}
        name = imports.use("collections.abc", loose[origin]) if given else origin.__name__
        if origin is Page:
            imports.use(Page.__module__, "Page")
        return f"{name}[{inner}]"
    if hint.__module__ != "builtins":
        imports.use(hint.__module__, hint.__name__)
    return str(hint.__name__)


class Argument(msgspec.Struct, frozen=True):
    """An argument of a method: `sends` is how its value is written in the request."""

    name: str
    hint: str
    default: str | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.hint}" + ("" if self.default is None else f" = {self.default}")


def default_of(default: Any, hint: str) -> tuple[str, str]:
    """A default as source, and the type that it needs."""
    if isinstance(default, dict | list | tuple):
        return "None", f"{hint} | None"
    return f'"{default}"' if isinstance(default, str) else repr(default), hint


class Operation:
    """One operation as the methods of both clients.

    Parameters
    ----------
    endpoint : what it calls. imports : of the module that it is written in.
    """

    def __init__(self, endpoint: Endpoint, imports: Imports) -> None:
        self.endpoint = endpoint
        self.imports = imports
        self.path_arguments: list[Argument] = []
        self.named: list[Argument] = []
        self.query: list[str] = []
        self.body: list[str] | None = None
        self.keywords = ""
        self._read_parameters()
        self._read_body()
        if endpoint.remembered:
            self.named.append(Argument("idempotency_key", "str", '""'))

    def _read_parameters(self) -> None:
        for one in self.endpoint.parameters:
            hint = self.imports.alias(one.name, shown(one.hint, self.imports, given=True))
            if one.place == "header":
                self.named.insert(0, Argument("version", "int"))
            elif one.place == "path":
                self.path_arguments.append(Argument(one.argument, hint))
            else:
                default, hint = (None, hint) if one.required else default_of(one.default, hint)
                self.named.append(Argument(one.argument, hint, default))
                self.query.append(one.name)

    def _read_body(self) -> None:
        body = self.endpoint.body
        if not self.endpoint.reads_body:
            return
        if body in _KEYWORDS:
            self.keywords = self.imports.use("outpace.client.operations.settings", _KEYWORDS[body])
        elif body is not None:
            self.body = []
            for field in msgspec.structs.fields(body):
                hint = shown(field.type, self.imports, given=True)
                default = None
                if not field.required:
                    known = {} if field.default is msgspec.NODEFAULT else field.default
                    default, hint = default_of(known, hint)
                self.named.append(Argument(field.name, hint, default))
                self.body.append(field.name)

    @property
    def uploads(self) -> bool:
        """Whether the body is a stream."""
        return not self.endpoint.reads_body

    def answer(self) -> str:
        """Type of what the node answers."""
        answer = self.endpoint.answer
        if answer is Reply:
            return "str" if self.endpoint.answer_media[0].startswith("text/") else self._plain()
        return "bytes" if answer is StreamReply else shown(answer, self.imports)

    def _plain(self) -> str:
        return f"dict[str, {self.imports.use('typing', 'Any')}]"

    def call(self) -> str:
        """The request as source."""
        endpoint = self.endpoint
        path = endpoint.path
        for argument in self.path_arguments:
            part = self.imports.use("outpace.client.requests", "part")
            path = path.replace(f"{{{argument.name}}}", f"{{{part}({argument.name})}}")
        answer = self.answer()
        parts = [quoted(endpoint.method), ("f" if self.path_arguments else "") + quoted(path)]
        parts.append("type(None)" if answer == "None" else answer)
        if self.query:
            parts.append(f"query={entries(self.query)}")
        if self.keywords:
            parts.append(f"body={'changes' if endpoint.method == 'PATCH' else 'settings'}")
        if self.body is not None:
            parts.append(f"body={entries(self.body)}")
        media = {MERGE_PATCH: "MERGE_PATCH", JSON: ""}.get(endpoint.body_media)
        if media is None:
            media = f'"{endpoint.body_media}"'
        elif media:
            self.imports.use("outpace.client.requests", media)
        parts += [f"media={media}"] if media else []
        parts += ["version=version"] if any(one.name == "version" for one in self.named) else []
        parts += ["key=idempotency_key"] if endpoint.remembered else []
        if endpoint.method == "PATCH" or (
            endpoint.method == "POST" and not endpoint.remembered and endpoint.name not in _PURE
        ):
            parts.append(f"again={self.imports.use('outpace.client.requests', 'Again')}.UNSENT")
        return f"{self.imports.use('outpace.client.requests', 'call')}({', '.join(parts)})"

    def method(self, *, waits: bool) -> list[str]:
        """The method; `waits`: of the client that waits."""
        source = [Argument("source", self._kind("Source", "_uploads", waits=waits))] if self.uploads else []
        named = [str(one) for one in self.named]
        if self.keywords:
            kind = "changes" if self.endpoint.method == "PATCH" else "settings"
            self.imports.use("typing", "Unpack")
            named.append(f"**{kind}: Unpack[{self.keywords}]")
        star = ["*"] if self.named else []
        arguments = ", ".join(["self", *map(str, (*self.path_arguments, *source)), *star, *named])
        request = self.call()
        if self.endpoint.answer is StreamReply:
            answer, head, verb = self._kind("Download", "_core", waits=waits), "def", "self._download"
        else:
            head, verb = ("def", "self._ask") if waits else ("async def", "await self._ask")
            answer = self.answer()
            if self.endpoint.status == 202:
                answer, verb = self._kind("Job", "_core", waits=waits), verb.replace("_ask", "_start")
        more = ", source" if self.uploads else ""
        return [
            f"    {head} {self.endpoint.name}({arguments}) -> {answer}:",
            *self._docstring(),
            f"        return {verb}({request}{more})",
            "",
        ]

    def _kind(self, name: str, module: str, *, waits: bool) -> str:
        if waits:
            return self.imports.use(f"outpace.client.{module}", name)
        return self.imports.use(f"outpace.client.{module.replace('_core', '_async_core')}", f"Async{name}")

    def _docstring(self) -> list[str]:
        endpoint = self.endpoint
        names = ", ".join(role.value for role in Role if role in endpoint.roles)
        roles = "any" if endpoint.roles == frozenset(Role) else names
        who = "Needs no token." if endpoint.open else f"Roles: {roles}."
        rest = f"{endpoint.description} {who}".strip()
        wrapped = textwrap.wrap(rest, 112, break_long_words=False, break_on_hyphens=False)
        return [f'        """{endpoint.summary}.', "", *(f"        {line}" for line in wrapped), '        """']

    def pages(self, *, waits: bool) -> list[str]:
        """The method that walks over all pages; none where there are no pages."""
        if not any(one.name == "cursor" for one in self.named):
            return []
        item = shown(typing.get_args(self.endpoint.answer)[0], self.imports)
        iterator = self.imports.use("collections.abc", "Iterator" if waits else "AsyncIterator")
        kept = [one for one in self.named if one.name not in ("cursor", "limit")]
        arguments = [str(one) for one in (*self.path_arguments, Argument("*", ""), *kept)]
        arguments = ["*" if one == "*: " else one for one in arguments]
        passed = [one.name for one in self.path_arguments] + [f"{one.name}={one.name}" for one in kept]
        asked = ", ".join([*passed, "cursor=cursor", "limit=page_size"])
        name = self.endpoint.name.removeprefix("list_")
        return [
            f"    def iter_{name}({', '.join(['self', *arguments, 'page_size: int = 100'])}) -> {iterator}[{item}]:",
            f'        """{self.endpoint.summary}: all of them, a page at a time."""',
            f"        return self._pages(lambda cursor: self.{self.endpoint.name}({asked}))",
            "",
        ]


def module(routes: Routes) -> str:
    """A resource's operations as source."""
    imports = Imports()
    name = "".join(word.title() for word in routes.tag.split("-"))
    operations = [Operation(endpoint, imports) for endpoint in routes.endpoints]
    imports.use("outpace.client._core", "Core")
    imports.use("outpace.client._async_core", "AsyncCore")
    lines = []
    for waits in (True, False):
        kind = "" if waits else "Async"
        lines += ["", "", f"class {kind}{name}({kind}Core):", f'    """{routes.about}"""', ""]
        for operation in operations:
            lines += [*operation.method(waits=waits), *operation.pages(waits=waits)]
    head = [f'"""{routes.about}', "", _HEAD, '"""', "", "from __future__ import annotations", ""]
    return "\n".join([*head, *imports.lines(), *lines]) + "\n"


def settings() -> str:
    """What campaigns and trunk groups are made of, as source."""
    imports = Imports()
    imports.use("typing", "TypedDict")
    lines: list[str] = []
    for name, (kind, patch) in _SETTINGS.items():
        about = "what is left out stays, None is the default again" if patch else "what is left out has its default"
        of = kind.__name__.removeprefix("New").removesuffix("Changes")
        lines += ["", "", f"class {name}(TypedDict, total=False):", f'    """Settings of {of}: {about}."""', ""]
        for field in msgspec.structs.fields(kind):
            hint = shown(field.type, imports, given=True, patch=patch)
            if patch and "None" not in hint.split(" | "):
                hint += " | None"
            if field.required and not patch:
                hint = f"{imports.use('typing', 'Required')}[{hint}]"
            lines.append(f"    {field.name}: {hint}")
    head = ['"""Settings as keyword arguments.', "", _HEAD, '"""', "", "from __future__ import annotations", ""]
    return "\n".join([*head, *imports.lines(), *lines]) + "\n"


def write(folder: Path) -> None:
    """Write all modules."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "__init__.py").write_text('"""The operations of the control API, a module a resource."""\n', "utf-8")
    (folder / "settings.py").write_text(settings(), "utf-8")
    for routes in ALL_ROUTES:
        (folder / f"{routes.tag.replace('-', '_')}.py").write_text(module(routes), "utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    config = ["--config", str(Path(__file__).resolve().parents[1] / "pyproject.toml")]
    for command in (["check", "--select", "I,F401", "--fix"], ["format"]):
        subprocess.run([*ruff, *command, "--quiet", "--no-cache", *config, str(folder)], check=True)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
