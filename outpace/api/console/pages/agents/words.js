// Names and signs of what agents do.

import { hasText, t } from "../../lib/i18n.js";

/** Codes that the console offers for a pause; any other from 0 to 255 comes from elsewhere. */
export const REASONS = [1, 2, 3, 4, 5, 6, 7];

/** @param {string} state */
export const stateName = (state) => t(`agent.state.${state}`);

/** @param {string} legState */
export const legName = (legState) => t(`leg.state.${legState}`);

/** @param {string | number} code */
export const reasonName = (code) => (hasText(`pause.${code}`) ? t(`pause.${code}`) : t("pause.code", { code }));

/** @type {Record<string, string>} */
const TONES = { ready: "good", talking: "busy", connecting: "busy", hold: "busy", reserved: "busy", previewing: "busy", wrap_up: "warn" };

/** @param {string} state */
export const toneOf = (state) => TONES[state] ?? "";
