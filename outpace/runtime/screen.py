"""The live board: a progress report as a rich renderable. Prints nothing; the command line shows it."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from outpace.domain.outcomes import LimitedBy
from outpace.engine.explain import reason_in_words
from outpace.runtime.board import Progress
from outpace.runtime.text import duration

_CALL_STYLES = {"ringing": "yellow", "talking": "green", "queued": "red", "treatment": "red"}
_AGENT_STYLES = {"ready": "yellow", "talking": "green", "wrap_up": "cyan"}


def board(progress: Progress, speed: float) -> RenderableType:
    """The board of one moment."""
    done = progress.leads_total - progress.leads_left
    head = Table.grid(expand=True, padding=(0, 2))
    head.add_column()
    head.add_column(ratio=1)
    head.add_column(justify="right")
    head.add_row(
        f"leads {done}/{progress.leads_total}",
        ProgressBar(total=max(1, progress.leads_total), completed=done),
        duration(progress.elapsed_s) + (f"  (x{speed:g})" if speed != 1.0 else ""),
    )
    columns = Table.grid(expand=True, padding=(0, 3))
    for _ in range(3):
        columns.add_column(ratio=1, vertical="top")
    columns.add_row(
        _counts("calls", progress.calls, _CALL_STYLES),
        _counts("agents", progress.agents, _AGENT_STYLES),
        _results(progress),
    )
    foot = Text(f"bound by {reason_in_words(LimitedBy[progress.limited_by.upper()])}", style="dim")
    title = f"{progress.campaign} - {progress.state}"
    return Panel(Group(head, Text(), columns, Text(), foot), title=title, title_align="left")


def _counts(title: str, counts: dict[str, int], styles: dict[str, str]) -> Table:
    table = _table(title)
    for name, count in counts.items():
        table.add_row(Text(name.replace("_", " "), style=styles.get(name, "")), str(count))
    return table


def _results(progress: Progress) -> Table:
    table = _table("results")
    table.add_row("attempts", str(progress.attempts))
    table.add_row("answered", str(progress.answered))
    table.add_row(Text("connected", style="green"), str(progress.connected))
    table.add_row(Text("abandoned", style="red"), f"{progress.abandoned} ({progress.abandoned_ratio:.1%})")
    return table


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, show_header=False, pad_edge=False)
    table.add_column(min_width=12)
    table.add_column(justify="right", min_width=7)
    return table
