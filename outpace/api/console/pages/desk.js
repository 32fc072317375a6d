// The agent's desk: state, the call in hand with its record, and what is said of it. Keyboard first.

import { api } from "../lib/api.js";
import { html, useEffect, useState } from "../lib/html.js";
import { t, useLanguage } from "../lib/i18n.js";
import { setKeys, useKeysOn } from "../lib/keys.js";
import { go } from "../lib/route.js";
import { may, useMe } from "../lib/session.js";
import { Check, Empty, ErrorBox, Select, useAsked } from "../lib/ui.js";
import { CallPanel } from "./desk/call.js";
import { Announcer } from "./desk/announcer.js";
import { StatusBar } from "./desk/status.js";
import { useDesk } from "./desk/use_desk.js";
import { Verdict } from "./desk/verdict.js";

/**
 * Whose desk: agents have their own, who steers chooses one.
 *
 * @param {{agentId: number}} props
 */
function Chooser({ agentId }) {
  const agents = useAsked(() => api.get("/v1/agents"), []);
  /** @type {[number, string][]} */
  const options = (agents.value ?? []).map((/** @type {any} */ agent) => [agent.agent_id, agent.name]);
  return html`<div class="acting">
    <${ErrorBox} problem=${agents.problem} />
    <${Select}
      label=${t("desk.whose")}
      value=${agentId || ""}
      options=${[["", t("desk.choose")], ...options]}
      onChange=${(/** @type {string} */ id) => go(id ? `/desk/${id}` : "/desk")}
      hint=${t("desk.acting")}
    />
  </div>`;
}

/** @param {{agentId: number}} props */
function Desk({ agentId }) {
  const { desk, problem, look } = useDesk(agentId);
  const keysOn = useKeysOn();
  if (!desk) return problem ? html`<${ErrorBox} problem=${problem} />` : html`<p class="hint">${t("desk.loading")}</p>`;
  const { agent, call } = desk;
  return html`
    <${Announcer} desk=${desk} />
    <${ErrorBox} problem=${problem} />
    <${StatusBar} desk=${desk} look=${look} />
    ${call
      ? html`<div class="desk">
          <${CallPanel} key=${`call-${call.call.call_id}`} desk=${desk} look=${look} />
          <${Verdict} key=${`said-${call.call.call_id}`} desk=${desk} look=${look} />
        </div>`
      : html`<${Empty} text=${t(agent.state === "ready" ? "desk.waiting" : "desk.no_call")} />`}
    <${Check} label=${t("desk.keys")} checked=${keysOn} onChange=${setKeys} hint=${t("desk.keys_hint")} />
  `;
}

/** @param {{route: import("../lib/route.js").Route}} props */
export default function DeskPage({ route }) {
  useLanguage();
  const me = useMe();
  const [agentId, setAgentId] = useState(0);
  useEffect(() => setAgentId(me.role === "agent" ? me.agent_id : Number(route.args[0]) || 0), [me, route.args[0]]);
  return html`
    <h1>${t("page.desk")}</h1>
    ${may.steer(me) && html`<${Chooser} agentId=${agentId} />`}
    ${agentId ? html`<${Desk} key=${agentId} agentId=${agentId} />` : null}
  `;
}
