// Lists of leads: import, inspect, one hot lead, what may be called now and why not, numbers that are not called.

import { api } from "../lib/api.js";
import { html } from "../lib/html.js";
import { t, useLanguage } from "../lib/i18n.js";
import { go } from "../lib/route.js";
import { ErrorBox, Tabs, useAsked } from "../lib/ui.js";
import { Imports } from "./lists/imports.js";
import { Leads } from "./lists/leads.js";
import { Suppression } from "./lists/suppression.js";

const TABS = ["imports", "leads", "suppression"];

/**
 * All campaigns, as [id, name] pairs of a Select.
 *
 * @returns {Promise<[number, string][]>}
 */
async function campaignsOf() {
  /** @type {[number, string][]} */
  const found = [];
  for await (const page of api.pages("/v1/campaigns")) {
    found.push(...page.map((/** @type {any} */ one) => [one.campaign_id, one.name]));
  }
  return found;
}

/** @param {{route: import("../lib/route.js").Route}} props */
export default function ListsPage({ route }) {
  useLanguage();
  const { value: campaigns, problem } = useAsked(campaignsOf, []);
  const tab = TABS.includes(route.args[0]) ? route.args[0] : "imports";
  const shown = { imports: Imports, leads: Leads, suppression: Suppression }[tab];
  return html`
    <h1>${t("page.lists")}</h1>
    <${ErrorBox} problem=${problem} />
    <${Tabs}
      label=${t("page.lists")}
      tabs=${TABS.map((key) => [key, t(`lists.tab.${key}`)])}
      selected=${tab}
      onSelect=${(/** @type {string} */ key) => go(`/lists/${key}`)}
    >
      ${campaigns && html`<${shown} campaigns=${campaigns} query=${route.query} />`}
    <//>
  `;
}
