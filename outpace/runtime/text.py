"""Progress and reports as plain text: what a terminal without a board, a log or a pipe gets."""

from __future__ import annotations

from collections.abc import Mapping

from outpace.domain.outcomes import LimitedBy
from outpace.engine.explain import reason_in_words
from outpace.runtime.board import Progress
from outpace.store.reporting import RunReport


def progress_line(progress: Progress) -> str:
    """One line for a log or a pipe; the order is fixed, so that lines can be compared by eye."""
    answered = f"answered {progress.answered} = {progress.connected} connected + {progress.abandoned} abandoned"
    parts = [
        f"{duration(progress.elapsed_s):>8}",
        progress.state,
        f"leads left {progress.leads_left}/{progress.leads_total}",
        f"attempts {progress.attempts}",
        f"{answered} ({progress.abandoned_ratio:.1%})",
        f"calls: {_counts(progress.calls)}",
        f"agents: {_counts(progress.agents)}",
        f"bound by {reason_in_words(LimitedBy[progress.limited_by.upper()])}",
    ]
    return " | ".join(parts)


def report_text(campaign: str, report: RunReport, problems: list[str]) -> str:
    """The final report for a terminal."""
    wait = report.wait_ms
    waited = "-" if wait.median is None or wait.p99 is None else f"median {wait.median:.0f} ms, p99 {wait.p99:.0f} ms"
    dials = "-" if report.dials_per_connect is None else f"{report.dials_per_connect:.2f}"
    reasons = ", ".join(f"{name} {count}" for name, count in report.abandoned_by_reason.items())
    rows = [
        ("campaign", campaign),
        ("run", f"{report.started or '-'} to {report.ended or '-'}"),
        ("leads", f"{report.leads}: {_counts(report.leads_by_state)}"),
        ("attempts", f"{report.attempts}: {_counts(report.outcomes)}"),
        ("answered", f"{report.answered} = {report.connected} connected + {report.abandoned} abandoned"),
        ("abandoned", f"{report.abandon_ratio:.2%} of answered ({reasons})"),
        ("talk time", duration(report.talk_seconds)),
        ("answer to agent", waited),
        ("dials per connect", dials),
        ("without ending", str(report.open)),
    ]
    lines = [f"  {name:<18} {value}" for name, value in rows]
    if problems:
        lines += ["", "It does not add up:", *(f"  - {problem}" for problem in problems)]
    else:
        lines += [
            "",
            "It adds up. Every attempt has one outcome, every lead one state; answered = connected + abandoned.",
        ]
    if not report.attempts and report.leads:
        lines.append("Nothing was dialled in this run; with --all, `outpace report` counts earlier runs too.")
    return "\n".join(lines)


def duration(seconds: float) -> str:
    """Hours, minutes and seconds.

    >>> duration(3725.4)
    '1:02:05'
    """
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count) or "none"
