-- A lead is in exactly one place: queue, leased (and not spent), intents or finished. The row in
-- `leads` never changes after import.
-- `tenant` leads every key. Times are UTC nanoseconds.

CREATE TABLE pools (
    tenant INTEGER NOT NULL,
    name TEXT NOT NULL,
    epoch INTEGER NOT NULL UNIQUE,      -- unique over all pools of the file: call ids are made from it
    opened_ns INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) WITHOUT ROWID;

-- Every epoch ever issued: whose engine a call id is of.
CREATE TABLE epochs (
    tenant INTEGER NOT NULL,
    epoch INTEGER NOT NULL UNIQUE,
    pool TEXT NOT NULL,
    PRIMARY KEY (tenant, epoch)
) WITHOUT ROWID;

-- Campaigns, trunk groups, agents.
CREATE TABLE definitions (
    tenant INTEGER NOT NULL,
    kind TEXT NOT NULL,
    id INTEGER NOT NULL,                -- from 1 within the kind
    name TEXT NOT NULL,
    state INTEGER NOT NULL,             -- CampaignState; 0 for all but campaigns
    version INTEGER NOT NULL,           -- the latest of its settings
    created_ns INTEGER NOT NULL,
    changed_ns INTEGER NOT NULL,        -- settings or state
    changed_by TEXT NOT NULL,
    PRIMARY KEY (tenant, kind, id),
    UNIQUE (tenant, kind, name)
) WITHOUT ROWID;

-- Append-only: every version of their settings.
CREATE TABLE versions (
    tenant INTEGER NOT NULL,
    kind TEXT NOT NULL,
    id INTEGER NOT NULL,
    version INTEGER NOT NULL,           -- from 1
    settings TEXT NOT NULL,             -- JSON; see domain/config.py
    changed_ns INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    PRIMARY KEY (tenant, kind, id, version)
) WITHOUT ROWID;

CREATE TABLE lists (
    tenant INTEGER NOT NULL,
    list_id INTEGER NOT NULL,
    campaign_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,                -- of its import
    added INTEGER NOT NULL,
    duplicates INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    suppressed INTEGER NOT NULL,
    created_ns INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    ended_ns INTEGER NOT NULL,          -- 0 = goes on, or its process died
    error TEXT NOT NULL,
    PRIMARY KEY (tenant, list_id)
) WITHOUT ROWID;

CREATE TABLE leads (
    tenant INTEGER NOT NULL,
    lead_id INTEGER NOT NULL,
    campaign_id INTEGER NOT NULL,
    list_id INTEGER NOT NULL,           -- 0 = none
    number INTEGER NOT NULL,            -- E.164 digits
    due_ns INTEGER NOT NULL,            -- first due
    added_ns INTEGER NOT NULL,
    features INTEGER NOT NULL,          -- before the first attempt; see domain/features.py
    reference TEXT NOT NULL,
    attributes TEXT NOT NULL,           -- JSON
    PRIMARY KEY (tenant, lead_id),
    UNIQUE (tenant, campaign_id, number)
) WITHOUT ROWID;

-- Pages by lead; ids increase, so that an import writes at the right edge of both.
CREATE INDEX leads_of_campaign ON leads (tenant, campaign_id, lead_id);
CREATE INDEX leads_of_list ON leads (tenant, list_id, lead_id) WHERE list_id <> 0;

-- What may be leased, in the order of leasing: a lease is one range read and one range delete in each band.
CREATE TABLE queue (
    tenant INTEGER NOT NULL,
    campaign_id INTEGER NOT NULL,
    bucket INTEGER NOT NULL,            -- calling window; 0 = the only one
    band INTEGER NOT NULL,              -- -2 hot, -1 callback, 0 all others
    due_ns INTEGER NOT NULL,
    lead_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    attempts INTEGER NOT NULL,          -- so far
    features INTEGER NOT NULL,          -- with attempts and last outcome, likewise below
    PRIMARY KEY (tenant, campaign_id, bucket, band, due_ns, lead_id)
) WITHOUT ROWID;

-- Where a lead is that has been tried. Those that have not are mostly where they were added: `leads` knows.
CREATE INDEX queue_of_tried ON queue (tenant, lead_id, attempts) WHERE attempts > 0;

