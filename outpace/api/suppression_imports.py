"""Do-not-call lists: an upload onto the suppression list, by a worker.

Files lie in the node's folder: `JOB.csv` while the job runs, `JOB.rejects.csv` until the node starts anew. What a job
has done stays on the list, whatever becomes of the job.
"""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from typing import Any

from outpace.api.audit import note
from outpace.api.jobs import Jobs
from outpace.api.node import ApiNode
from outpace.api.tasks import SuppressionTask
from outpace.api.uploads import discard
from outpace.domain.access import SYSTEM, Actor
from outpace.domain.errors import UnknownId
from outpace.domain.orders import NumbersSuppressed
from outpace.domain.resources import JobView
from outpace.store.suppression_import import Entry

KIND = "suppression-import"
_PREFIX = "suppress-"


def rejects_path(node: ApiNode, jobs: Jobs, job_id: str) -> Path:
    """Where the rows are that hold no number. UnknownId: there is no such import, or it ended long ago."""
    if jobs.get(job_id).kind != KIND:
        raise UnknownId(f"job {job_id} is no import of suppressed numbers")
    return node.folder / f"{job_id}.rejects.csv"


async def start_suppression(
    node: ApiNode,
    jobs: Jobs,
    spooled: Path,
    *,
    entry: Entry,
    options: dict[str, Any],
    has_header: bool | None,
    actor: Actor,
) -> JobView:
    """Import a spooled file; it is moved, and removed in the end. CapacityError: too many jobs wait."""
    job_id = f"{_PREFIX}{secrets.token_hex(6)}"
    path = node.folder / f"{job_id}.csv"
    await asyncio.to_thread(spooled.rename, path)
    subject = f"suppression/{entry.campaign_id}" if entry.campaign_id else "suppression"
    told = {"job": job_id, "reason": entry.reason, **options}
    await note(node, actor, "import-suppression", subject, told)

    async def on_end(job: JobView) -> None:
        await discard(path)
        await node.door.command(NumbersSuppressed(campaign_id=entry.campaign_id), SYSTEM)
        ended = {"job": job_id, "state": job.state, "error": job.error, "result": job.result}
        await note(node, actor, "end-suppression-import", subject, ended)

    try:
        return jobs.start(
            SuppressionTask(
                store_path=str(node.store_path),
                path=str(path),
                rejects_path=str(node.folder / f"{job_id}.rejects.csv"),
                options=options,
                has_header=has_header,
                campaign_id=entry.campaign_id,
                reason=entry.reason,
                by=entry.by,
                expires_ns=entry.expires_ns,
                now_ns=node.now_ns(),
            ),
            job_id=job_id,
            kind=KIND,
            text="suppressed numbers",
            actor=actor,
            on_end=on_end,
        )
    except BaseException:
        await discard(path)
        raise


def remove_left(node: ApiNode) -> None:
    """Remove the files of the node before."""
    for left in node.folder.glob(f"{_PREFIX}*.csv"):
        left.unlink()
