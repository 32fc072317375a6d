// A new agent, or other settings of one.

import { api } from "../../lib/api.js";
import { html, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { Button, Check, Dialog, ErrorBox, Field, useAct } from "../../lib/ui.js";

/** @param {{agent: any, campaigns: [number, string][], onClose: () => void, onSaved: (name: string) => void}} props `agent` {} = a new one */
export function AgentForm({ agent, campaigns, onClose, onSaved }) {
  const [name, setName] = useState(agent.name ?? "");
  const [leg, setLeg] = useState(agent.leg ?? "");
  const [serves, setServes] = useState(/** @type {number[]} */ (agent.campaigns ?? []));
  const { run, busy, problem } = useAct(async () => {
    const body = { name, leg, campaigns: serves };
    if (agent.agent_id) await api.put(`/v1/agents/${agent.agent_id}`, body);
    else await api.post("/v1/agents", body);
    onSaved(name);
  });
  const errors = problem?.fields ?? {};
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  const serve = (/** @type {number} */ id, /** @type {boolean} */ does) =>
    setServes((/** @type {number[]} */ before) => (does ? [...before, id] : before.filter((one) => one !== id)));
  return html`<${Dialog} title=${agent.agent_id ? t("agents.change_one", { name: agent.name }) : t("agents.add")} onClose=${onClose}>
    <form class="stack" onSubmit=${send}>
      <${Field} label=${t("agents.name")} value=${name} required maxlength="200" error=${errors.name ?? ""} onInput=${setName} />
      <${Field} label=${t("agents.leg")} value=${leg} maxlength="200" hint=${t("agents.leg_hint")} error=${errors.leg ?? ""} onInput=${setLeg} />
      <fieldset>
        <legend>${t("agents.serves")}</legend>
        ${campaigns.map(
          ([id, campaign]) => html`<${Check} key=${id} label=${campaign} checked=${serves.includes(id)} onChange=${(/** @type {boolean} */ does) => serve(id, does)} />`,
        )}
        ${errors.campaigns && html`<p class="error">${errors.campaigns}</p>`}
      </fieldset>
      <${ErrorBox} problem=${problem} />
      <div class="buttons"><${Button} kind="primary" type="submit" busy=${busy} disabled=${!serves.length}>${t("action.save")}<//></div>
    </form>
  <//>`;
}
