// Sign in by token.

import { api } from "../lib/api.js";
import { html, useState } from "../lib/html.js";
import { t, useLanguage } from "../lib/i18n.js";
import { keepToken, session, signedIn } from "../lib/session.js";
import { useStore } from "../lib/store.js";
import { Button, ErrorBox, Field, useAct } from "../lib/ui.js";
import { Choices } from "./header.js";

export function SignIn() {
  const { why } = useStore(session);
  const [text, setText] = useState("");
  useLanguage();
  const { run, busy, problem } = useAct(async () => {
    keepToken(text.trim());
    signedIn(await api.get("/v1/me"));
  });
  const onSubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  return html`<main class="sign-in">
    <form onSubmit=${onSubmit}>
      <h1><img src="icon.svg" alt="" width="34" height="34" />outpace</h1>
      ${why && !problem && html`<p class="notice" role="alert">${t(why)}</p>`}
      <${Field}
        label=${t("session.token")}
        hint=${t("session.hint")}
        type="password"
        autocomplete="off"
        spellcheck=${false}
        required
        value=${text}
        onInput=${setText}
      />
      <${ErrorBox} problem=${problem} />
      <${Button} type="submit" kind="primary" busy=${busy}>${t("session.sign-in")}<//>
    </form>
    <${Choices} />
  </main>`;
}
