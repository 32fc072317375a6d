// The live board: how busy agents are, how many people are abandoned, what limits dialling, and why.

import { secondsSince } from "../../lib/clock.js";
import { duration, number, percent, time } from "../../lib/format.js";
import { html, useEffect, useState } from "../../lib/html.js";
import { t, useLanguage } from "../../lib/i18n.js";
import { useLive } from "../../lib/live.js";
import { may, useMe } from "../../lib/session.js";
import { Empty, Meter } from "../../lib/ui.js";
import { Dial } from "./dial.js";
import { budgetTone } from "./list.js";
import { Rates } from "./rates.js";
import { Why } from "./why.js";
import { decisionText, dropsText } from "./words.js";

const AGENT_STATES = ["ready", "connecting", "talking", "hold", "wrap_up", "reserved", "previewing", "not_ready", "logged_out"];
/** States that most campaigns never see are left out while nobody is in them. */
const RARE = ["hold", "reserved", "previewing", "connecting", "classifying", "treatment", "answered"];
const CALL_STATES = ["launching", "proceeding", "ringing", "answered", "classifying", "queued", "connecting", "talking", "treatment"];

/**
 * A figure with its name and what it is of.
 *
 * @param {{label: string, value: any, note?: any, tone?: string, children?: any}} props
 */
function Tile({ label, value, note = null, tone = "", children }) {
  return html`<div class=${`kpi ${tone}`}>
    <dt>${label}</dt>
    <dd><span class="big">${value}</span>${note && html`<span class="note">${note}</span>`}${children}</dd>
  </div>`;
}

/** @param {{board: any}} props */
function Abandonment({ board }) {
  const { budget } = board;
  const { value, numerator, denominator } = budget.abandoned;
  const bound = t("board.bound", { bound: percent(budget.bound, 2), confidence: percent(budget.confidence, 0) });
  return html`<div class=${`kpi wide ${budgetTone(budget)}`}>
    <dt>${t("board.abandonment")}</dt>
    <dd>
      <span class="big">${percent(value, 2)}</span>
      <span class="note">${t("board.abandoned-of", { abandoned: number(numerator), answered: number(denominator) })}</span>
      <${Meter}
        label=${t("board.abandonment")}
        text=${t("board.of-cap", { value: percent(value, 2), cap: percent(budget.cap) })}
        value=${value}
        max=${Math.max(2 * budget.cap, 0.001)}
        marks=${[{ at: budget.cap, name: t("setting.abandonment.cap") }]}
        tone=${budgetTone(budget)}
      />
      <span class="note split">
        <span>${denominator > 0 && bound}</span>
        <span>${t("board.cap", { cap: percent(budget.cap) })}</span>
      </span>
      <span class=${`note strong ${budgetTone(budget)}-text`}>${budget.spent ? t("board.spent") : dropsText(budget.drops_left)}</span>
    </dd>
  </div>`;
}

/** @param {{board: any}} props */
function Tiles({ board }) {
  const { occupancy } = board;
  const busy = t("board.occupancy-of", { busy: duration(occupancy.numerator), all: duration(occupancy.denominator) });
  const launches = t("board.launches", { n: number(board.launches), time: duration(board.elapsed_s) });
  return html`<dl class="kpis">
    <${Tile} label=${t("board.occupancy")} value=${percent(occupancy.value)} note=${busy}>
      <${Meter} label=${t("board.occupancy")} text=${percent(occupancy.value)} value=${occupancy.value} />
    <//>
    <${Abandonment} board=${board} />
    <${Tile} label=${t("board.launches-rate")} value=${number(board.launches_per_minute)} note=${launches} />
    <${Tile} label=${t("board.answers-rate")} value=${number(board.answers_per_minute, 1)} note=${t("board.answers", { n: number(board.answered) })} />
    <${Tile} label=${t("board.connected")} value=${number(board.connected)} note=${t("board.of-answered", { share: percent(board.answered ? board.connected / board.answered : null) })} />
    <${Tile} label=${t("board.leads-left")} value=${number(board.leads_left)} note=${t("board.of-leads", { n: number(board.leads_total) })}>
      <${Meter} label=${t("board.leads-left")} text=${number(board.leads_left)} value=${board.leads_left} max=${Math.max(1, board.leads_total)} />
    <//>
  </dl>`;
}

/**
 * Counts as bars.
 *
 * @param {{caption: string, rows: {key: string, name: string, count: number, note?: string}[], more?: string}} props
 */
