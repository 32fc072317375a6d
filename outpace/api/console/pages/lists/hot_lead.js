// One lead that is dialled before all others.

import { api, newKey } from "../../lib/api.js";
import { html, useMemo, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { Button, Check, Dialog, ErrorBox, Field, Select, TextArea, toast, useAct } from "../../lib/ui.js";

/**
 * Lines of `name = value` as attributes.
 *
 * @param {string} text
 */
function attributesOf(text) {
  const pairs = text.split("\n").map((line) => line.split("=")).filter(([name]) => name.trim());
  return Object.fromEntries(pairs.map(([name, ...value]) => [name.trim(), value.join("=").trim()]));
}

/** @param {{campaigns: [number, string][], campaign: string, onClose: () => void, onAdded: (lead: any) => void}} props */
export function HotLead({ campaigns, campaign, onClose, onAdded }) {
  const [into, setInto] = useState(campaign || String(campaigns[0][0]));
  const [form, setForm] = useState({ number: "", region: "", reference: "", attributes: "", hot: true });
  const change = (/** @type {Partial<typeof form>} */ some) => setForm((/** @type {any} */ before) => ({ ...before, ...some }));
  // the same lead sent again, after a break of the line, is added once
  const key = useMemo(newKey, [form, into]);
  const { run, busy, problem } = useAct(async () => {
    const body = { ...form, attributes: attributesOf(form.attributes) };
    onAdded(await api.post(`/v1/campaigns/${into}/leads`, body, { idempotencyKey: key }));
    toast(t("leads.added"));
  });
  const errors = problem?.fields ?? {};
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  return html`<${Dialog} title=${t("leads.hot")} onClose=${onClose}>
    <form class="stack" onSubmit=${send}>
      <p class="hint">${t("leads.hot_hint")}</p>
      <${Select} label=${t("lists.campaign")} value=${into} options=${campaigns} onChange=${setInto} />
      <${Field} label=${t("leads.number")} type="tel" value=${form.number} required autofocus error=${errors.number ?? ""}
        onInput=${(/** @type {string} */ number) => change({ number })} />
      <${Field} label=${t("lists.region")} value=${form.region} maxlength="2" hint=${t("lists.region_hint")} error=${errors.region ?? ""}
        onInput=${(/** @type {string} */ region) => change({ region: region.toUpperCase() })} />
      <${Field} label=${t("leads.reference")} value=${form.reference} onInput=${(/** @type {string} */ reference) => change({ reference })} />
      <${TextArea} label=${t("leads.attributes")} value=${form.attributes} hint=${t("leads.attributes_hint")}
        onInput=${(/** @type {string} */ attributes) => change({ attributes })} />
      <${Check} label=${t("leads.is_hot")} checked=${form.hot} onChange=${(/** @type {boolean} */ hot) => change({ hot })} />
      <${ErrorBox} problem=${problem} />
      <div class="buttons"><${Button} kind="primary" type="submit" busy=${busy}>${t("leads.add")}<//></div>
    </form>
  <//>`;
}
