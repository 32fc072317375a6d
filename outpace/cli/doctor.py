"""`outpace doctor`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from outpace.cli.exits import EXIT_PROBLEM, errors
from outpace.cli.store import store_option
from outpace.cli.terminal import json_option


@click.command()
@click.argument("campaign_file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@store_option
@json_option
def doctor(campaign_file: Path | None, store_path: Path | None, as_json: bool) -> None:
    """Check the installation and a campaign's settings, store and switch; say what is wrong and how to mend it."""
    with errors():
        import msgspec

        from outpace.runtime.doctor import examine

        checks = examine(campaign_file, store_path)
        wrong = [check for check in checks if not check.ok]
        if as_json:
            click.echo(json.dumps({"ok": not wrong, "checks": msgspec.to_builtins(checks)}))
        else:
            for check in checks:
                verdict = click.style("ok   ", fg="green") if check.ok else click.style("WRONG", fg="red")
                click.echo(f"{verdict} {check.name}: {check.detail}")
                if check.mend:
                    click.echo(f"      {check.mend}")
        raise SystemExit(EXIT_PROBLEM if wrong else 0)