function Counts({ caption, rows, more = "" }) {
  const most = Math.max(1, ...rows.map((row) => row.count));
  return html`<section class="card">
    <table class="tally">
      <caption>${caption}</caption>
      <thead class="unseen"><tr><th scope="col">${t("board.state")}</th><th scope="col">${t("board.count")}</th><td></td>${more && html`<th scope="col">${more}</th>`}</tr></thead>
      <tbody>
        ${rows.map(
          ({ key, name, count, note }) => html`<tr key=${key} class=${count ? "" : "zero"}>
            <th scope="row">${name}</th>
            <td class="end digits">${number(count)}</td>
            <td class="bar-cell"><span class=${`bar-of ${key}`} style=${{ width: `${(count / most) * 100}%` }}></span></td>
            ${more && html`<td class="end faint" title=${more}>${note}</td>`}
          </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

/**
 * Agents by state, with how long the longest has been in it.
 *
 * @param {{board: any}} props
 */
function AgentsWithTimes({ board }) {
  const { items } = useLive("agents");
  const [, draw] = useState({});
  useEffect(() => {
    const timer = setInterval(() => draw({}), 1000);
    return () => clearInterval(timer);
  }, []);
  /** @type {Record<string, number>} */
  const longest = {};
  for (const agent of items.values()) {
    if (agent.since && agent.campaigns.includes(board.campaign_id)) longest[agent.state] = Math.max(longest[agent.state] ?? 0, secondsSince(agent.since));
  }
  return html`<${Agents} board=${board} longest=${longest} />`;
}

/** @param {{board: any, longest?: Record<string, number>}} props */
function Agents({ board, longest }) {
  const rows = AGENT_STATES.filter((state) => board.agents[state] || !RARE.includes(state)).map((state) => ({
    key: state,
    name: t(`agent.state.${state}`),
    count: board.agents[state] ?? 0,
    note: board.agents[state] && longest?.[state] !== undefined && state !== "logged_out" ? duration(longest[state]) : "",
  }));
  return html`<${Counts} caption=${t("board.agents")} rows=${rows} more=${longest ? t("board.longest") : ""} />`;
}

/** @param {{board: any}} props */
function Calls({ board }) {
  const rows = CALL_STATES.filter((state) => board.calls[state] || !RARE.includes(state)).map((state) => ({
    key: state,
    name: t(`call.state.${state}`),
    count: board.calls[state] ?? 0,
  }));
  return html`<${Counts} caption=${t("board.calls")} rows=${rows} />`;
}

/** @param {{board: any}} props */
function Outcomes({ board }) {
  const total = Object.values(board.outcomes).reduce((sum, count) => sum + count, 0);
  const rows = Object.entries(board.outcomes)
    .filter(([, count]) => count)
    .sort((a, b) => Number(b[1]) - Number(a[1]))
    .map(([outcome, count]) => ({ key: outcome, name: t(`outcome.${outcome}`), count: Number(count), note: percent(Number(count) / total) }));
  return html`<${Counts} caption=${t("board.outcomes")} rows=${rows} more=${t("board.share")} />`;
}

/** @param {{board: any}} props */
function Trunks({ board }) {
  return html`<section class="card">
    <h2>${t("board.trunks")}</h2>
    ${board.trunks.map(
      (/** @type {any} */ trunk) => html`<div key=${trunk.trunk_group_id} class="trunk">
        <span>${trunk.name}</span>
        <span class="faint">${t("board.cps", { cps: number(trunk.cps, 1) })}</span>
        <span class="digits">${t("board.channels", { used: number(trunk.used), channels: number(trunk.channels) })}</span>
        <${Meter}
          label=${t("board.trunk-use", { name: trunk.name })}
          text=${t("board.channels", { used: number(trunk.used), channels: number(trunk.channels) })}
          value=${trunk.used}
          max=${Math.max(1, trunk.channels)}
          tone=${trunk.used >= trunk.channels ? "warn" : ""}
        />
      </div>`,
    )}
  </section>`;
}

/** @param {{board: any, zone: string}} props */
function LastDecisions({ board, zone }) {
  const decisions = [...board.decisions].reverse();
  return html`<section class="card">
    <header>
      <h2>${t("board.decisions")}</h2>
      <a href=${`#/campaigns/${board.campaign_id}/decisions`}>${t("board.all-decisions")}</a>
    </header>
    ${!decisions.length && html`<p class="faint">${t("board.no-decision")}</p>`}
    <ol class="decisions">
      ${decisions.map(
        (decision) => html`<li key=${decision.sequence}>
          <time datetime=${decision.at}>${time(decision.at, zone)}</time>
          <span class="launched" aria-hidden="true">${decision.launched}</span>
          <span>${decisionText(decision)}</span>
        </li>`,
      )}
    </ol>
  </section>`;
}

/** @param {{campaign: any, board: any, onCampaign: () => void}} props */
export function Board({ campaign, board, onCampaign }) {
  const me = useMe();
  useLanguage();
  if (!board) return html`<${Empty} text=${t("board.none")} />`;
  const zone = campaign.settings.calling_hours?.timezone;
  return html`<div class="board">
    <${Tiles} board=${board} />
    <${Why} campaign=${campaign} board=${board} />
    <div class="columns">
      <section class="card rates"><h2>${t("board.rates")}</h2><${Rates} board=${board} zone=${zone} /></section>
      ${may.seeFloor(me) ? html`<${AgentsWithTimes} board=${board} />` : html`<${Agents} board=${board} />`}
      <${Calls} board=${board} />
    </div>
    <div class="columns second">
      ${may.steer(me) && html`<${Dial} campaign=${campaign} onCampaign=${onCampaign} />`}
      <${LastDecisions} board=${board} zone=${zone} />
      <div class="stack"><${Trunks} board=${board} /><${Outcomes} board=${board} /></div>
    </div>
  </div>`;
}
