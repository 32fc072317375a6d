// Who is signed in: a token in the tab's own storage, and whom it speaks for.

import { createStore, useStore } from "./store.js";

const KEY = "outpace.token";

/**
 * @typedef {{name: string, role: string, agent_id: number, names_legs: boolean, expires_at: string | null}} Me
 * @typedef {{state: "unknown" | "out" | "in", me: Me | null, why: string}} Session
 */

/** `why` is a key of the catalogue that says why one is signed out, "" = nobody was signed in. */
export const session = createStore(/** @type {Session} */ ({ state: "unknown", me: null, why: "" }));

/** The token of this tab, "" = none. */
export const token = () => sessionStorage.getItem(KEY) ?? "";

/** Whether a header can carry the token; what cannot be sent cannot be a token. */
export const isTokenSendable = () => /^[\x21-\x7e]+$/.test(token());

/** @param {string} text */
export const keepToken = (text) => sessionStorage.setItem(KEY, text);

/** @param {Me} me */
export const signedIn = (me) => session.set({ state: "in", me, why: "" });

/** @param {string} why key of the catalogue */
export function signOut(why = "") {
  sessionStorage.removeItem(KEY);
  session.set({ state: "out", me: null, why });
}

/** Whom the token speaks for; within pages there is always somebody. */
export const useMe = () => /** @type {Me} */ (useStore(session).me);

const STEERING = ["operator", "supervisor"];

/**
 * The topics of the live stream that a role may listen to.
 *
 * @type {Record<string, string[]>}
 */
const TOPICS = {
  operator: ["campaigns", "agents", "calls", "alarms", "attempts", "dispositions", "jobs"],
  supervisor: ["campaigns", "agents", "calls", "alarms", "attempts", "dispositions", "jobs"],
  integrator: ["campaigns", "attempts", "dispositions", "alarms", "jobs"],
  agent: ["agents", "calls"],
  monitor: ["campaigns", "alarms"],
};

/** What roles may do, as far as the console shows or hides it; the API decides. */
export const may = {
  /** @param {Me | null} me */
  create: (me) => me?.role === "operator",
  /** @param {Me | null} me */
  steer: (me) => STEERING.includes(me?.role ?? ""),
  /** @param {Me | null} me */
  seeData: (me) => [...STEERING, "integrator"].includes(me?.role ?? ""),
  /** @param {Me | null} me */
  seeFloor: (me) => STEERING.includes(me?.role ?? ""),
  /** @param {Me | null} me */
  seeFigures: (me) => [...STEERING, "integrator", "monitor"].includes(me?.role ?? ""),
  /** @param {Me | null} me @param {string} topic */
  hear: (me, topic) => (TOPICS[me?.role ?? ""] ?? []).includes(topic),
};
