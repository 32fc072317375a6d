"""`outpace report`, and the report that a run ends with."""

from __future__ import annotations

import json
from pathlib import Path

import click

from outpace.cli.exits import EXIT_PROBLEM, errors
from outpace.cli.store import DEFAULT_STORE, open_store, store_option
from outpace.cli.terminal import json_option


@click.command()
@store_option
@click.option("--campaign", help="Default: what was run last.")
@click.option("--all", "whole", is_flag=True, help="All runs of the campaign, not only the last.")
@json_option
def report(store_path: Path | None, campaign: str | None, whole: bool, as_json: bool) -> None:
    """Report what became of a run, and check that it adds up."""
    with errors():
        from outpace.domain.errors import ConfigError
        from outpace.runtime.audit import read_mark

        store_path = store_path or DEFAULT_STORE
        names: tuple[str, ...] = (campaign,) if campaign else ()
        if not names:
            mark = read_mark(store_path)
            if mark is None:
                raise ConfigError(str(store_path), "nothing was run here; name the campaign with --campaign")
            names = mark.campaigns
        problems = [
            problem
            for name in names
            for problem in print_report(store_path, name, as_json=as_json, ended=False, whole=whole)
        ]
        raise SystemExit(EXIT_PROBLEM if problems else 0)


def print_report(store_path: Path, campaign: str, *, as_json: bool, ended: bool, whole: bool = False) -> list[str]:
    """Print what became of a run. Returns what does not add up. ConfigError: no such campaign."""
    import msgspec

    from outpace.domain.errors import ConfigError
    from outpace.runtime.audit import audit
    from outpace.runtime.text import report_text
    from outpace.store import reporting

    with open_store(store_path, create=False) as store:
        known = store.campaigns()
        if campaign not in known:
            raise ConfigError(str(store_path), f"no campaign {campaign!r}; there is {', '.join(known) or 'none'}")
        campaign_id = known[campaign]
        figures = reporting.report(store, campaign_id, whole_campaign=whole)
        problems = audit(store, campaign_id, ended=ended)
    if as_json:
        fields = {"campaign": campaign, **msgspec.to_builtins(figures), "problems": problems, "adds_up": not problems}
        click.echo(json.dumps(fields))
    else:
        click.echo(report_text(campaign, figures, problems))
    return problems
