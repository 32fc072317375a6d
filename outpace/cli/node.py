"""The commands of a node that serves: `outpace serve`, `outpace token`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from outpace.cli.exits import errors
from outpace.cli.store import open_store
from outpace.cli.terminal import json_option

if TYPE_CHECKING:
    from outpace.store.port import Store


@click.command()
@click.argument("node_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--speed", type=click.FloatRange(0.01, 10_000.0), help="Engine seconds per second (simulated switch).")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Seed of the simulated switch and agents.")
@click.option("--loop", type=click.Choice(["uvloop", "asyncio"]), default="uvloop", show_default=True)
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def serve(
    *, node_file: Path, speed: float | None, seed: int | None, loop: Literal["uvloop", "asyncio"], quiet: bool
) -> None:
    """Serve a node: its campaigns, the control API and the console.

    What ran when the last process ended runs again. Ctrl-C drains and ends; a second Ctrl-C ends at once.
    """
    with errors():
        require_extra("outpace serve")
        from outpace.api.serve import serve as serve_node
        from outpace.api.settings import ApiSettings
        from outpace.runtime import loops
        from outpace.runtime.node_file import load

        file = load(node_file, ApiSettings)

        def told(url: str, tokens: int) -> None:
            if quiet:
                return
            click.echo(f"control API at {url}/v1, console at {url}/console/")
            if not tokens:
                click.echo(f"there is no token yet; make one: outpace token create {node_file} NAME --role operator")

        loops.run(serve_node(file, told, speed=speed, seed=seed), loop)


def require_extra(command: str) -> None:
    """ConfigError when what serves the control API is not installed."""
    from importlib.util import find_spec

    from outpace.domain.errors import ConfigError

    for name in ("uvicorn", "httptools", "websockets"):
        if find_spec(name) is None:
            raise ConfigError(command, f"needs {name}: install outpace[api]")


@click.group()
def token() -> None:
    """Make, list and revoke the tokens of the control API."""


_node_file_argument = click.argument("node_file", type=click.Path(dir_okay=False, path_type=Path))


@contextmanager
def _store_of(node_file: Path) -> Iterator[Store]:
    from outpace.api.settings import ApiSettings
    from outpace.runtime.node_file import load

    with open_store(Path(load(node_file, ApiSettings).store.path), create=True) as store:
        yield store


@token.command("create")
@_node_file_argument
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(["operator", "supervisor", "agent", "integrator", "monitor"]))
@click.option("--agent", type=click.IntRange(1, 2**31 - 1), help="Whom a token of the role agent speaks for.")
@click.option("--days", type=click.FloatRange(0.0, 36_500.0, min_open=True), help="It expires after so many days.")
@json_option
def create_token(
    *, node_file: Path, name: str, role: str, agent: int | None, days: float | None, as_json: bool
) -> None:
    """Make a token and print it; it is not shown again."""
    with errors(), _store_of(node_file) as store:
        import msgspec

        from outpace.api.tokens import make_token
        from outpace.domain.access import Role
        from outpace.runtime.clock import wall_ns

        now_ns = wall_ns()
        expires_ns = now_ns + round(days * 86_400e9) if days else 0
        secret, view = make_token(
            store, name=name, role=Role(role), agent_id=agent or 0, expires_ns=expires_ns, now_ns=now_ns
        )
        click.echo(json.dumps({"token": secret, **msgspec.to_builtins(view)}) if as_json else secret)


@token.command("list")
@_node_file_argument
@json_option
def list_tokens(*, node_file: Path, as_json: bool) -> None:
    """List all tokens; their secrets are not kept."""
    with errors(), _store_of(node_file) as store:
        import msgspec

        from outpace.api.tokens import all_tokens

        tokens = all_tokens(store)
        if as_json:
            click.echo(json.dumps(msgspec.to_builtins(tokens)))
        else:
            for one in tokens:
                until = f"until {one.expires_at:%Y-%m-%d %H:%M} UTC" if one.expires_at else "without end"
                agent = f" of agent {one.agent_id}" if one.agent_id else ""
                click.echo(
                    f"{one.token_id:>4}  {'revoked' if one.revoked else until:<30} {one.role.value}{agent}: {one.name}"
                )


@token.command("revoke")
@_node_file_argument
@click.argument("token_id", type=click.IntRange(1, 2**31 - 1))
def revoke_token(*, node_file: Path, token_id: int) -> None:
    """Revoke a token; a node that runs knows it within seconds."""
    with errors(), _store_of(node_file) as store:
        from outpace.runtime.clock import wall_ns

        store.revoke_token(token_id, wall_ns())
        click.echo(f"token {token_id} is revoked")
