"""The two clients: all operations of the control API, and the live stream."""

from __future__ import annotations

from collections.abc import Iterable

from outpace.client.operations.access import Access, AsyncAccess
from outpace.client.operations.agents import Agents, AsyncAgents
from outpace.client.operations.attempts import AsyncAttempts, Attempts
from outpace.client.operations.calls import AsyncCalls, Calls
from outpace.client.operations.campaigns import AsyncCampaigns, Campaigns
from outpace.client.operations.health import AsyncHealth, Health
from outpace.client.operations.jobs import AsyncJobs, Jobs
from outpace.client.operations.leads import AsyncLeads, Leads
from outpace.client.operations.lists import AsyncLists, Lists
from outpace.client.operations.reports import AsyncReports, Reports
from outpace.client.operations.simulations import AsyncSimulations, Simulations
from outpace.client.operations.suppression import AsyncSuppression, Suppression
from outpace.client.operations.trunk_groups import AsyncTrunkGroups, TrunkGroups
from outpace.client.operations.webhooks import AsyncWebhooks, Webhooks
from outpace.client.stream import AsyncStream, Following, Stream
from outpace.domain.wire import Topic


class Client(
    Campaigns,
    Lists,
    Leads,
    Suppression,
    Agents,
    Calls,
    Attempts,
    TrunkGroups,
    Reports,
    Simulations,
    Jobs,
    Webhooks,
    Access,
    Health,
):
    """A node's control API, for programs that wait.

    Parameters
    ----------
    url : of the node; None = OUTPACE_URL, else http://127.0.0.1:8080.
    token : None = OUTPACE_TOKEN. It is shown nowhere.
    timeout_s : seconds without a word of the node, for connecting and for every read and write.
    retry : how often requests are sent again, where that is safe; see `Retry`.
    verify : how the node's certificate is checked; False = not at all.
    transport : of httpx, None = its own.

    Raises
    ------
    ConfigError : url or token cannot be.

    Its operations raise ApiError and its kin where the node refuses, ConnectionFailed where it is not reached. One
    client may be used by several threads.
    """

    def stream(
        self, topics: Iterable[Topic | str] = (), *, after: int = 0, give_up_s: float | None = None
    ) -> Stream:  # fmt: skip
        """Listen: iterate over the messages. First a `Snapshot`, then an `Update` for each change.

        A stream that breaks off is told (`Interrupted`) and taken up again where it was, for ever or for `give_up_s`.

        Parameters
        ----------
        topics : none = all that the role may listen to. after : `last` of a stream before; it goes on there.
        """
        following = Following(
            self._address, topics, after=after, retry=self._retry, random=self._random, give_up_s=give_up_s
        )  # fmt: skip
        return Stream(following, self._timeout_s, self._verify)


class AsyncClient(
    AsyncCampaigns,
    AsyncLists,
    AsyncLeads,
    AsyncSuppression,
    AsyncAgents,
    AsyncCalls,
    AsyncAttempts,
    AsyncTrunkGroups,
    AsyncReports,
    AsyncSimulations,
    AsyncJobs,
    AsyncWebhooks,
    AsyncAccess,
    AsyncHealth,
):
    """A node's control API, for programs on asyncio. See `Client`."""

    def stream(
        self, topics: Iterable[Topic | str] = (), *, after: int = 0, give_up_s: float | None = None
    ) -> AsyncStream:  # fmt: skip
        """Listen. See `Client.stream`."""
        following = Following(
            self._address, topics, after=after, retry=self._retry, random=self._random, give_up_s=give_up_s
        )  # fmt: skip
        return AsyncStream(following, self._timeout_s, self._verify)
