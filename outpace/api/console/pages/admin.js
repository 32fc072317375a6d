// Tokens, webhooks, and who did what.

import { html } from "../lib/html.js";
import { t, useLanguage } from "../lib/i18n.js";
import { go } from "../lib/route.js";
import { useMe } from "../lib/session.js";
import { Tabs } from "../lib/ui.js";
import { Audit } from "./admin/audit.js";
import { Tokens } from "./admin/tokens.js";
import { Webhooks } from "./admin/webhooks.js";

const PARTS = { tokens: Tokens, webhooks: Webhooks, audit: Audit };

/**
 * What a role may do here, as the API decides it.
 *
 * @type {Record<string, (keyof typeof PARTS)[]>}
 */
const TABS = { operator: ["tokens", "webhooks", "audit"], supervisor: ["audit"], integrator: ["webhooks"] };

/** @param {{route: import("../lib/route.js").Route}} props */
export default function AdminPage({ route }) {
  useLanguage();
  const mine = TABS[useMe().role] ?? [];
  const tab = mine.find((one) => one === route.args[0]) ?? mine[0];
  return html`
    <h1>${t("page.admin")}</h1>
    <${Tabs}
      label=${t("page.admin")}
      tabs=${mine.map((one) => [one, t(`admin.${one}`)])}
      selected=${tab}
      onSelect=${(/** @type {string} */ one) => go(`/admin/${one}`)}
    >
      <${PARTS[tab]} />
    <//>
  `;
}
