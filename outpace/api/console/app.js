// The shell: who is signed in, the menu by role, the page of the route.

import { Alarms } from "./shell/alarms.js";
import { Header } from "./shell/header.js";
import { SignIn } from "./shell/sign_in.js";
import { api } from "./lib/api.js";
import { html, render, useEffect, useErrorBoundary, useState } from "./lib/html.js";
import { t, useLanguage } from "./lib/i18n.js";
import { hangUp } from "./lib/live.js";
import { go, home, pageOf, placeOf, useRoute } from "./lib/route.js";
import { keepToken, session, signedIn, signOut, token } from "./lib/session.js";
import { useStore } from "./lib/store.js";
import { Button, ErrorBox, Toasts } from "./lib/ui.js";

/**
 * The page of a route, loaded when it is first seen.
 *
 * @param {{route: import("./lib/route.js").Route}} props
 */
function Page({ route }) {
  const [loaded, setLoaded] = useState(/** @type {{name: string, Part: any, problem: any}} */ ({ name: "", Part: null, problem: null }));
  const [failed, recover] = useErrorBoundary();
  useEffect(() => {
    let isWanted = true;
    recover();
    pageOf(route.name)().then(
      (module) => isWanted && setLoaded({ name: route.name, Part: module.default, problem: null }),
      (problem) => isWanted && setLoaded({ name: route.name, Part: null, problem }),
    );
    return () => {
      isWanted = false;
    };
  }, [route.name]);
  if (failed || loaded.problem) {
    return html`<${ErrorBox} problem=${failed ?? loaded.problem} />
      <${Button} onClick=${() => location.reload()}>${t("action.reload")}<//>`;
  }
  if (loaded.name !== route.name) return html`<p class="loading">${t("shell.loading")}</p>`;
  return html`<${loaded.Part} key=${placeOf(route)} route=${route} />`;
}

function Shell() {
  const route = useRoute();
  useLanguage();
  const title = t(`page.${route.name}`);
  useEffect(() => {
    document.title = `${title} · outpace`;
  }, [title]);
  useEffect(() => document.getElementById("main")?.focus({ preventScroll: true }), [placeOf(route)]);
  return html`<a class="skip" href="#main" onClick=${(/** @type {Event} */ event) => {
      event.preventDefault();
      document.getElementById("main")?.focus();
    }}>${t("shell.skip")}</a>
    <${Header} route=${route} />
    <${Alarms} />
    <main id="main" tabindex="-1"><${Page} route=${route} /></main>`;
}

// A token in the address, as the command line prints it, is taken from there and not left in the history. Whether there
// was one.
function takeToken() {
  const [path, query] = location.hash.slice(1).split("?");
  const given = new URLSearchParams(query).get("token");
  if (path !== "/sign-in" || !given) return false;
  keepToken(given);
  history.replaceState(null, "", "#/");
  return true;
}

async function begin() {
  if (!token()) {
    signOut();
    return;
  }
  try {
    signedIn(await api.get("/v1/me"));
  } catch (problem) {
    if (session.get().state !== "out") session.set({ state: "out", me: null, why: "session.unreachable" });
  }
}

function App() {
  const { state, me } = useStore(session);
  useEffect(() => {
    begin();
  }, []);
  useEffect(() => {
    if (state === "out") hangUp();
    if (state === "in" && /^#?\/?(sign-in.*)?$/.test(location.hash)) go(home(me));
  }, [state]);
  return html`${state === "in" && html`<${Shell} />`} ${state === "out" && html`<${SignIn} />`} <${Toasts} />`;
}

takeToken();
// an address that is opened in a tab that shows the console loads nothing: whoever was signed in there is not any more
addEventListener("hashchange", () => {
  if (takeToken()) location.reload();
});
render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
