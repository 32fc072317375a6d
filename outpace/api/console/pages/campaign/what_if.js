// What a change would do, before it is made: a job that plays the campaign as it is and with the change.

import { api } from "../../lib/api.js";
import { duration, number, percent } from "../../lib/format.js";
import { html, useEffect, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { useConnection, useLive } from "../../lib/live.js";
import { Button, ErrorBox, Progress, Table } from "../../lib/ui.js";
import { FIGURES } from "./words.js";

/** Besides the node's own words, `lost`: a job that the node has forgotten, as it does when it starts again. */
const ENDED = ["done", "failed", "cancelled", "lost"];
const UNKNOWN = 404;

/**
 * Play a change. `patch` null = nothing to play.
 *
 * @param {number} campaignId
 * @param {Record<string, unknown> | null} patch
 * @param {number} version of the settings that the patch is made on; another one plays again
 * @returns {{job: any, problem: any, isOver: boolean, cancel: () => void}}
 */
export function useWhatIf(campaignId, patch, version) {
  const [asked, setAsked] = useState(/** @type {{job: any, problem: any}} */ ({ job: null, problem: null }));
  const { items } = useLive("jobs");
  const connection = useConnection();
  const text = JSON.stringify(patch);
  useEffect(() => {
    let isWanted = true;
    let id = "";
    setAsked({ job: null, problem: null });
    const cancel = () => api.post(`/v1/jobs/${id}/cancel`).catch(() => undefined); // it may have ended
    if (patch) {
      api.post("/v1/simulations", { campaign_id: campaignId, changes: patch }).then(
        (job) => {
          id = job.job_id;
          if (isWanted) setAsked({ job, problem: null });
          else cancel();
        },
        (problem) => isWanted && setAsked({ job: null, problem }),
      );
    }
    return () => {
      isWanted = false;
      if (id) cancel();
    };
  }, [campaignId, text, version]);
  const mine = asked.job;
  const job = mine && (ENDED.includes(mine.state) ? mine : (items.get(mine.job_id) ?? mine));
  const isOver = asked.problem !== null || ENDED.includes(job?.state);
  const look = () =>
    api
      .get(`/v1/jobs/${mine.job_id}`)
      .then(
        (found) => ({ job: found, problem: null }),
        (problem) => (problem.status === UNKNOWN ? { job: { ...mine, state: "lost", error: "" }, problem: null } : { job: null, problem }),
      )
      .then((found) => setAsked((/** @type {any} */ now) => (now.job?.job_id === mine.job_id ? found : now)));
  // the stream does not tell of a job that ended before it was opened and is forgotten
  useEffect(() => {
    if (connection === "live" && mine && !isOver) look();
  }, [connection, mine?.job_id]);
  return {
    job,
    problem: asked.problem,
    isOver,
    cancel: () => mine && api.post(`/v1/jobs/${mine.job_id}/cancel`).catch(look),
  };
}

/**
 * @param {any} estimate
 * @param {(value: number | null) => string} write
 */
function withInterval(estimate, write) {
  return html`<span class="estimate">${write(estimate.mean)}<small>${write(estimate.low)} … ${write(estimate.high)}</small></span>`;
}

/** @param {{difference: any, write: (value: number | null) => string}} props */
function Difference({ difference, write }) {
  const isShown = difference.low > 0 || difference.high < 0;
  const sign = !isShown ? "≈" : difference.mean > 0 ? "▲" : "▼";
  return html`<span class="estimate">
    <span><span aria-hidden="true">${sign} </span>${difference.mean > 0 ? "+" : ""}${write(difference.mean)}</span>
    <small>${isShown ? `${write(difference.low)} … ${write(difference.high)}` : t("what-if.no-difference")}</small>
  </span>`;
}

/**
 * The answer.
 *
 * @param {{result: any}} props
 */
function Answer({ result }) {
  const { assumed } = result;
  const rows = Object.entries(FIGURES).map(([name, figure]) => ({ name, ...figure }));
  const columns = [
    { key: "name", label: t("what-if.figure"), isHead: true, render: (/** @type {any} */ row) => t(`figure.${row.name}`) },
    ...["now", "changed"].map((side) => ({
      key: side,
      label: t(`what-if.${side}`),
      align: /** @type {"end"} */ ("end"),
      render: (/** @type {any} */ row) => withInterval(result[side][row.name], row.write),
    })),
    {
      key: "difference",
      label: t("what-if.difference"),
      align: /** @type {"end"} */ ("end"),
      render: (/** @type {any} */ row) => html`<${Difference} difference=${result.difference[row.name]} write=${row.writeDifference} />`,
    },
  ];
  return html`<${Table} caption=${t("what-if.answer")} columns=${columns} rows=${rows} rowKey=${(/** @type {any} */ row) => row.name} />
    <p class="hint">
      ${t("what-if.assumed", {
        agents: number(assumed.agents),
        hours: number(assumed.hours, 1),
        seeds: number(assumed.seeds),
        live: percent(assumed.live),
        talk: duration(assumed.talk.mean),
        wrap: duration(assumed.wrap_up.mean),
      })}
    </p>`;
}

/**
 * Progress, then the answer.
 *
 * @param {{whatIf: ReturnType<typeof useWhatIf>}} props
 */
export function WhatIf({ whatIf }) {
  const { job, problem, cancel } = whatIf;
  if (problem) return html`<${ErrorBox} problem=${problem} />`;
  if (job?.state === "done") return html`<${Answer} result=${job.result} />`;
  if (ENDED.includes(job?.state)) {
    return html`<div class="problem" role="alert"><strong>${t(`what-if.${job.state}`)}</strong><p lang="en">${job.error}</p></div>`;
  }
  return html`<div class="playing">
    <p role="status">${t(job?.state === "running" ? "what-if.running" : "what-if.queued")}</p>
    <${Progress} label=${t("what-if.progress")} share=${job?.progress ?? 0} />
    <${Button} kind="quiet" onClick=${cancel} disabled=${!job}>${t("what-if.cancel")}<//>
  </div>`;
}
