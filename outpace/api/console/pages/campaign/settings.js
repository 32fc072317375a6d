// Every setting of a campaign, changed while it runs, and their history.

import { api } from "../../lib/api.js";
import { dateTime } from "../../lib/format.js";
import { html, useState } from "../../lib/html.js";
import { t, useLanguage } from "../../lib/i18n.js";
import { may, useMe } from "../../lib/session.js";
import { said } from "../../lib/said.js";
import { Button, Empty, ErrorBox, Field, useAsked } from "../../lib/ui.js";
import { ChangeDialog, Changes } from "./change.js";
import { patched, patchOf } from "./fields.js";
import { SettingsForm, useValidation } from "./form.js";

/** @param {{campaign: any, onCampaign: (campaign: any) => void}} props */
export function Settings({ campaign, onCampaign }) {
  const [patch, setPatch] = useState(/** @type {Record<string, any>} */ ({}));
  const [isAsking, setIsAsking] = useState(false);
  const me = useMe();
  useLanguage();
  const settings = patched(campaign.settings, patch);
  const isChanged = Object.keys(patch).length > 0;
  const { errors, isChecked } = useValidation(isChanged ? settings : null);
  const onSettings = (/** @type {any} */ next) => setPatch(patchOf(campaign.settings, next));
  const onSubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isChecked) setIsAsking(true);
  };
  return html`<form class="settings" onSubmit=${onSubmit}>
      <div class="narrow">
        <${Field} label=${t("setting.name")} value=${settings.name} error=${said(errors.name ?? "")} onInput=${(/** @type {string} */ name) => onSettings({ ...settings, name })} />
      </div>
      <${SettingsForm} settings=${settings} errors=${isChanged ? errors : {}} onSettings=${onSettings} />
      ${may.steer(me) &&
      html`<div class="bar">
        <span class="faint" role="status">
          ${isChanged && (Object.keys(errors).length ? html`<span class="bad-text">${t("settings.wrong")} ${errors[""] ?? ""}</span>` : t("settings.changed"))}
        </span>
        <${Button} disabled=${!isChanged} onClick=${() => setPatch({})}>${t("settings.discard")}<//>
        <${Button} kind="primary" type="submit" disabled=${!isChanged || !isChecked}>${t("settings.review")}<//>
      </div>`}
    </form>
    ${isAsking &&
    html`<${ChangeDialog}
      campaign=${campaign}
      patch=${patch}
      onClose=${() => setIsAsking(false)}
      onOvertaken=${onCampaign}
      onApplied=${(/** @type {any} */ changed) => {
        setPatch({});
        onCampaign(changed);
      }}
    />`}`;
}

/**
 * Who changed what, the latest first.
 *
 * @param {{campaign: any}} props
 */
export function History({ campaign }) {
  const { value, problem } = useAsked(() => api.get(`/v1/campaigns/${campaign.campaign_id}/versions`, { limit: 50 }), [campaign.version]);
  useLanguage();
  const changed = (value?.items ?? []).filter((/** @type {any} */ one) => Object.keys(one.changes).length);
  return html`<${ErrorBox} problem=${problem} />
    ${value && !changed.length && html`<${Empty} text=${t("history.none")} />`}
    ${changed.map(
      (/** @type {any} */ one) => html`<div key=${one.version} class="card">
        <${Changes}
          caption=${t("history.version", { version: one.version, who: one.changed_by, at: dateTime(one.changed_at) })}
          changes=${Object.entries(one.changes).map(([path, [before, after]]) => [path, before, after])}
        />
      </div>`,
    )}`;
}
