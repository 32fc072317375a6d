"""`outpace replay` and `outpace explain`: what a journal tells."""

from __future__ import annotations

import json
from pathlib import Path

import click

from outpace.cli.exits import EXIT_PROBLEM, errors
from outpace.cli.terminal import counted, json_option

_DEFAULT_LAST = 20


@click.command()
@click.argument("journal", type=click.Path(path_type=Path))
@json_option
def replay(journal: Path, as_json: bool) -> None:
    """Feed a journal to a fresh engine and compare what it does: same facts, same decisions, same digests."""
    with errors():
        import msgspec

        from outpace.runtime.replay import replay as replay_journal

        result = replay_journal(journal)
        if as_json:
            click.echo(json.dumps({**msgspec.to_builtins(result), "same": result.same}))
        else:
            click.echo(
                f"{counted(result.turns, 'turn')} with {counted(result.facts, 'fact')} and"
                f" {counted(result.launches, 'launch', 'launches')}, from {counted(result.runs, 'run')} in"
                f" {counted(result.files, 'file')}; {counted(result.digests, 'digest')} compared"
            )
            for path in result.damaged:
                click.echo(f"{path}: the end is torn; what is before it was replayed")
            click.echo("the engine did the same" if result.same else f"first difference: {result.difference}")
        raise SystemExit(0 if result.same else EXIT_PROBLEM)


@click.command()
@click.argument("journal", type=click.Path(path_type=Path))
@click.option("--last", type=click.IntRange(1), help="So many decisions. [default: 20]")
@click.option("--all", "whole", is_flag=True, help="Every decision, of all the files of a folder.")
@json_option
def explain(journal: Path, last: int | None, whole: bool, as_json: bool) -> None:
    """Say why so many calls were launched, decision by decision, from a journal; that of a run going on as well."""
    with errors():
        from outpace.domain.errors import ConfigError
        from outpace.runtime.decisions import decisions_in

        if whole and last is not None:
            raise ConfigError("--last", "--all tells every decision")
        found, result = decisions_in(journal, whole=whole)
        shown = found if whole else found[-(last or _DEFAULT_LAST) :]
        if as_json:
            click.echo(json.dumps({"decisions": [one.as_dict() for one in shown], "difference": result.difference}))
        else:
            click.echo("\n".join(one.render() for one in shown) or "no decision yet")
        if result.difference:
            click.echo(f"outpace: after that the engine did something else: {result.difference}", err=True)
        raise SystemExit(0 if result.same else EXIT_PROBLEM)
