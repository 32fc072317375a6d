// What the node says in English (why nothing is dialled, what is wrong with a value), in the chosen language.

import { percent } from "./format.js";
import { locale, t } from "./i18n.js";

/** A sentence of the node, and the key of the same sentence in the catalogue; groups are its parameters. */
const SENTENCES = /** @type {[RegExp, string][]} */ ([
  [/^must be from (?<low>\S+) to (?<high>\S+), not (?<value>.+)$/, "said.range"],
  [/^must not be empty$/, "said.empty"],
  [/^wants at least one(?: trunk group)?$/, "said.at-least-one"],
  [/^wants at least one of 1 \(Monday\) to 7 \(Sunday\)$/, "said.at-least-one"],
  [/^is what mode = 'agentless' plays/, "said.agentless-message"],
  [/ needs amd = true$/, "said.needs-amd"],
  [/^no such time zone: (?<value>.+)$/, "said.timezone"],
  [/^must be later than start \((?<start>\S+)\), not (?<end>\S+)$/, "said.end-later"],
  [/^wants a time of day as HH:MM, not (?<value>.+)$/, "said.time-of-day"],
  [/^wants a date as YYYY-MM-DD, not (?<value>.+)$/, "said.date"],
  [/names trunk group (?<group>\d+): no such$/, "said.trunk-group"],
  [/^wants a name for each answer$/, "said.answer-name"],
  [/^expected `(?:float|int)/i, "said.number"],

  [/^the campaign has not been started$/, "said.not-started"],
  [/^the campaign waits for its start$/, "said.waits"],
  [/^the campaign is paused$/, "said.paused"],
  [/^the campaign is draining/, "said.draining"],
  [/^the campaign is completed/, "said.completed"],
  [/^the campaign is (?:put away|archived)$/, "said.archived"],
  [/^no lead of the campaign is due and in the hopper$/, "said.no-leads"],
  [/^the switch is out of reach$/, "said.switch"],
  [/^outside the calling hours$/, "said.hours"],
  [/^another engine has taken the pool/, "said.fenced"],
  [/^the store is behind: (?<count>\d+) attempts/, "said.store-behind"],
  [/^all (?<places>\d+) places for calls are taken$/, "said.table-full"],
  [/^no agent is logged in and unpaused, (?<paused>\d+) are paused$/, "said.no-agents"],
  [/^the abandonment budget is spent \((?<abandoned>\d+) of (?<answered>\d+) at a cap of (?<cap>[\d.]+%)\)/, "said.budget"],
  [
    /^the pacer wants no further call: (?<ready>\d+) agents ready, (?<talking>\d+) talking, (?<wrap>\d+) in wrap-up, (?<calls>\d+) calls under way, (?<waiting>\d+) people waiting$/,
    "said.pacing",
  ],
  [/^trunk group '(?<group>.+)' had no circuit just now$/, "said.no-circuit"],
  [/^all (?<channels>\d+) channels of trunk group '(?<group>.+)' are in use$/, "said.channels"],
  [/^(?<count>\d+) originates are outstanding on trunk group '(?<group>.+)'$/, "said.pending"],
  [/^trunk group '(?<group>.+)' takes (?<cps>\S+) calls a second$/, "said.cps"],
  [/^its number is suppressed$/, "said.suppressed"],
  [/^it has no turn any more: (?<lead_state>\w+)$/, "said.finished"],
  [/^its turn has not come: (?<lead_state>\w+)$/, "said.not-due"],
  [/^it is in a call: (?<call>\d+) is (?<call_state>\w+)$/, "said.in-call"],
  [/^(?<count>\d+) leads in the hopper are dialled before it$/, "said.hopper"],
  [/^the engine has not got it from the store/, "said.not-leased"],
]);

/**
 * A value in a sentence.
 *
 * @param {string} name
 * @param {string} value
 */
function written(name, value) {
  if (name === "cap") return percent(Number.parseFloat(value) / 100);
  if (name === "lead_state") return t(`lead.state.${value}`);
  if (name === "call_state") return t(`call.state.${value}`);
  return value;
}

/**
 * A sentence of the node in the chosen language; one that is not known stays as it is.
 *
 * @param {string} sentence
 * @param {(name: string, value: string) => string} [show] how a value in it is written
 */
export function said(sentence, show = written) {
  const isEnglish = locale().startsWith("en");
  for (const [pattern, key] of SENTENCES) {
    const found = pattern.exec(sentence);
    if (found && (!isEnglish || key === "said.range" || key === "said.number")) {
      const given = Object.entries(found.groups ?? {}).map(([name, value]) => [name, show(name, value)]);
      return t(key, Object.fromEntries(given));
    }
  }
  return sentence;
}
