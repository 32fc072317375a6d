// What somebody should look at, and what was.

import { api } from "../lib/api.js";
import { dateTime, duration } from "../lib/format.js";
import { html, useEffect } from "../lib/html.js";
import { t, useLanguage } from "../lib/i18n.js";
import { useLive } from "../lib/live.js";
import { Badge, Empty, ErrorBox, Table, Timer, useAsked } from "../lib/ui.js";
import { alarmTitle } from "../shell/alarms.js";

/** @param {any[]} last the column that tells how long @returns {any[]} */
const columnsOf = (last) => [
  {
    key: "severity",
    label: t("alarms.severity"),
    sort: (/** @type {any} */ one) => one.severity,
    render: (/** @type {any} */ one) => html`<${Badge} tone=${one.severity === "critical" ? "bad" : "warn"}>${t(`severity.${one.severity}`)}<//>`,
  },
  {
    key: "alarm",
    label: t("alarms.alarm"),
    isHead: true,
    render: (/** @type {any} */ one) => html`${alarmTitle(one.alarm)} <small lang="en">${one.text}</small>`,
  },
  { key: "subject", label: t("alarms.subject"), render: (/** @type {any} */ one) => (one.subject === "node" ? t("alarm.node") : one.subject) },
  { key: "since", label: t("alarms.since"), sort: (/** @type {any} */ one) => one.since, render: (/** @type {any} */ one) => dateTime(one.since) },
  ...last,
];

/** @param {any} one */
const keyOf = (one) => `${one.alarm} ${one.subject} ${one.since}`;

export default function AlarmsPage() {
  useLanguage();
  const { items } = useLive("alarms");
  const on = [...items.keys()].join();
  const { value, problem, again } = useAsked(() => api.get("/v1/alarms"), []);
  useEffect(() => {
    again();
  }, [on]);
  const open = (value ?? []).filter((/** @type {any} */ one) => !one.until);
  const past = (value ?? []).filter((/** @type {any} */ one) => one.until);
  const lasts = { key: "lasts", label: t("alarms.for"), align: "end", render: (/** @type {any} */ one) => html`<${Timer} since=${one.since} />` };
  const lasted = [
    { key: "until", label: t("alarms.until"), sort: (/** @type {any} */ one) => one.until, render: (/** @type {any} */ one) => dateTime(one.until) },
    {
      key: "lasted",
      label: t("alarms.lasted"),
      align: "end",
      render: (/** @type {any} */ one) => duration((Date.parse(one.until) - Date.parse(one.since)) / 1000),
    },
  ];
  return html`
    <h1>${t("page.alarms")}</h1>
    <${ErrorBox} problem=${problem} />
    <section class="card">
      ${value && !open.length
        ? html`<h2>${t("alarms.open")}</h2><${Empty} text=${t("alarms.none")} />`
        : html`<${Table} caption=${t("alarms.open")} columns=${columnsOf([lasts])} rows=${open} rowKey=${keyOf} first="severity" />`}
    </section>
    <section class="card">
      <${Table} caption=${t("alarms.past")} columns=${columnsOf(lasted)} rows=${past} rowKey=${keyOf} first="-until" empty=${value ? t("alarms.no_past") : ""} />
      <p class="hint">${t("alarms.past_hint")}</p>
    </section>
  `;
}
