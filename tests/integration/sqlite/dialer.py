"""A child process that dials through the store until it is killed.

It tells on stdout which calls it is about to end, and then what the store has told it.

Arguments: file, seed, and where to die by its own hand: `before:N` or `after:N` the N-th COMMIT, or `never`.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Iterable
from typing import Any

from outpace.domain.commands import LeaseLeads, RecordAttempt, WithdrawIntent, WriteIntent
from outpace.domain.events import AttemptRecorded, IntentDurable, IntentWithdrawn, LeadsLeased
from outpace.domain.outcomes import AbandonReason, Outcome, Verdict, WithdrawReason
from outpace.store.sqlite import SqliteStore

NOW = 1_800_000_000_000_000_000


class Mortal:
    """A connection that kills its process at a COMMIT."""

    def __init__(self, connection: Any, where: str, which: int) -> None:
        self._connection = connection
        self._where = where
        self._left = which

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, statement: str, *parameters: Any) -> Any:
        self._left -= statement == "COMMIT"
        mine = statement == "COMMIT" and self._left == 0
        if mine and self._where == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = self._connection.execute(statement, *parameters)
        if mine and self._where == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


def record(call: WriteIntent, retry_at_ns: int) -> RecordAttempt:
    fields: dict[str, Any] = dict.fromkeys(RecordAttempt.__struct_fields__, 0)
    fields |= {key: getattr(call, key) for key in ("call_id", "campaign_id", "lead_id", "number", "lease_token")}
    fields |= {"caller_id": "", "outcome": Outcome.BUSY, "abandon_reason": AbandonReason.NONE}
    return RecordAttempt(**{**fields, "verdict": Verdict.NONE, "retry_at_ns": retry_at_ns})


def tell(word: str, calls: Iterable[int]) -> None:
    os.write(1, "".join(f"{word} {call_id}\n" for call_id in calls).encode())


def main(path: str, seed: str, death: str) -> None:
    chance = random.Random(seed)
    store = SqliteStore(path)
    where, _, which = death.partition(":")
    if where != "never":
        store._db = Mortal(store._db, where, int(which))  # type: ignore[assignment]
    epoch = store.open_pool("p", NOW)
    sequence = 0
    calls: dict[int, WriteIntent] = {}
    while True:
        commands: list[Any] = [LeaseLeads(chance.randint(1, 2), 20)]
        for call in [call for call in calls.values() if chance.random() < 0.5]:
            del calls[call.call_id]
            if chance.random() < 0.2:
                commands.append(WithdrawIntent(call.call_id, WithdrawReason.GATE_CLOSED, NOW))
            else:
                commands.append(record(call, NOW if chance.random() < 0.9 else 0))
        tell("ending", [c.call_id for c in commands if not isinstance(c, LeaseLeads)])
        facts = store.execute(commands, NOW)
        (leased,) = (fact for fact in facts if isinstance(fact, LeadsLeased))
        intents = []
        for lead_id, number in zip(leased.lead_ids, leased.numbers, strict=True):
            sequence += 1
            call_id = epoch << 32 | sequence
            intents.append(WriteIntent(call_id, leased.campaign_id, lead_id, number, leased.token, 1, 1))
        facts += store.execute(intents, NOW)
        durable = {fact.call_id for fact in facts if isinstance(fact, IntentDurable)}
        calls |= {call.call_id: call for call in intents if call.call_id in durable}
        ended = [fact.call_id for fact in facts if isinstance(fact, AttemptRecorded)]
        gone = [fact.call_id for fact in facts if isinstance(fact, IntentWithdrawn)]
        tell("durable", durable)
        tell("recorded", ended)
        tell("withdrawn", gone)


if __name__ == "__main__":
    main(*sys.argv[1:])
