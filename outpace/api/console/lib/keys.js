// Keys for what is done all day. A key alone does something only while nobody types, and can be switched off.

import { html, useLayoutEffect, useRef } from "./html.js";
import { createStore, useStore } from "./store.js";

const KEY = "outpace.keys";

const isOn = createStore(localStorage.getItem(KEY) !== "off");

/** @param {boolean} on */
export function setKeys(on) {
  localStorage.setItem(KEY, on ? "on" : "off");
  isOn.set(on);
}

/** Whether keys do something. */
export const useKeysOn = () => useStore(isOn);

const WITHOUT_TYPING = ["checkbox", "radio", "button", "submit", "reset", "file"];

/** @param {EventTarget | null} target */
function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !WITHOUT_TYPING.includes(target.type);
  return target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName);
}

/**
 * Acts by their keys (lower case, or a digit). In a field, in a dialogue, and together with Ctrl, Alt or Meta they do
 * nothing; Ctrl+Enter is `submit`, Escape leaves a field.
 *
 * @param {Record<string, (() => void) | false | null | undefined>} acts
 */
export function useKeys(acts) {
  const latest = useRef(acts);
  latest.current = acts;
  useLayoutEffect(() => {
    const listen = (/** @type {KeyboardEvent} */ event) => {
      if (event.defaultPrevented || event.repeat || document.querySelector("dialog[open]")) return;
      const typing = isTyping(event.target);
      let name = event.key.toLowerCase();
      if (name === "enter" && event.ctrlKey) name = "submit";
      else if (name === "escape" && typing) {
        /** @type {HTMLElement} */ (event.target).blur();
        return;
      } else if (!isOn.get() || typing || event.ctrlKey || event.altKey || event.metaKey) return;
      const act = latest.current[name];
      if (act) {
        event.preventDefault();
        act();
      }
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
}

/**
 * The key of an act, as it is shown on its button.
 *
 * @param {{name: string}} props
 */
export function Kbd({ name }) {
  return useKeysOn() ? html`<kbd aria-hidden="true">${name.toUpperCase()}</kbd>` : null;
}