CREATE TABLE leases (
    tenant INTEGER NOT NULL,
    token INTEGER NOT NULL,             -- epoch << 32 | sequence, never issued twice
    campaign_id INTEGER NOT NULL,
    deadline_ns INTEGER NOT NULL,
    PRIMARY KEY (tenant, token)
) WITHOUT ROWID;

-- What a lease took from the queue: columns of one row, JSON arrays in one order. Never changes while the lease goes on.
CREATE TABLE leased (
    tenant INTEGER NOT NULL,
    token INTEGER NOT NULL,
    size INTEGER NOT NULL,              -- length of the arrays
    hot INTEGER NOT NULL,               -- so many of the first ones were hot
    callbacks INTEGER NOT NULL,         -- and so many after them were callbacks
    dues TEXT NOT NULL,                 -- as they were in the queue
    lead_ids TEXT NOT NULL,
    numbers TEXT NOT NULL,
    attempts TEXT NOT NULL,             -- so far
    features TEXT NOT NULL,
    PRIMARY KEY (tenant, token)
) WITHOUT ROWID;

-- Leads that have left their lease before it ended.
CREATE TABLE spent (
    tenant INTEGER NOT NULL,
    token INTEGER NOT NULL,
    lead_id INTEGER NOT NULL,
    PRIMARY KEY (tenant, token, lead_id)
) WITHOUT ROWID;

-- Open intents only: a row goes when its call is recorded or withdrawn.
CREATE TABLE intents (
    tenant INTEGER NOT NULL,
    call_id INTEGER NOT NULL,
    campaign_id INTEGER NOT NULL,
    lead_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    lease_token INTEGER NOT NULL,
    trunk_group_id INTEGER NOT NULL,
    attempt_number INTEGER NOT NULL,
    intent_ns INTEGER NOT NULL,
    attempts INTEGER NOT NULL,          -- so far, without this one
    features INTEGER NOT NULL,          -- likewise
    band INTEGER NOT NULL,              -- as it was in the queue
    callback_ns INTEGER NOT NULL,       -- when the lead is to be called again, 0 = as the attempt says
    PRIMARY KEY (tenant, call_id),
    UNIQUE (tenant, number)             -- no number is dialled twice at a time, whatever the campaign
) WITHOUT ROWID;

CREATE TABLE finished (
    tenant INTEGER NOT NULL,
    campaign_id INTEGER NOT NULL,
    lead_id INTEGER NOT NULL,
    state INTEGER NOT NULL,             -- LeadState
    attempts INTEGER NOT NULL,
    features INTEGER NOT NULL,
    PRIMARY KEY (tenant, campaign_id, lead_id)
) WITHOUT ROWID;

-- Append-only. The columns after `seq` are the fields of RecordAttempt, in their order.
CREATE TABLE attempts (
    tenant INTEGER NOT NULL,
    seq INTEGER NOT NULL,               -- order of recording within the campaign
    call_id INTEGER NOT NULL,
    campaign_id INTEGER NOT NULL,
    lead_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    lease_token INTEGER NOT NULL,
    trunk_group_id INTEGER NOT NULL,
    agent_id INTEGER NOT NULL,
    attempt_number INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    abandon_reason INTEGER NOT NULL,
    verdict INTEGER NOT NULL,
    hangup_cause INTEGER NOT NULL,
    tech_cause INTEGER NOT NULL,
    caller_id TEXT NOT NULL,
    retry_at_ns INTEGER NOT NULL,
    intent_ns INTEGER NOT NULL,
    launched_ns INTEGER NOT NULL,
    proceeding_ns INTEGER NOT NULL,
    ringing_ns INTEGER NOT NULL,
    answered_ns INTEGER NOT NULL,
    speech_start_ns INTEGER NOT NULL,
    greeting_end_ns INTEGER NOT NULL,
    verdict_ns INTEGER NOT NULL,
    offered_ns INTEGER NOT NULL,
    connected_ns INTEGER NOT NULL,
    talk_end_ns INTEGER NOT NULL,
    treatment_start_ns INTEGER NOT NULL,
    treatment_end_ns INTEGER NOT NULL,
    ended_ns INTEGER NOT NULL,
    PRIMARY KEY (tenant, campaign_id, seq),
    UNIQUE (tenant, call_id)
) WITHOUT ROWID;

