// Name of the product, menu by role, how the stream is, language, theme, and the way out.

import { html } from "../lib/html.js";
import { LANGUAGES, setLanguage, t, useLanguage } from "../lib/i18n.js";
import { useConnection } from "../lib/live.js";
import { home, menuOf } from "../lib/route.js";
import { signOut, useMe } from "../lib/session.js";
import { setTheme, THEMES, useChosenTheme } from "../lib/theme.js";
import { Button } from "../lib/ui.js";

function Stream() {
  const state = useConnection();
  if (state === "off") return null;
  return html`<span class=${`stream ${state}`} role="status">${t(`stream.${state}`)}</span>`;
}

/** Language and theme; on the sign-in page, too. */
export function Choices() {
  const language = useLanguage();
  const theme = useChosenTheme();
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  return html`<div class="choices">
    <select aria-label=${t("shell.language")} value=${language} onChange=${(/** @type {any} */ event) => setLanguage(event.currentTarget.value)}>
      ${Object.entries(LANGUAGES).map(
        ([key, name]) => html`<option key=${key} value=${key} lang=${key} selected=${key === language}>${name}</option>`,
      )}
    </select>
    <${Button} kind="quiet" onClick=${() => setTheme(next)} title=${t("shell.theme")}>${t(`theme.${theme}`)}<//>
  </div>`;
}

/** @param {{route: import("../lib/route.js").Route}} props */
export function Header({ route }) {
  const me = useMe();
  useLanguage();
  return html`<header class="top">
    <a class="brand" href=${`#${home(me)}`}><img src="icon.svg" alt="" width="22" height="22" />outpace</a>
    <nav aria-label=${t("shell.menu")}>
      <ul>
        ${menuOf(me).map(
          (name) => html`<li key=${name}>
            <a href=${`#/${name}`} aria-current=${name === route.name ? "page" : undefined}>${t(`page.${name}`)}</a>
          </li>`,
        )}
      </ul>
    </nav>
    <${Stream} />
    <${Choices} />
    <span class="who">${me.name}<small>${t(`role.${me.role}`)}</small></span>
    <${Button} kind="quiet" onClick=${() => signOut()}>${t("session.sign-out")}<//>
  </header>`;
}
