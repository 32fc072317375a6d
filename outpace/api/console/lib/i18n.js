// Words in the chosen language, all from one catalogue.

import { catalogue } from "../catalogue.js";
import { createStore, useStore } from "./store.js";

const KEY = "outpace.language";

/** Languages as they call themselves. */
export const LANGUAGES = { en: "English", zh: "中文" };
const LOCALES = { en: "en-GB", zh: "zh-CN" };

/** @typedef {keyof typeof LANGUAGES} Language */

/** @returns {Language} */
function first() {
  const kept = localStorage.getItem(KEY);
  if (kept === "en" || kept === "zh") return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

const language = createStore(first());

/** @param {Language} chosen */
export function setLanguage(chosen) {
  localStorage.setItem(KEY, chosen);
  document.documentElement.lang = LOCALES[chosen];
  language.set(chosen);
}
document.documentElement.lang = LOCALES[first()];

/** The language; what uses it is drawn again when another one is chosen. */
export const useLanguage = () => useStore(language);

/** The locale for Intl. */
export const locale = () => LOCALES[language.get()];

/** @type {Record<string, Intl.PluralRules>} */
const plurals = {};

/**
 * The text of a key. `{name}` in it is replaced by the parameter of that name; where a text has forms for numbers
 * (`one`, `other`), the parameter `n` chooses. A key that is not there is shown as it is.
 *
 * @param {string} key
 * @param {Record<string, string | number>} [params] numbers are written as they are: format them before
 * @returns {string}
 */
export function t(key, params) {
  const entry = catalogue[key]?.[language.get()];
  if (entry === undefined) return key;
  let text = entry;
  if (typeof text === "object") {
    const rules = (plurals[locale()] ??= new Intl.PluralRules(locale()));
    text = text[rules.select(Number(params?.n ?? 0)) === "one" ? "one" : "other"];
  }
  return params ? text.replace(/\{(\w+)\}/g, (whole, name) => String(params[name] ?? whole)) : text;
}

/**
 * Whether the catalogue has a key.
 *
 * @param {string} key
 */
export const hasText = (key) => key in catalogue;
