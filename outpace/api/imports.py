"""Imports: an uploaded list into a campaign, by a worker; the list in the store says how far it came.

Files lie in the node's folder: `import-N.csv` until list N is imported, `import-N.rejects.csv` for the days that the
settings say; older ones are removed when a node starts and when an import ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Any

from outpace.api.audit import note
from outpace.api.jobs import Jobs
from outpace.api.node import ApiNode
from outpace.api.tasks import ImportTask
from outpace.api.uploads import discard
from outpace.domain.access import SYSTEM, Actor
from outpace.domain.orders import LeadsAdded
from outpace.domain.resources import JobView
from outpace.domain.units import NS_PER_S
from outpace.runtime.clock import wall_ns
from outpace.store.lists import ListState
from outpace.store.port import Store

log = logging.getLogger(__name__)

INTERRUPTED = "interrupted by the end of the node; upload it again: what is there already counts as duplicate"


def job_id_of(list_id: int) -> str:
    """The job that imports a list."""
    return f"import-{list_id}"


def rejects_path(node: ApiNode, list_id: int) -> Path:
    """Where the rows of a list are that could not be dialled."""
    return node.folder / f"import-{list_id}.rejects.csv"


async def start_import(
    node: ApiNode,
    jobs: Jobs,
    spooled: Path,
    *,
    campaign_id: int,
    name: str,
    options: dict[str, Any],
    actor: Actor,
    rejects_days: int,
) -> JobView:
    """Import a spooled file; it is moved, and removed in the end. CapacityError: too many jobs wait."""
    jobs.require_room()
    now_ns = node.now_ns()
    list_id = await node.write(lambda store: store.begin_list(campaign_id, name, actor.name, now_ns))
    path = node.folder / f"import-{list_id}.csv"
    await asyncio.to_thread(spooled.rename, path)
    await note(node, actor, "import-list", f"list/{list_id}", {"campaign_id": campaign_id, "name": name, **options})
    task = ImportTask(
        store_path=str(node.store_path),
        campaign_id=campaign_id,
        list_id=list_id,
        path=str(path),
        rejects_path=str(rejects_path(node, list_id)),
        options=options,
        now_ns=now_ns,
    )

    async def on_end(job: JobView) -> None:
        await discard(path)
        end_ns = node.now_ns()
        await node.write(
            lambda store: store.end_list(list_id, ListState(job.state), job.error, end_ns),
            patient=True,
        )
        await node.door.command(LeadsAdded(campaign_id=campaign_id), SYSTEM)
        await asyncio.to_thread(prune_rejects, node.folder, rejects_days)

    return jobs.start(
        task,
        job_id=job_id_of(list_id),
        kind="import",
        text=f"list {name!r}",
        actor=actor,
        on_end=on_end,
    )


def prune_rejects(folder: Path, days: int) -> None:
    """Remove files of rejects that were written longer ago; by the wall's time, as files have it."""
    oldest_s = wall_ns() / NS_PER_S - days * 86_400
    for path in folder.glob("import-*.rejects.csv"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest_s:
                path.unlink()


async def end_interrupted(node: ApiNode) -> None:
    """Close the lists whose import ended with the node before; remove what was uploaded and not imported."""
    now_ns = node.now_ns()
    ended = await node.write(lambda store: _end_running(store, now_ns))
    for list_id in ended:
        log.warning("an import was interrupted", extra={"list_id": list_id})
    for left in (*node.folder.glob("upload-*.part"), *node.folder.glob("import-*[0-9].csv")):
        left.unlink()


def _end_running(store: Store, now_ns: int) -> list[int]:
    ended, before = [], 0
    while page := store.lists(0, before, 500):
        for one in page:
            if one.state is ListState.RUNNING:
                store.end_list(one.list_id, ListState.FAILED, INTERRUPTED, now_ns)
                ended.append(one.list_id)
        before = page[-1].list_id
    return ended
