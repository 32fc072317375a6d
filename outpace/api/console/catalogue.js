// The one catalogue: {key: {en, zh}}. A text is a string, or has forms for one and for other numbers.

import admin from "./catalogue/admin.js";
import agents from "./catalogue/agents.js";
import alarms from "./catalogue/alarms.js";
import board from "./catalogue/board.js";
import desk from "./catalogue/desk.js";
import lists from "./catalogue/lists.js";
import reports from "./catalogue/reports.js";
import shell from "./catalogue/shell.js";
import trunks from "./catalogue/trunks.js";

/**
 * @typedef {string | {one: string, other: string}} Text
 * @type {Record<string, {en: Text, zh: Text}>}
 */
export const catalogue = { ...shell, ...board, ...desk, ...lists, ...agents, ...reports, ...trunks, ...alarms, ...admin };
