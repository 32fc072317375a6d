// The pacing dial: mode, cap, ratio, reserve. What a change would do is shown before it can be made.

import { html, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { Button } from "../../lib/ui.js";
import { ChangeDialog } from "./change.js";
import { GROUPS, patched, patchOf } from "./fields.js";
import { Setting, useValidation } from "./form.js";

const ON_DIAL = ["mode", "abandonment.cap", "ratio", "ratio_counts", "reserve"];
const FIELDS = ON_DIAL.map((path) => [...GROUPS.pacing, ...GROUPS.abandonment].find((field) => field.path === path));

/** @param {{campaign: any, onCampaign: () => void}} props */
export function Dial({ campaign, onCampaign }) {
  const [patch, setPatch] = useState(/** @type {Record<string, any>} */ ({}));
  const [isAsking, setIsAsking] = useState(false);
  const settings = patched(campaign.settings, patch);
  const isChanged = Object.keys(patch).length > 0;
  const { errors, isChecked } = useValidation(isChanged ? settings : null);
  const onSubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isChecked) setIsAsking(true);
  };
  return html`<form class="card dial" onSubmit=${onSubmit}>
      <h2>${t("dial.title")}</h2>
      ${FIELDS.filter((field) => field && (field.when?.(settings) ?? true)).map(
        (field) => html`<${Setting}
          key=${field?.path}
          field=${field}
          settings=${settings}
          errors=${isChanged ? errors : {}}
          onSettings=${(/** @type {any} */ next) => setPatch(patchOf(campaign.settings, next))}
        />`,
      )}
      ${errors[""] && html`<p class="error">${errors[""]}</p>`}
      <div class="buttons">
        <${Button} kind="primary" type="submit" disabled=${!isChanged || !isChecked}>${t("dial.ask")}<//>
        <${Button} disabled=${!isChanged} onClick=${() => setPatch({})}>${t("settings.discard")}<//>
      </div>
      <p class="hint">${t("dial.hint")}</p>
    </form>
    ${isAsking &&
    html`<${ChangeDialog}
      campaign=${campaign}
      patch=${patch}
      onClose=${() => setIsAsking(false)}
      onOvertaken=${onCampaign}
      onApplied=${() => {
        setPatch({});
        onCampaign();
      }}
    />`}`;
}