-- What pages of attempts are looked for by, latest first. Written at its right edge, unlike one by lead or agent.
CREATE INDEX attempts_by_time ON attempts (tenant, ended_ns, call_id, lead_id, agent_id, outcome);

CREATE TABLE dispositions (
    tenant INTEGER NOT NULL,
    call_id INTEGER NOT NULL,
    agent_id INTEGER NOT NULL,
    disposition INTEGER NOT NULL,
    set_ns INTEGER NOT NULL,
    attributes TEXT NOT NULL,           -- JSON
    callback_ns INTEGER NOT NULL,       -- 0 = none
    PRIMARY KEY (tenant, call_id, agent_id)
) WITHOUT ROWID;

CREATE TABLE runs (
    tenant INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    campaign_id INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    started_ns INTEGER NOT NULL,
    ended_ns INTEGER NOT NULL,          -- 0 = has not ended, or its engine died
    config_digest TEXT NOT NULL,
    PRIMARY KEY (tenant, run_id)
) WITHOUT ROWID;

-- What pacing had learned of a campaign; the latest only.
CREATE TABLE estimates (
    tenant INTEGER NOT NULL,
    campaign_id INTEGER NOT NULL,
    format INTEGER NOT NULL,            -- what the bytes mean
    saved_ns INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (tenant, campaign_id)
) WITHOUT ROWID;

CREATE TABLE suppression (
    tenant INTEGER NOT NULL,
    number INTEGER NOT NULL,
    campaign_id INTEGER NOT NULL,       -- 0 = all
    reason TEXT NOT NULL,
    added_by TEXT NOT NULL,
    added_ns INTEGER NOT NULL,
    expires_ns INTEGER NOT NULL,        -- 0 = never
    PRIMARY KEY (tenant, number, campaign_id)
) WITHOUT ROWID;

-- Append-only.
CREATE TABLE audit (
    tenant INTEGER NOT NULL,
    entry_id INTEGER NOT NULL,
    at_ns INTEGER NOT NULL,
    actor TEXT NOT NULL,
    role TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,               -- JSON
    PRIMARY KEY (tenant, entry_id)
) WITHOUT ROWID;

CREATE INDEX audit_of_subject ON audit (tenant, subject, entry_id);
CREATE INDEX audit_of_actor ON audit (tenant, actor, entry_id);

CREATE TABLE tokens (
    tenant INTEGER NOT NULL,
    token_id INTEGER NOT NULL,
    token_hash TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    agent_id INTEGER NOT NULL,          -- 0 = none
    created_ns INTEGER NOT NULL,
    expires_ns INTEGER NOT NULL,        -- 0 = never
    revoked_ns INTEGER NOT NULL,        -- 0 = holds
    PRIMARY KEY (tenant, token_id),
    UNIQUE (tenant, token_hash)
) WITHOUT ROWID;

CREATE TABLE webhooks (
    tenant INTEGER NOT NULL,
    webhook_id INTEGER NOT NULL,
    url TEXT NOT NULL,
    topics TEXT NOT NULL,               -- JSON array
    secret TEXT NOT NULL,
    created_ns INTEGER NOT NULL,
    PRIMARY KEY (tenant, webhook_id)
) WITHOUT ROWID;

CREATE TABLE dead_letters (
    tenant INTEGER NOT NULL,
    letter_id INTEGER NOT NULL,
    webhook_id INTEGER NOT NULL,
    event TEXT NOT NULL,                -- JSON
    attempts INTEGER NOT NULL,
    error TEXT NOT NULL,
    at_ns INTEGER NOT NULL,
    PRIMARY KEY (tenant, letter_id)
) WITHOUT ROWID;

-- The last ids of what can be deleted: no id is given twice.
CREATE TABLE last_ids (
    tenant INTEGER NOT NULL,
    kind TEXT NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (tenant, kind)
) WITHOUT ROWID;

CREATE INDEX dead_letters_of_webhook ON dead_letters (tenant, webhook_id, letter_id);

-- What requests with an idempotency key were answered.
CREATE TABLE answers (
    tenant INTEGER NOT NULL,
    actor TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    digest TEXT NOT NULL,               -- of the request
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    at_ns INTEGER NOT NULL,
    PRIMARY KEY (tenant, actor, idempotency_key)
) WITHOUT ROWID;

CREATE INDEX answers_by_time ON answers (tenant, at_ns);
