// Trunk groups: use, rate, the link to the switch, and their settings.

import { api } from "../lib/api.js";
import { number, percent } from "../lib/format.js";
import { html, useState } from "../lib/html.js";
import { t, useLanguage } from "../lib/i18n.js";
import { may, useMe } from "../lib/session.js";
import { Badge, Button, Empty, ErrorBox, Meter, Table, toast, useAsked } from "../lib/ui.js";
import { TrunkForm } from "./trunks/trunk_form.js";

const LOOK_MS = 2000;

/**
 * Channels in use of those in service, against those that the settings name.
 *
 * @param {{group: any}} props
 */
function Channels({ group }) {
  const { used, channels, settings } = group;
  const share = channels ? used / channels : 0;
  const text = t("trunks.used", { used: number(used), channels: number(channels) });
  return html`<div class="use">
    <${Meter} label=${settings.name} value=${used} max=${Math.max(channels, 1)} text=${text} tone=${share >= 1 ? "bad" : share > 0.9 ? "warn" : ""} />
    <span>${text} · ${percent(share, 0)}</span>
    ${channels < settings.channels && html`<small class="bad-text">${t("trunks.out_of_service", { n: number(settings.channels - channels) })}</small>`}
  </div>`;
}

/**
 * How the node is linked to the switch.
 *
 * @param {{parts: Record<string, string>}} props
 */
function Link({ parts }) {
  const isUp = parts.switch === "ok";
  return html`<p class="row">
    <span>${t("trunks.link")}</span> <${Badge} tone=${isUp ? "good" : "bad"}>${t(isUp ? "trunks.up" : "trunks.down")}<//>
    ${!isUp && html`<span class="hint" lang="en">${parts.switch}</span>`}
  </p>`;
}

/** @param {((group: any) => void) | null} onEdit @returns {any[]} */
const columnsOf = (onEdit) => [
  { key: "name", label: t("trunks.name"), isHead: true, sort: (/** @type {any} */ group) => group.settings.name, render: (/** @type {any} */ group) => group.settings.name },
  { key: "kind", label: t("trunks.kind"), render: (/** @type {any} */ group) => t(`trunk.kind.${group.settings.kind}`) },
  { key: "use", label: t("trunks.channels_used"), render: (/** @type {any} */ group) => html`<${Channels} group=${group} />` },
  { key: "cps", label: t("trunks.cps"), align: "end", render: (/** @type {any} */ group) => number(group.settings.cps, group.settings.cps % 1 ? 2 : 0) },
  { key: "burst", label: t("trunks.burst"), align: "end", render: (/** @type {any} */ group) => number(group.settings.burst) },
  { key: "launches", label: t("trunks.launches"), align: "end", render: (/** @type {any} */ group) => number(group.launches) },
  { key: "version", label: t("trunks.version"), align: "end" },
  ...(onEdit
    ? [{
        key: "acts",
        label: t("trunks.settings"),
        render: (/** @type {any} */ group) => html`<${Button} kind="quiet small" onClick=${() => onEdit(group)} aria-label=${t("trunks.change_one", { name: group.settings.name })}>${t("agents.change")}<//>`,
      }]
    : []),
];

export default function TrunksPage() {
  useLanguage();
  const me = useMe();
  const [editing, setEditing] = useState(/** @type {any} */ (null));
  const groups = useAsked(() => api.get("/v1/trunk-groups"), [], LOOK_MS);
  const health = useAsked(async () => (me.role === "integrator" ? null : api.get("/v1/health")), [me.role], LOOK_MS);
  const mayChange = may.create(me);
  const saved = (/** @type {string} */ name) => {
    setEditing(null);
    toast(t("trunks.saved", { name }));
    groups.again();
  };
  return html`
    <div class="heading">
      <h1>${t("page.trunks")}</h1>
      ${health.value && html`<${Link} parts=${health.value.parts} />`}
      ${mayChange && html`<div class="buttons"><${Button} kind="primary" onClick=${() => setEditing({ settings: {}, version: 0 })}>${t("trunks.add")}<//></div>`}
    </div>
    <${ErrorBox} problem=${groups.problem ?? health.problem} />
    ${groups.value && !groups.value.length
      ? html`<${Empty} text=${t("trunks.none")} />`
      : html`<div class="card">
          <${Table} caption=${t("trunks.caption")} columns=${columnsOf(mayChange ? setEditing : null)} rows=${groups.value ?? []}
            rowKey=${(/** @type {any} */ group) => group.settings.id} isCaptionHidden />
        </div>`}
    ${editing && html`<${TrunkForm} group=${editing} onClose=${() => setEditing(null)} onSaved=${saved} />`}
  `;
}
