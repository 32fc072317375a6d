"""A node that serves its API, for bench_api.py: `run_outpace.py FOLDER`; commands come as lines on stdin.

Prints one line of JSON when it serves, and one for each command: `publish COUNT EVERY_S BYTES` tells the listeners of
the topic `jobs` so many updates and answers the CPU seconds that this took.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from outpace.api.server import serving
from outpace.api.settings import ApiSettings
from outpace.api.tokens import make_token
from outpace.domain.access import SYSTEM, Role
from outpace.domain.config import Campaign
from outpace.domain.orders import CreateCampaign
from outpace.runtime import loops
from outpace.runtime.clock import wall_ns
from outpace.runtime.control import Topic
from outpace.runtime.node_file import load
from outpace.runtime.server import Server

NODE = """
[node]
folder = "{0}/node"
[store]
path = "{0}/store.db"
[switch]
kind = "simulated"
[api]
port = 0
requests_per_s = 1000000
burst = 1000000
[[trunk_groups]]
name = "carrier"
"""


def say(**told: object) -> None:
    print(json.dumps(told), flush=True)


async def main(folder: Path) -> None:
    (folder / "node.toml").write_text(NODE.format(folder))
    file = load(folder / "node.toml", ApiSettings)
    server = Server(file)
    await server.start()
    async with serving(server, file.api) as url:
        await server.door.command(CreateCampaign(settings=Campaign(id=1, name="bench")), SYSTEM)
        secret, _ = await server.write(
            lambda store: make_token(
                store, name="bench", role=Role.OPERATOR, agent_id=0, expires_ns=0, now_ns=wall_ns()
            )
        )
        say(url=url, token=secret)
        while line := await asyncio.to_thread(sys.stdin.readline):
            _, count, every_s, size = line.split()
            filler = {"text": "x" * int(size)}
            began = time.process_time()
            for _ in range(int(count)):
                server.publish(Topic.JOBS, "bench", filler)
                await asyncio.sleep(float(every_s))
            say(cpu_s=time.process_time() - began)
    await server.stop(drain_s=0.0)


if __name__ == "__main__":
    loops.run(main(Path(sys.argv[1])))
