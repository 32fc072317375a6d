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

CREATE TABLE campaigns (
    tenant INTEGER NOT NULL,
    campaign_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant, campaign_id),
    UNIQUE (tenant, name)
) WITHOUT ROWID;

CREATE TABLE leads (
    tenant INTEGER NOT NULL,
    lead_id INTEGER NOT NULL,
    campaign_id INTEGER NOT NULL,
    number INTEGER NOT NULL,            -- E.164 digits
    due_ns INTEGER NOT NULL,            -- first due
    added_ns INTEGER NOT NULL,
    features INTEGER NOT NULL,          -- before the first attempt; see domain/features.py
    reference TEXT NOT NULL,
    attributes TEXT NOT NULL,           -- JSON
    PRIMARY KEY (tenant, lead_id),
    UNIQUE (tenant, campaign_id, number)
) WITHOUT ROWID;

-- What may be leased, in the order of leasing: a lease is one range read and one range delete.
CREATE TABLE queue (
    tenant INTEGER NOT NULL,
    campaign_id INTEGER NOT NULL,
    bucket INTEGER NOT NULL,            -- calling window; 0 = the only one
    band INTEGER NOT NULL,              -- priority; 0 = the only one
    due_ns INTEGER NOT NULL,
    lead_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    attempts INTEGER NOT NULL,          -- so far
    features INTEGER NOT NULL,          -- with attempts and last outcome, likewise below
    PRIMARY KEY (tenant, campaign_id, bucket, band, due_ns, lead_id)
) WITHOUT ROWID;

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

CREATE TABLE dispositions (
    tenant INTEGER NOT NULL,
    call_id INTEGER NOT NULL,
    agent_id INTEGER NOT NULL,
    disposition INTEGER NOT NULL,
    set_ns INTEGER NOT NULL,
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
