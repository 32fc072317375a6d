// Campaigns.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";

/** @param {{route: import("../lib/route.js").Route}} props */
export default function Campaigns({ route }) {
  return html`<h1>${t("page.campaigns")} ${route.args[0]}</h1>`;
}
