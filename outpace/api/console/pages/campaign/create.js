// A new campaign.

import { api, newKey } from "../../lib/api.js";
import { html, useMemo, useState } from "../../lib/html.js";
import { t, useLanguage } from "../../lib/i18n.js";
import { go } from "../../lib/route.js";
import { said } from "../../lib/said.js";
import { Button, ErrorBox, Field, toast, useAct, useAsked } from "../../lib/ui.js";
import { SettingsForm, useValidation } from "./form.js";

const FIRST = { name: "", mode: "predictive" };

export function NewCampaign() {
  const key = useMemo(newKey, []);
  useLanguage();
  // the API knows the defaults: it tells them with what is checked
  const { value: defaults, problem: unknown } = useAsked(() => api.post("/v1/campaigns/validate", { ...FIRST, name: "-" }), []);
  const [edited, setEdited] = useState(/** @type {any} */ (null));
  const settings = edited ?? (defaults && { ...defaults, name: "" });
  const { errors, isChecked } = useValidation(edited);
  const { run, busy, problem } = useAct(async () => {
    const { id: _, ...body } = settings;
    const made = await api.post("/v1/campaigns", body, { idempotencyKey: key });
    toast(t("create.done", { name: made.name }));
    go(`/campaigns/${made.campaign_id}`);
  });
  const onSubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  return html`<div class="heading"><h1>${t("campaigns.new")}</h1></div>
    <${ErrorBox} problem=${unknown} />
    ${settings &&
    html`<form class="settings" onSubmit=${onSubmit}>
      <p class="faint">${t("create.hint")}</p>
      <div class="narrow">
        <${Field} label=${t("setting.name")} required value=${settings.name} error=${said(errors.name ?? "")} onInput=${(/** @type {string} */ name) => setEdited({ ...settings, name })} />
      </div>
      <${SettingsForm} settings=${settings} errors=${errors} onSettings=${setEdited} />
      <${ErrorBox} problem=${problem} />
      <div class="bar">
        <span class="bad-text" role="status">${Object.keys(errors).length ? `${t("settings.wrong")} ${errors[""] ?? ""}` : ""}</span>
        <${Button} onClick=${() => go("/campaigns")}>${t("action.cancel")}<//>
        <${Button} kind="primary" type="submit" busy=${busy} disabled=${!isChecked}>${t("create.do")}<//>
      </div>
    </form>`}`;
}
