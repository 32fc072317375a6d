// A change of settings: what it changes, what it would do, and only then: apply. Whoever was quicker is shown.

import { api } from "../../lib/api.js";
import { time } from "../../lib/format.js";
import { html, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { Button, Dialog, ErrorBox, Table, toast, useAct } from "../../lib/ui.js";
import { changesOf, isPlayed } from "./fields.js";
import { useWhatIf, WhatIf } from "./what_if.js";
import { settingName, settingText } from "./words.js";

const CHANGED_MEANWHILE = 412;

/** @param {{caption: string, changes: [string, unknown, unknown][]}} props */
export function Changes({ caption, changes }) {
  const columns = [
    { key: "name", label: t("change.setting"), isHead: true, render: (/** @type {any} */ row) => settingName(row[0]) },
    { key: "before", label: t("change.before"), render: (/** @type {any} */ row) => settingText(row[0], row[1]) },
    { key: "after", label: t("change.after"), render: (/** @type {any} */ row) => html`<strong>${settingText(row[0], row[2])}</strong>` },
  ];
  return html`<${Table} caption=${caption} columns=${columns} rows=${changes} rowKey=${(/** @type {any} */ row) => row[0]} />`;
}

/**
 * What others have changed since a version.
 *
 * @param {{versions: any[]}} props
 */
function Meanwhile({ versions }) {
  return html`<div class="meanwhile" role="alert">
    <p><strong>${t("change.meanwhile")}</strong></p>
    ${versions.map((one) => html`<${Changes}
      key=${one.version}
      caption=${t("change.by", { who: one.changed_by, at: time(one.changed_at) })}
      changes=${Object.entries(one.changes).map(([path, [before, after]]) => [path, before, after])}
    />`)}
    <p>${t("change.look-again")}</p>
  </div>`;
}

/**
 * @param {{campaign: any, patch: Record<string, any>, onClose: () => void, onApplied: (campaign: any) => void, onOvertaken: (campaign: any) => void}} props
 *   `onOvertaken` gets the campaign as somebody else has made it meanwhile; the dialogue stays.
 */
export function ChangeDialog({ campaign, patch, onClose, onApplied, onOvertaken }) {
  const [base, setBase] = useState(campaign);
  const [others, setOthers] = useState(/** @type {any[]} */ ([]));
  const isToPlay = isPlayed(patch);
  const whatIf = useWhatIf(base.campaign_id, isToPlay ? patch : null, base.version);
  const { run, busy, problem } = useAct(async () => {
    const path = `/v1/campaigns/${base.campaign_id}`;
    try {
      onApplied(await api.patch(path, patch, { ifMatch: base.version }));
      toast(t("change.applied"));
      onClose();
    } catch (error) {
      if (/** @type {any} */ (error).status !== CHANGED_MEANWHILE) throw error;
      const [now, history] = await Promise.all([api.get(path), api.get(`${path}/versions`)]);
      setOthers(history.items.filter((/** @type {any} */ one) => one.version > base.version));
      setBase(now);
      onOvertaken(now);
    }
  });
  const isReady = !isToPlay || whatIf.isOver;
  const footer = html`<${Button} onClick=${onClose}>${t("action.cancel")}<//>
    <${Button} kind="primary" busy=${busy} disabled=${!isReady} onClick=${() => run()}>
      ${t(others.length ? "change.apply-still" : "change.apply")}
    <//>`;
  return html`<${Dialog} title=${t("change.title", { name: base.name })} onClose=${onClose} footer=${footer} isWide=${isToPlay}>
    ${others.length > 0 && html`<${Meanwhile} versions=${others} />`}
    <${Changes} caption=${t("change.yours")} changes=${changesOf(base.settings, patch)} />
    ${isToPlay && html`<${WhatIf} whatIf=${whatIf} />`}
    <${ErrorBox} problem=${problem} />
  <//>`;
}
