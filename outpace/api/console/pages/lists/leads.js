// Leads: how many may be called now and why not the others, each as it stands, and one that is called before all others.

import { api } from "../../lib/api.js";
import { dateTime, number } from "../../lib/format.js";
import { html, useState } from "../../lib/html.js";
import { hasText, t } from "../../lib/i18n.js";
import { said } from "../../lib/said.js";
import { Badge, Button, ErrorBox, Field, Select, Table, useAsked } from "../../lib/ui.js";
import { HotLead } from "./hot_lead.js";
import { LeadDialog } from "./lead_dialog.js";

const PAGE = 50;
const COUNTED_MS = 5000;
const STATES = [
  "new", "leased", "dialing", "in_call", "wrap_up", "retry_wait", "scheduled", "completed", "exhausted", "suppressed", "invalid",
];

/** @type {Record<string, string>} */
const TONES = { dialing: "busy", in_call: "good", wrap_up: "busy", leased: "busy", suppressed: "bad", invalid: "bad", scheduled: "warn", retry_wait: "warn" };

/**
 * A lead's state with its sign.
 *
 * @param {{state: string}} props
 */
export const LeadState = ({ state }) => html`<${Badge} tone=${TONES[state]}>${t(`lead.state.${state}`)}<//>`;

/** @param {string} guard */
const guardName = (guard) => (hasText(`guard.${guard}`) ? t(`guard.${guard}`) : t(`reason.${guard}`));

/**
 * A sentence of the node: one that the catalogue does not know stays English.
 *
 * @param {{text: string}} props
 */
function Said({ text }) {
  const shown = said(text);
  return html`<span class="hint" lang=${shown === text ? "en" : undefined}>${shown}</span>`;
}

/**
 * Why a campaign or a lead is not dialled now.
 *
 * @param {{why: any}} props
 */
export function Obstacles({ why }) {
  if (why.dialable) return html`<p class="good-text">${t("why.nothing")}</p>`;
  return html`<ul class="obstacles">
    ${why.obstacles.map(
      (/** @type {any} */ one) => html`<li key=${one.guard + one.text}>
        <strong>${guardName(one.guard)}</strong> <${Said} text=${one.text} />
        ${one.opens_at && html`<span>${t("why.opens", { time: dateTime(one.opens_at) })}</span>`}
      </li>`,
    )}
  </ul>`;
}

/**
 * Leads by state, those that are due first.
 *
 * @param {{campaign: string, onState: (state: string) => void}} props
 */
function Counts({ campaign, onState }) {
  const path = `/v1/campaigns/${campaign}`;
  const { value, problem } = useAsked(
    async () => {
      const [counts, why] = await Promise.all([api.get(`${path}/counts`), api.get(`${path}/why`)]);
      return { counts, why };
    },
    [campaign],
    COUNTED_MS,
  );
  if (!value) return html`<${ErrorBox} problem=${problem} />`;
  const { counts, why } = value;
  return html`<section class="card callable" aria-label=${t("leads.callable")}>
    <div class="two">
      <div>
        <h2>${t("leads.callable")}</h2>
        <p><strong class="figure">${number(counts.due)}</strong> ${t("leads.of_total", { n: number(counts.total) })}</p>
        <dl class="counts">
          ${STATES.filter((state) => counts[state]).map(
            (state) => html`<div key=${state}>
              <dt>
                <button type="button" class="link" onClick=${() => onState(state)}>${t(`lead.state.${state}`)}</button>
                <small>${t(`lead.why.${state}`)}</small>
              </dt>
              <dd>${number(counts[state])}</dd>
            </div>`,
          )}
        </dl>
      </div>
      <div>
        <h2>${t("leads.campaign_now")}</h2>
        <${Obstacles} why=${why} />
      </div>
    </div>
  </section>`;
}

/** @returns {any[]} */
const columnsOf = (/** @type {(lead: any) => void} */ onOpen) => [
  {
    key: "number",
    label: t("leads.number"),
    isHead: true,
    render: (/** @type {any} */ lead) => html`<button type="button" class="link" onClick=${() => onOpen(lead)}>${lead.number}</button>`,
  },
  { key: "reference", label: t("leads.reference") },
  { key: "state", label: t("lists.state"), render: (/** @type {any} */ lead) => html`<${LeadState} state=${lead.state} />` },
  { key: "attempts", label: t("leads.attempts"), align: "end", render: (/** @type {any} */ lead) => number(lead.attempts) },
  { key: "due_at", label: t("leads.due_at"), render: (/** @type {any} */ lead) => dateTime(lead.due_at) },
  { key: "list_id", label: t("leads.list"), align: "end", render: (/** @type {any} */ lead) => lead.list_id || "–" },
];

