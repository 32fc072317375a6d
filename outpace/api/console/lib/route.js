// Where one is: #/campaigns/3?tab=settings

import { useEffect, useState } from "./html.js";
import { may } from "./session.js";

/**
 * @typedef {{path: string, name: string, args: string[], query: Record<string, string>}} Route
 * @typedef {import("./session.js").Me} Me
 */

/** Pages in the order of the menu: whose they are, and their modules. */
const PAGES = {
  campaigns: { may: may.seeFigures, load: () => import("../pages/campaigns.js") },
  lists: { may: may.seeData, load: () => import("../pages/lists.js") },
  agents: { may: may.seeFloor, load: () => import("../pages/agents.js") },
  reports: { may: may.seeFigures, load: () => import("../pages/reports.js") },
  trunks: { may: may.seeFigures, load: () => import("../pages/trunks.js") },
  alarms: { may: may.seeFigures, load: () => import("../pages/alarms.js") },
  admin: { may: may.seeData, load: () => import("../pages/admin.js") },
  desk: { may: (/** @type {Me | null} */ me) => me?.role === "agent", load: () => import("../pages/desk.js") },
};

/** @typedef {keyof typeof PAGES} PageName */

/**
 * The pages that somebody's menu shows.
 *
 * @param {Me} me
 */
export const menuOf = (me) => /** @type {PageName[]} */ (Object.keys(PAGES)).filter((name) => PAGES[name].may(me));

/**
 * Where somebody begins.
 *
 * @param {Me | null} me
 */
export const home = (me) => (me?.role === "agent" ? "/desk" : "/campaigns");

/**
 * How the page of a name is loaded.
 *
 * @param {string} name
 * @returns {() => Promise<any>}
 */
export const pageOf = (name) => (PAGES[/** @type {PageName} */ (name)] ?? PAGES.campaigns).load;

/** Pages that are another one for each thing that they show; elsewhere the rest of the path is a tab. */
const OF_ONE = ["campaigns", "desk"];

/**
 * What a route shows, whichever tab of it: another place is drawn anew, and the focus goes to its beginning.
 *
 * @param {Route} route
 */
export const placeOf = ({ name, args }) => (OF_ONE.includes(name) ? `${name}/${args[0] ?? ""}` : name);

/** @returns {Route} */
function read() {
  const [path, query] = location.hash.slice(1).split("?");
  const [name, ...args] = path.split("/").filter(Boolean).map(decodeURIComponent);
  return { path, name: name in PAGES ? name : "campaigns", args, query: Object.fromEntries(new URLSearchParams(query)) };
}

/** The route; what uses it is drawn again when it is another one. */
export function useRoute() {
  const [route, setRoute] = useState(read);
  useEffect(() => {
    const follow = () => setRoute(read());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return route;
}

/**
 * Go to a page.
 *
 * @param {string} path such as `/campaigns/3`
 */
export function go(path) {
  location.hash = path;
}
