// Figures of calls that ended in a time, each with what it means; a rate with what it divides.

import { api } from "../lib/api.js";
import { dateTime, duration, number, percent } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { hasText, t, useLanguage } from "../lib/i18n.js";
import { may, useMe } from "../lib/session.js";
import { Button, ErrorBox, Field, Select, Table, useAct, useAsked } from "../lib/ui.js";
import { momentOf, ownZone, wallTime } from "../lib/zones.js";

const BY = ["campaign", "agent", "hour", "outcome"];
const PERIODS = ["today", "yesterday", "week", "month", "other"];
/** Figures shown at first: the others are there for who asks. */
const MAIN = [
  "attempts", "answered", "answer_rate", "connected", "abandoned", "abandon_rate", "disposed", "mean_talk_s", "mean_wait_s",
];

/**
 * Midnight of this day, or some days before, in the browser's zone.
 *
 * @param {number} daysAgo
 */
function midnight(daysAgo) {
  const day = new Date();
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() - daysAgo).getTime();
}

/** @param {string} period @returns {[string, string]} wall-clock times */
function spanOf(period) {
  const wall = (/** @type {number} */ ms) => wallTime(ms, ownZone());
  if (period === "yesterday") return [wall(midnight(1)), wall(midnight(0))];
  const days = { week: 6, month: 29 }[period] ?? 0;
  return [wall(midnight(days)), wall(midnight(-1))];
}

/** @param {any} column */
const labelOf = (column) => (hasText(`report.${column.name}`) ? t(`report.${column.name}`) : t(`outcome.${column.name}`));

/** @param {any} column */
const meaningOf = (column) =>
  hasText(`report.${column.name}.meaning`) ? t(`report.${column.name}.meaning`) : t("report.outcome.meaning", { outcome: t(`outcome.${column.name}`) });

/**
 * What a rate divides, in words.
 *
 * @param {any} column
 * @param {any[]} columns
 */
function divided(column, columns) {
  const part = (/** @type {string} */ name) => labelOf(columns.find((one) => one.name === name) ?? { name });
  return column.denominator ? t("report.divided", { numerator: part(column.numerator), denominator: part(column.denominator) }) : "";
}

/**
 * Seconds; below a minute with their tenths, which waits are made of.
 *
 * @param {number | null} value
 */
const seconds = (value) => (value !== null && value < 60 ? `${number(value, 1)} s` : duration(value));

/**
 * A figure as its unit wants it; a rate with its numerator and denominator.
 *
 * @param {{column: any, row: any}} props
 */
function Figure({ column, row }) {
  const value = row[column.name];
  const write = (/** @type {number | null} */ figure, /** @type {string} */ unit) => (unit === "s" ? seconds(figure) : number(figure));
  const shown = column.unit === "share" ? percent(value) : write(value, column.unit);
  if (!column.denominator) return shown;
  const numerator = write(row[column.numerator], column.numerator.endsWith("_s") ? "s" : "calls");
  return html`${shown} <small class="of">${numerator} / ${number(row[column.denominator])}</small>`;
}

/**
 * What a row is about.
 *
 * @param {string} by
 * @param {any} row
 */
function keyOf(by, row) {
  if (by === "hour") return dateTime(row.hour);
  if (by === "outcome") return t(`outcome.${row.outcome}`);
  return row[by] || t("report.nobody");
}

/** @param {{report: any, isAll: boolean}} props */
function Figures({ report, isAll }) {
  const [, ...known] = report.columns;
  const figures = known.filter((/** @type {any} */ column) => isAll || MAIN.includes(column.name));
  /** @type {any[]} */
  const columns = [
    { key: "key", label: t(`report.by.${report.by}`), isHead: true, sort: (/** @type {any} */ row) => row[report.by], render: (/** @type {any} */ row) => keyOf(report.by, row) },
    ...figures.map((/** @type {any} */ column) => ({
      key: column.name,
      label: html`${labelOf(column)}${column.denominator && html`<small class="formula">${divided(column, known)}</small>`}`,
      align: "end",
      sort: (/** @type {any} */ row) => row[column.name] ?? -1,
      render: (/** @type {any} */ row) => html`<${Figure} column=${column} row=${row} />`,
    })),
  ];
  const footer = html`<tr>
    <th scope="row">${t("report.total")}</th>
    ${figures.map((/** @type {any} */ column) => html`<td key=${column.name} class="end"><${Figure} column=${column} row=${report.total} /></td>`)}
  </tr>`;
  return html`<section class="card">
      <${Table}
        caption=${t("report.caption", { by: t(`report.by.${report.by}`), since: dateTime(report.since), until: dateTime(report.until) })}
        columns=${columns}
        rows=${report.rows}
        rowKey=${(/** @type {any} */ row) => `${row[report.by]} ${row[`${report.by}_id`] ?? ""}`}
        empty=${t("report.none")}
        footer=${footer}
      />
    </section>
    <section class="card">
      <h2>${t("report.meanings")}</h2>
      <dl class="meanings">
        ${figures.map(
          (/** @type {any} */ column) => html`<div key=${column.name}>
            <dt>${labelOf(column)}</dt>
            <dd>
              ${meaningOf(column)}
              ${column.denominator && html`<span class="formula">${divided(column, known)}</span>`}
            </dd>
          </div>`,
        )}
      </dl>
    </section>`;
}

