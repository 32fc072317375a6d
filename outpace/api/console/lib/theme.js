// Dark or light: as the system has it, or as it was chosen here.

import { useEffect, useState } from "./html.js";
import { createStore, useStore } from "./store.js";

const KEY = "outpace.theme";

/** @typedef {"auto" | "dark" | "light"} Theme */

/** @type {Theme[]} */
export const THEMES = ["auto", "light", "dark"];

const kept = localStorage.getItem(KEY);
const chosen = createStore(/** @type {Theme} */ (THEMES.includes(/** @type {Theme} */ (kept)) ? kept : "auto"));

/** @param {Theme} theme */
function show(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
show(chosen.get());

/** @param {Theme} theme */
export function setTheme(theme) {
  localStorage.setItem(KEY, theme);
  show(theme);
  chosen.set(theme);
}

/** What was chosen. */
export const useChosenTheme = () => useStore(chosen);

const system = matchMedia("(prefers-color-scheme: dark)");

/** What is shown: `dark` or `light`. */
export function useTheme() {
  const theme = useStore(chosen);
  const [isDark, setIsDark] = useState(system.matches);
  useEffect(() => {
    const follow = () => setIsDark(system.matches);
    system.addEventListener("change", follow);
    return () => system.removeEventListener("change", follow);
  }, []);
  if (theme !== "auto") return theme;
  return isDark ? "dark" : "light";
}