/**
 * What is looked for.
 *
 * @param {{filter: any, change: (some: any) => void, campaigns: [number, string][]}} props
 */
function Filter({ filter, change, campaigns }) {
  const [number, setNumber] = useState(filter.number);
  const look = (/** @type {Event} */ event) => {
    event.preventDefault();
    change({ number: number.trim() });
  };
  return html`<form class="filters" onSubmit=${look} role="search" aria-label=${t("leads.search")}>
    <${Select} label=${t("lists.campaign")} value=${filter.campaign} options=${[["", t("lists.all_campaigns")], ...campaigns]}
      onChange=${(/** @type {string} */ campaign) => change({ campaign })} />
    <${Select} label=${t("lists.state")} value=${filter.state}
      options=${[["", t("leads.any_state")], ...STATES.map((state) => [state, t(`lead.state.${state}`)])]}
      onChange=${(/** @type {string} */ state) => change({ state })} />
    <${Field} label=${t("leads.number")} type="tel" value=${number} onInput=${setNumber} placeholder="+4930…" />
    <${Button} type="submit">${t("leads.find")}<//>
  </form>`;
}

/** @param {{campaigns: [number, string][], query: Record<string, string>}} props */
export function Leads({ campaigns, query }) {
  const first = query.campaign ?? String(campaigns[0]?.[0] ?? "");
  const [filter, setFilter] = useState({ campaign: first, state: query.state ?? "", number: "", list: query.list ?? "" });
  const [cursors, setCursors] = useState([""]);
  const [opened, setOpened] = useState(/** @type {any} */ (null));
  const [isAdding, setIsAdding] = useState(false);
  const isWide = !filter.campaign && !filter.number && !filter.list;
  const leads = useAsked(
    async () => {
      if (isWide) return { items: [], next_cursor: null };
      const { campaign, state, number: searched, list } = filter;
      const cursor = cursors[cursors.length - 1];
      return api.get("/v1/leads", { campaign_id: campaign, list_id: list, state, number: searched, cursor, limit: PAGE });
    },
    [filter, cursors],
  );
  const change = (/** @type {any} */ some) => {
    setFilter({ ...filter, ...some });
    setCursors([""]);
  };
  const next = leads.value?.next_cursor;
  return html`
    <div class="stack">
      ${filter.campaign && html`<${Counts} campaign=${filter.campaign} onState=${(/** @type {string} */ state) => change({ state })} />`}
      <section class="card">
        <${Filter} filter=${filter} change=${change} campaigns=${campaigns} />
        <${ErrorBox} problem=${leads.problem} />
        <div class="buttons"><${Button} kind="primary" disabled=${!campaigns.length} onClick=${() => setIsAdding(true)}>${t("leads.hot")}<//></div>
        <${Table}
          caption=${t("leads.caption")}
          columns=${columnsOf(setOpened)}
          rows=${leads.value?.items ?? []}
          rowKey=${(/** @type {any} */ lead) => lead.lead_id}
          empty=${leads.value ? t(isWide ? "leads.say_which" : "leads.none") : ""}
        />
        <div class="buttons">
          ${cursors.length > 1 && html`<${Button} onClick=${() => setCursors(cursors.slice(0, -1))}>${t("lists.previous")}<//>`}
          ${next && html`<${Button} onClick=${() => setCursors([...cursors, next])}>${t("lists.next")}<//>`}
        </div>
      </section>
    </div>
    ${opened && html`<${LeadDialog} lead=${opened} onClose=${() => setOpened(null)} />`}
    ${isAdding &&
    html`<${HotLead}
      campaigns=${campaigns}
      campaign=${filter.campaign}
      onClose=${() => setIsAdding(false)}
      onAdded=${(/** @type {any} */ lead) => {
        setIsAdding(false);
        setOpened(lead);
        leads.again();
      }}
    />`}
  `;
}