/** @param {{asked: any, change: (some: any) => void, isMonitor: boolean}} props */
function Asked({ asked, change, isMonitor }) {
  const campaigns = useAsked(async () => (await api.get("/v1/campaigns", { archived: true, limit: 1000 })).items, []);
  /** @type {[number, string][]} */
  const names = (campaigns.value ?? []).map((/** @type {any} */ one) => [one.campaign_id, one.name]);
  const choose = (/** @type {string} */ period) => {
    const [since, until] = spanOf(period);
    change(period === "other" ? { period } : { period, since, until });
  };
  return html`<div class="filters">
    <${Select} label=${t("report.by")} value=${asked.by} onChange=${(/** @type {string} */ by) => change({ by })}
      options=${BY.filter((by) => by !== "agent" || !isMonitor).map((by) => [by, t(`report.by.${by}`)])} />
    <${Select} label=${t("lists.campaign")} value=${asked.campaign} options=${[["", t("lists.all_campaigns")], ...names]}
      onChange=${(/** @type {string} */ campaign) => change({ campaign })} />
    <${Select} label=${t("report.period")} value=${asked.period} options=${PERIODS.map((one) => [one, t(`report.period.${one}`)])} onChange=${choose} />
    <${Field} label=${t("report.since")} type="datetime-local" value=${asked.since} onInput=${(/** @type {string} */ since) => change({ since, period: "other" })} />
    <${Field} label=${t("report.until", { zone: ownZone() })} type="datetime-local" value=${asked.until}
      onInput=${(/** @type {string} */ until) => change({ until, period: "other" })} />
  </div>`;
}

/** @param {{route: import("../lib/route.js").Route}} props */
export default function ReportsPage({ route }) {
  useLanguage();
  const me = useMe();
  const [since, until] = spanOf("today");
  const [asked, setAsked] = useState({ by: "campaign", campaign: route.query.campaign ?? "", period: "today", since, until });
  const [isAll, setIsAll] = useState(false);
  const query = { since: momentOf(asked.since, ownZone()), until: momentOf(asked.until, ownZone()), campaign_id: asked.campaign };
  const isSpan = query.since !== null && query.until !== null;
  const report = useAsked(async () => (isSpan ? api.get(`/v1/reports/${asked.by}`, query) : null), [asked]);
  const save = useAct((/** @type {string} */ path, /** @type {string} */ name) => api.download(path, query, name));
  const day = asked.since.slice(0, 10);
  return html`
    <div class="heading">
      <h1>${t("page.reports")}</h1>
      <div class="buttons">
        <${Button} aria-pressed=${isAll ? "true" : "false"} onClick=${() => setIsAll(!isAll)}>${t("report.all_figures")}<//>
        <${Button} busy=${save.busy} disabled=${!isSpan} onClick=${() => save.run(`/v1/reports/${asked.by}/export`, `report-by-${asked.by}-${day}.csv`)}>
          ${t("report.download")}
        <//>
        ${may.seeData(me) &&
        html`<${Button} busy=${save.busy} disabled=${!isSpan} onClick=${() => save.run("/v1/attempts/export", `attempts-${day}.csv`)}>${t("report.attempts_download")}<//>`}
      </div>
    </div>
    <${Asked} asked=${asked} change=${(/** @type {any} */ some) => setAsked((/** @type {any} */ before) => ({ ...before, ...some }))} isMonitor=${me.role === "monitor"} />
    <${ErrorBox} problem=${report.problem ?? save.problem} />
    ${!isSpan && html`<p class="hint">${t("report.no_span")}</p>`}
    ${report.value && html`<${Figures} report=${report.value} isAll=${isAll} />`}
  `;
}
