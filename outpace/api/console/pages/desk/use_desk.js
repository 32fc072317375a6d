// An agent's desk as the node has it: asked for again whenever the stream tells something of the agent.

import { api } from "../../lib/api.js";
import { observe } from "../../lib/clock.js";
import { useCallback, useEffect, useRef } from "../../lib/html.js";
import { useConnection, useUpdates } from "../../lib/live.js";
import { useAsked } from "../../lib/ui.js";

/** Several updates at once are one question. */
const GATHER_MS = 20;

/** @param {number} agentId */
async function read(agentId) {
  const desk = await api.get(`/v1/agents/${agentId}/desk`);
  observe(desk.at);
  return desk;
}

/**
 * The desk, kept up to date. What is shown comes from here alone, so that all tabs of an agent show the same.
 *
 * @param {number} agentId
 */
export function useDesk(agentId) {
  const { value, problem, again } = useAsked(() => read(agentId), [agentId]);
  const ask = useRef(again);
  ask.current = again;
  const planned = useRef(/** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined));
  const look = useCallback(() => {
    planned.current ??= setTimeout(() => {
      planned.current = undefined;
      ask.current();
    }, GATHER_MS);
  }, []);
  useEffect(() => () => clearTimeout(planned.current), []);
  const listener = useCallback((/** @type {any} */ update) => update.key === String(agentId) && look(), [agentId]);
  useUpdates("agents", listener);
  const connection = useConnection();
  useEffect(() => {
    if (connection === "live") look();
  }, [connection]);
  return { desk: value, problem, look };
}
