"""`outpace`: the group of all commands. A new command is a new module and a line here."""

from __future__ import annotations

import click

from outpace.cli.doctor import doctor
from outpace.cli.journal import explain, replay
from outpace.cli.lists import import_
from outpace.cli.node import serve, token
from outpace.cli.report import report
from outpace.cli.run import run
from outpace.cli.simulate import simulate


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from outpace.domain.version import VERSION

        click.echo(f"outpace {VERSION}")
        ctx.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, callback=_version, is_eager=True, expose_value=False, help="Print the version."
)
def main() -> None:
    """An outbound dialer engine."""


for command in (run, import_, report, replay, explain, doctor, simulate, serve, token):
    main.add_command(command)
