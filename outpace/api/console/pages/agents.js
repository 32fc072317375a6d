// The floor: who does what for how long, on which campaigns, what follows; and acting for them.

import { api } from "../lib/api.js";
import { percent, number } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { t, useLanguage } from "../lib/i18n.js";
import { useLive } from "../lib/live.js";
import { may, useMe } from "../lib/session.js";
import { Badge, Button, Empty, ErrorBox, Select, Table, Timer, toast, useAct, useAsked } from "../lib/ui.js";
import { AgentForm } from "./agents/agent_form.js";
import { legName, reasonName, stateName, toneOf } from "./agents/words.js";
import { Reasons } from "./desk/status.js";

const STATES = ["ready", "reserved", "previewing", "connecting", "talking", "hold", "wrap_up", "not_ready", "logged_out"];

/** @typedef {{onPause: (agent: any) => void, onEdit: (agent: any) => void, tell: (agent: any, what: string) => void, busy: boolean, mayEdit: boolean}} Acts */

/**
 * What may be done for an agent.
 *
 * @param {{agent: any, acts: Acts}} props
 */
function AgentActs({ agent, acts }) {
  const isOut = agent.state === "logged_out";
  const named = (/** @type {string} */ key) => `${t(key)}: ${agent.name}`;
  const act = (/** @type {string} */ key, /** @type {string} */ what) => html`<${Button}
    kind="quiet small" busy=${acts.busy} onClick=${() => acts.tell(agent, what)} aria-label=${named(key)}>${t(key)}<//>`;
  return html`<div class="buttons tight">
    ${isOut ? act("desk.log_in", "log-in") : act("desk.log_out", "log-out")}
    ${!isOut && agent.state !== "ready" && act("desk.ready", "ready")}
    ${!isOut &&
    html`<${Button} kind="quiet small" onClick=${() => acts.onPause(agent)} aria-label=${named("desk.not_ready")}>${t("desk.not_ready")}<//>`}
    <a class="button quiet small" href=${`#/desk/${agent.agent_id}`} aria-label=${named("page.desk")}>${t("page.desk")}</a>
    ${acts.mayEdit &&
    html`<${Button} kind="quiet small" onClick=${() => acts.onEdit(agent)} aria-label=${named("agents.change")}>${t("agents.change")}<//>`}
  </div>`;
}

/** @param {Map<number, string>} names @param {Acts} acts @returns {any[]} */
const columnsOf = (names, acts) => [
  { key: "name", label: t("agents.name"), isHead: true, sort: (/** @type {any} */ agent) => agent.name },
  {
    key: "state",
    label: t("lists.state"),
    sort: (/** @type {any} */ agent) => STATES.indexOf(agent.state),
    render: (/** @type {any} */ agent) => html`<${Badge} tone=${toneOf(agent.state)}>${stateName(agent.state)}<//>
      ${agent.state === "not_ready" && agent.reason && html`<small> ${reasonName(agent.reason)}</small>`}
      ${agent.next_state && html`<small> → ${stateName(agent.next_state)}</small>`}`,
  },
  {
    key: "since",
    label: t("agents.for"),
    align: "end",
    sort: (/** @type {any} */ agent) => -Date.parse(agent.since ?? 0),
    render: (/** @type {any} */ agent) => html`<${Timer} since=${agent.since} />`,
  },
  {
    key: "campaigns",
    label: t("page.campaigns"),
    render: (/** @type {any} */ agent) => agent.campaigns.map((/** @type {number} */ id) => names.get(id) ?? id).join(", "),
  },
  {
    key: "leg",
    label: t("agents.leg"),
    render: (/** @type {any} */ agent) => html`<code>${agent.leg || "–"}</code> <small class=${agent.leg_state === "lost" ? "bad-text" : ""}>${legName(agent.leg_state)}</small>`,
  },
  { key: "calls", label: t("agents.calls"), align: "end", sort: (/** @type {any} */ agent) => agent.calls, render: (/** @type {any} */ agent) => number(agent.calls) },
  {
    key: "occupancy",
    label: t("agents.occupancy"),
    align: "end",
    sort: (/** @type {any} */ agent) => agent.occupancy.value ?? -1,
    render: (/** @type {any} */ agent) => percent(agent.occupancy.value, 0),
  },
  { key: "acts", label: t("agents.acts"), render: (/** @type {any} */ agent) => html`<${AgentActs} agent=${agent} acts=${acts} />` },
];

/**
 * How many are in which state; a state chosen is the only one shown.
 *
 * @param {{agents: any[], state: string, onState: (state: string) => void}} props
 */
function Summary({ agents, state, onState }) {
  const count = (/** @type {string} */ one) => agents.filter((agent) => agent.state === one).length;
  return html`<div class="summary" role="group" aria-label=${t("agents.by_state")}>
    ${STATES.filter((one) => count(one) || one === state).map(
      (one) => html`<button key=${one} type="button" class="tile" aria-pressed=${one === state ? "true" : "false"} onClick=${() => onState(one === state ? "" : one)}>
        <strong>${number(count(one))}</strong> <${Badge} tone=${toneOf(one)}>${stateName(one)}<//>
      </button>`,
    )}
  </div>`;
}

/** @param {{route: import("../lib/route.js").Route}} props */
export default function AgentsPage({ route }) {
  useLanguage();
  const me = useMe();
  const { items, ready } = useLive("agents");
  const [campaign, setCampaign] = useState(route.query.campaign ?? "");
  const [state, setState] = useState("");
  const [pausing, setPausing] = useState(/** @type {any} */ (null));
  const [editing, setEditing] = useState(/** @type {any} */ (null));
  const campaigns = useAsked(async () => (await api.get("/v1/campaigns", { limit: 1000 })).items, []);
  const { run, busy, problem } = useAct((/** @type {any} */ agent, /** @type {string} */ what, /** @type {any} */ body) =>
    api.post(`/v1/agents/${agent.agent_id}/desk/${what}`, body),
  );
  /** @type {[number, string][]} */
  const names = (campaigns.value ?? []).map((/** @type {any} */ one) => [one.campaign_id, one.name]);
  const agents = [...items.values()].filter((agent) => !campaign || agent.campaigns.includes(Number(campaign)));
  const shown = agents.filter((agent) => !state || agent.state === state);
  const acts = { tell: run, busy, onPause: setPausing, onEdit: setEditing, mayEdit: may.create(me) };
  return html`
    <div class="heading">
      <h1>${t("page.agents")}</h1>
      <div class="filters"><${Select} label=${t("lists.campaign")} value=${campaign} options=${[["", t("lists.all_campaigns")], ...names]} onChange=${setCampaign} /></div>
      ${may.create(me) && html`<div class="buttons"><${Button} kind="primary" onClick=${() => setEditing({})}>${t("agents.add")}<//></div>`}
    </div>
    <${ErrorBox} problem=${problem ?? campaigns.problem} />
    <${Summary} agents=${agents} state=${state} onState=${setState} />
    ${ready && !items.size
      ? html`<${Empty} text=${t("agents.none")} />`
      : html`<div class="card">
          <${Table} caption=${t("agents.caption")} columns=${columnsOf(new Map(names), acts)} rows=${shown}
            rowKey=${(/** @type {any} */ agent) => agent.agent_id} first="state" isCaptionHidden empty=${ready ? t("agents.none_such") : t("shell.loading")} />
        </div>`}
    ${pausing &&
    html`<${Reasons}
      onClose=${() => setPausing(null)}
      onChoose=${(/** @type {number} */ reason) => {
        run(pausing, "not-ready", { reason });
        setPausing(null);
      }}
    />`}
    ${editing &&
    html`<${AgentForm}
      agent=${editing}
      campaigns=${names}
      onClose=${() => setEditing(null)}
      onSaved=${(/** @type {string} */ name) => {
        setEditing(null);
        toast(t("agents.saved", { name }));
      }}
    />`}
  `;
}
