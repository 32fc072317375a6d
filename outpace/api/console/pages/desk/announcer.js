// What is said aloud by a screen reader: that a call arrives, and each change of state.

import { html, useEffect, useRef, useState } from "../../lib/html.js";
import { t, useLanguage } from "../../lib/i18n.js";
import { reasonName, stateName } from "../agents/words.js";

/** @param {any} agent */
function stateText(agent) {
  const state = t("desk.said.state", { state: stateName(agent.state) });
  const reason = agent.state === "not_ready" && agent.reason ? ` ${reasonName(agent.reason)}.` : "";
  const next = agent.next_state ? ` ${t("desk.then", { state: stateName(agent.next_state) })}` : "";
  return state + reason + next;
}

/** @param {any} call */
const callText = (call) =>
  t("desk.said.call", { campaign: call.campaign, number: call.lead.number, n: call.call.attempt_number });

/**
 * Two live regions: a call interrupts, a state waits. Nothing is said of what was there at first.
 *
 * @param {{desk: any}} props
 */
export function Announcer({ desk }) {
  useLanguage();
  const { agent, call } = desk;
  const callId = call?.call.call_id ?? "";
  const [said, setSaid] = useState({ call: "", state: "" });
  const seen = useRef({ callId, state: stateText(agent) });
  useEffect(() => {
    const state = stateText(agent);
    const arrives = callId && callId !== seen.current.callId;
    const changes = state !== seen.current.state;
    seen.current = { callId, state };
    if (arrives || changes) setSaid({ call: arrives ? callText(call) : "", state: changes ? state : "" });
  }, [callId, agent.state, agent.next_state, agent.reason]);
  return html`
    <p class="unseen" aria-live="assertive">${said.call}</p>
    <p class="unseen" aria-live="polite">${said.state}</p>
  `;
}
