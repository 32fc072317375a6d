// Campaigns: all of them, a new one, or one with its board, settings, decisions and history.

import { html } from "../lib/html.js";
import { NewCampaign } from "./campaign/create.js";
import { CampaignList } from "./campaign/list.js";
import { OneCampaign } from "./campaign/one.js";

/** @param {{route: import("../lib/route.js").Route}} props */
export default function Campaigns({ route }) {
  const [which, tab] = route.args;
  if (which === "new") return html`<${NewCampaign} />`;
  return which ? html`<${OneCampaign} campaignId=${Number(which)} tab=${tab ?? "live"} />` : html`<${CampaignList} />`;
}
