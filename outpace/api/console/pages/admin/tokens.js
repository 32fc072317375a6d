// Tokens: make one, which is shown once, and revoke one.

import { api } from "../../lib/api.js";
import { dateTime } from "../../lib/format.js";
import { html, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { Badge, Button, Dialog, ErrorBox, Field, Select, Table, toast, useAct, useAsked } from "../../lib/ui.js";

const ROLES = ["operator", "supervisor", "agent", "integrator", "monitor"];
const EMPTY = { name: "", role: "supervisor", agent_id: "", expires_at: "" };

/**
 * The token itself, this once.
 *
 * @param {{made: any, onClose: () => void}} props
 */
function Made({ made, onClose }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(made.token);
      toast(t("tokens.copied"));
    } catch {
      toast(t("tokens.not_copied"), "wrong"); // people and policies may deny it
    }
  };
  // the clipboard is there on loopback and behind TLS only; the text can be marked in any case
  const footer = navigator.clipboard && html`<${Button} kind="primary" onClick=${copy}>${t("tokens.copy")}<//>`;
  return html`<${Dialog} title=${t("tokens.made", { name: made.view.name })} onClose=${onClose} footer=${footer} isWide>
    <p>${t("tokens.once")}</p>
    <p><code class="secret">${made.token}</code></p>
  <//>`;
}

/** @param {{onMade: (made: any) => void}} props */
function TokenForm({ onMade }) {
  const [form, setForm] = useState(EMPTY);
  const agents = useAsked(() => api.get("/v1/agents"), []);
  const change = (/** @type {Partial<typeof EMPTY>} */ some) => setForm((/** @type {any} */ before) => ({ ...before, ...some }));
  const isAgent = form.role === "agent";
  const { run, busy, problem } = useAct(async () => {
    const expires_at = form.expires_at ? new Date(form.expires_at).toISOString() : null;
    const agent_id = isAgent ? Number(form.agent_id) : 0;
    const made = await api.post("/v1/tokens", { name: form.name, role: form.role, agent_id, expires_at });
    setForm(EMPTY);
    onMade(made);
  });
  const errors = problem?.fields ?? {};
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  /** @type {[string | number, string][]} */
  const whose = [["", t("desk.choose")], ...(agents.value ?? []).map((/** @type {any} */ agent) => [agent.agent_id, agent.name])];
  return html`<form class="card" onSubmit=${send} aria-label=${t("tokens.make")}>
    <h2>${t("tokens.make")}</h2>
    <div class="form">
      <${Field} label=${t("tokens.name")} value=${form.name} required maxlength="200" error=${errors.name ?? ""}
        onInput=${(/** @type {string} */ name) => change({ name })} />
      <${Select} label=${t("tokens.role")} value=${form.role} options=${ROLES.map((role) => [role, t(`role.${role}`)])}
        onChange=${(/** @type {string} */ role) => change({ role })} />
      ${isAgent &&
      html`<${Select} label=${t("tokens.agent")} value=${form.agent_id} options=${whose} required error=${errors.agent_id ?? ""}
        onChange=${(/** @type {string} */ agent_id) => change({ agent_id })} />`}
      <${Field} label=${t("tokens.expires_at")} type="datetime-local" value=${form.expires_at} hint=${t("tokens.expires_hint")} error=${errors.expires_at ?? ""}
        onInput=${(/** @type {string} */ expires_at) => change({ expires_at })} />
    </div>
    <${ErrorBox} problem=${problem ?? agents.problem} />
    <div class="buttons"><${Button} kind="primary" type="submit" busy=${busy}>${t("tokens.make")}<//></div>
  </form>`;
}

export function Tokens() {
  const [made, setMade] = useState(/** @type {any} */ (null));
  const tokens = useAsked(() => api.get("/v1/tokens"), []);
  const revoke = useAct(async (/** @type {any} */ token) => {
    await api.del(`/v1/tokens/${token.token_id}`);
    await tokens.again();
  });
  /** @type {any[]} */
  const columns = [
    { key: "name", label: t("tokens.name"), isHead: true, sort: (/** @type {any} */ token) => token.name },
    {
      key: "role",
      label: t("tokens.role"),
      sort: (/** @type {any} */ token) => token.role,
      render: (/** @type {any} */ token) => t(`role.${token.role}`) + (token.agent_id ? ` ${token.agent_id}` : ""),
    },
    { key: "created_at", label: t("tokens.created_at"), sort: (/** @type {any} */ token) => token.created_at, render: (/** @type {any} */ token) => dateTime(token.created_at) },
    { key: "expires_at", label: t("tokens.expires_at"), render: (/** @type {any} */ token) => (token.expires_at ? dateTime(token.expires_at) : t("tokens.never")) },
    {
      key: "state",
      label: t("tokens.state"),
      sort: (/** @type {any} */ token) => token.revoked,
      render: (/** @type {any} */ token) => html`<${Badge} tone=${token.revoked ? "bad" : "good"}>${t(token.revoked ? "tokens.revoked" : "tokens.holds")}<//>`,
    },
    {
      key: "act",
      label: t("tokens.act"),
      render: (/** @type {any} */ token) =>
        token.revoked
          ? ""
          : html`<${Button} kind="danger small" busy=${revoke.busy} onClick=${() => revoke.run(token)} aria-label=${t("tokens.revoke_one", { name: token.name })}>${t("tokens.revoke")}<//>`,
    },
  ];
  return html`<div class="stack">
      <${TokenForm}
        onMade=${(/** @type {any} */ one) => {
          setMade(one);
          tokens.again();
        }}
      />
      <section class="card">
        <${ErrorBox} problem=${tokens.problem ?? revoke.problem} />
        <${Table} caption=${t("tokens.caption")} columns=${columns} rows=${tokens.value ?? []} rowKey=${(/** @type {any} */ token) => token.token_id} first="-created_at" />
      </section>
    </div>
    ${made && html`<${Made} made=${made} onClose=${() => setMade(null)} />`}`;
}
