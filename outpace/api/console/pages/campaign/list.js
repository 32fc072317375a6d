// All campaigns at a glance.

import { api } from "../../lib/api.js";
import { number, percent } from "../../lib/format.js";
import { html, useState } from "../../lib/html.js";
import { t, useLanguage } from "../../lib/i18n.js";
import { useLive } from "../../lib/live.js";
import { may, useMe } from "../../lib/session.js";
import { Badge, Check, Empty, ErrorBox, Meter, Table, useAsked } from "../../lib/ui.js";
import { Actions } from "./actions.js";

const EVERY_MS = 10_000;

/**
 * The tone of a campaign's state.
 *
 * @type {Record<string, string>}
 */
const TONES = { running: "good", paused: "warn", draining: "busy" };

/** @param {{state: string}} props */
export const State = ({ state }) => html`<${Badge} tone=${TONES[state] ?? ""}>${t(`campaign.state.${state}`)}<//>`;

/** People who must have answered before their share is held against the cap, as the alarm does. */
const ENOUGH = 200;

/**
 * Whether abandonment is a worry.
 *
 * @param {any} budget
 */
export function budgetTone(budget) {
  const share = budget.abandoned.value ?? 0;
  if (budget.spent || (share > budget.cap && budget.abandoned.denominator >= ENOUGH)) return "bad";
  return share > 0.85 * budget.cap || (share > 0 && budget.drops_left === 0) ? "warn" : "good";
}

/**
 * @param {Record<string, number>} counts
 * @param {string[]} without
 */
const sum = (counts, without = []) => Object.entries(counts).reduce((total, [state, count]) => total + (without.includes(state) ? 0 : count), 0);

/**
 * Abandonment against its cap.
 *
 * @param {{budget: any}} props
 */
function Abandonment({ budget }) {
  const text = percent(budget.abandoned.value, 2);
  return html`<div class="beside">
    <span class="digits">${text}</span>
    <${Meter}
      label=${t("board.abandonment")}
      text=${t("board.of-cap", { value: text, cap: percent(budget.cap) })}
      value=${budget.abandoned.value}
      max=${Math.max(2 * budget.cap, 0.001)}
      marks=${[{ at: budget.cap, name: t("setting.abandonment.cap") }]}
      tone=${budgetTone(budget)}
    />
    <span class="faint digits">${percent(budget.cap)}</span>
  </div>`;
}

/**
 * @param {Map<string, any>} boards
 * @param {() => void} again
 */
function columnsOf(boards, again) {
  const boardOf = (/** @type {any} */ one) => boards.get(String(one.campaign_id));
  const shown = (/** @type {(board: any) => any} */ show) => (/** @type {any} */ one) => {
    const board = boardOf(one);
    return board ? show(board) : "–";
  };
  const stateOf = (/** @type {any} */ one) => boardOf(one)?.state ?? one.state;
  return [
    { key: "name", label: t("campaigns.name"), isHead: true, sort: (/** @type {any} */ one) => one.name, render: (/** @type {any} */ one) => html`<a href=${`#/campaigns/${one.campaign_id}`}>${one.name}</a>` },
    { key: "state", label: t("campaigns.state"), sort: stateOf, render: (/** @type {any} */ one) => html`<${State} state=${stateOf(one)} />` },
    { key: "mode", label: t("campaigns.mode"), sort: (/** @type {any} */ one) => one.settings.mode, render: (/** @type {any} */ one) => t(`mode.${one.settings.mode}`) },
    { key: "occupancy", label: t("board.occupancy"), align: "end", sort: (/** @type {any} */ one) => boardOf(one)?.occupancy.value ?? -1, render: shown((board) => percent(board.occupancy.value)) },
    { key: "abandonment", label: t("campaigns.abandonment"), sort: (/** @type {any} */ one) => boardOf(one)?.budget.abandoned.value ?? -1, render: shown((board) => html`<${Abandonment} budget=${board.budget} />`) },
    { key: "agents", label: t("campaigns.agents"), align: "end", render: shown((board) => number(sum(board.agents, ["logged_out"]))) },
    { key: "calls", label: t("campaigns.calls"), align: "end", render: shown((board) => number(sum(board.calls))) },
    { key: "left", label: t("campaigns.leads-left"), align: "end", sort: (/** @type {any} */ one) => boardOf(one)?.leads_left ?? 0, render: shown((board) => number(board.leads_left)) },
    { key: "actions", label: t("campaigns.actions"), render: (/** @type {any} */ one) => html`<${Actions} isSmall campaignId=${one.campaign_id} name=${one.name} state=${stateOf(one)} board=${boardOf(one)} onDone=${again} />` },
  ];
}

export function CampaignList() {
  const [archived, setArchived] = useState(false);
  const { items } = useLive("campaigns");
  const me = useMe();
  useLanguage();
  const known = [...items.keys()].join();
  const { value, problem, again } = useAsked(() => api.get("/v1/campaigns", { archived, limit: 200 }), [archived, known], EVERY_MS);
  const campaigns = value?.items ?? [];
  return html`<div class="heading">
      <h1>${t("page.campaigns")}</h1>
      <div class="buttons">
        <${Check} label=${t("campaigns.archived")} checked=${archived} onChange=${setArchived} />
        ${may.create(me) && html`<a class="button primary" href="#/campaigns/new">${t("campaigns.new")}</a>`}
      </div>
    </div>
    <${ErrorBox} problem=${problem} />
    ${value && !campaigns.length && html`<${Empty} text=${t("campaigns.none")} />`}
    ${campaigns.length > 0 &&
    html`<section class="card">
      <${Table} caption=${t("page.campaigns")} isCaptionHidden columns=${columnsOf(items, again)} rows=${campaigns} rowKey=${(/** @type {any} */ one) => one.campaign_id} />
    </section>`}`;
}
