-- serves: 1
--
-- The assets, the event log and the answers kept for safe replay. The channel is the first part of every key: nothing
-- of one channel can be reached from another, and a key may stand for two assets in two channels.
--
-- * `asset` is the protobuf message as clients get it; other columns repeat of it what a filter, an order or a rule needs.
-- * `created` and `instant` are microseconds since 1970. Text is compared by bytes (COLLATE "C"), the same on every host.
-- * There are no foreign keys: writing requests of a channel run one after another and the business logic has checked
--   every reference; a second check per row would only cost.
-- * Every index serves a filter or a rule of the contract, and each is one more write per row: none is there for luck.

-- The head of each channel's event log: position of the last event, instant of the last writing transaction. One row
-- per channel, rewritten by every writing transaction: the free space keeps its versions on one page (HOT), pruned there.
CREATE TABLE channels (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  position bigint NOT NULL DEFAULT 0,
  instant bigint NOT NULL DEFAULT 0,
  CONSTRAINT ck_channels_position CHECK (position >= 0)
) WITH (fillfactor = 20);

CREATE TABLE organizations (
  channel integer NOT NULL,
  id text COLLATE "C" NOT NULL,
  created bigint NOT NULL,
  asset bytea NOT NULL,
  PRIMARY KEY (channel, id)
);

CREATE TABLE functions (
  channel integer NOT NULL,
  key uuid NOT NULL,
  created bigint NOT NULL,
  asset bytea NOT NULL,
  PRIMARY KEY (channel, key)
);
CREATE INDEX ix_functions_created_key ON functions (channel, created, key);

CREATE TABLE data_managers (
  channel integer NOT NULL,
  key uuid NOT NULL,
  created bigint NOT NULL,
  asset bytea NOT NULL,
  PRIMARY KEY (channel, key)
);
CREATE INDEX ix_data_managers_created_key ON data_managers (channel, created, key);

CREATE TABLE data_samples (
  channel integer NOT NULL,
  key uuid NOT NULL,
  created bigint NOT NULL,
  asset bytea NOT NULL,
  PRIMARY KEY (channel, key)
);
CREATE INDEX ix_data_samples_created_key ON data_samples (channel, created, key);

-- Which samples a data manager has; `created` is the sample's, so that a dataset is one ordered index scan.
CREATE TABLE data_sample_managers (
  channel integer NOT NULL,
  data_sample_key uuid NOT NULL,
  data_manager_key uuid NOT NULL,
  created bigint NOT NULL,
  PRIMARY KEY (channel, data_sample_key, data_manager_key)
);
CREATE INDEX ix_data_sample_managers_data_manager_key_created
  ON data_sample_managers (channel, data_manager_key, created, data_sample_key);

CREATE TABLE compute_plans (
  channel integer NOT NULL,
  key uuid NOT NULL,
  created bigint NOT NULL,
  owner text COLLATE "C" NOT NULL,
  asset bytea NOT NULL,
  PRIMARY KEY (channel, key)
);
CREATE INDEX ix_compute_plans_created_key ON compute_plans (channel, created, key);
CREATE INDEX ix_compute_plans_owner_created_key ON compute_plans (channel, owner, created, key);

-- The functions that a plan's tasks use, each once: a plan may have 100,000 tasks and three functions.
CREATE TABLE compute_plan_functions (
  channel integer NOT NULL,
  compute_plan_key uuid NOT NULL,
  function_key uuid NOT NULL,
  PRIMARY KEY (channel, compute_plan_key, function_key)
);

-- A task never changes but for its status, so the status stands in a table of its own: rows here are written once
-- (`asset` without field 8), and a change of status touches neither them nor these five indexes.
CREATE TABLE compute_tasks (
  channel integer NOT NULL,
  key uuid NOT NULL,
  created bigint NOT NULL,
  compute_plan_key uuid NOT NULL,
  function_key uuid NOT NULL,
  worker text COLLATE "C" NOT NULL,
  asset bytea NOT NULL,
  PRIMARY KEY (channel, key)
);
CREATE INDEX ix_compute_tasks_created_key ON compute_tasks (channel, created, key);
CREATE INDEX ix_compute_tasks_compute_plan_key_created_key ON compute_tasks (channel, compute_plan_key, created, key);
CREATE INDEX ix_compute_tasks_function_key_created_key ON compute_tasks (channel, function_key, created, key);
CREATE INDEX ix_compute_tasks_worker_created_key ON compute_tasks (channel, worker, created, key);

-- `created` and `compute_plan_key` repeat the task's for the indexes. About four versions per task in its life:
-- vacuumed ten times as often as by default, since dead versions stay in the index by status that workers ask by.
CREATE TABLE compute_task_statuses (
  channel integer NOT NULL,
  key uuid NOT NULL,
  status smallint NOT NULL,
  created bigint NOT NULL,
  compute_plan_key uuid NOT NULL,
  PRIMARY KEY (channel, key),
  CONSTRAINT ck_compute_task_statuses_status CHECK (status BETWEEN 1 AND 8)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
CREATE INDEX ix_compute_task_statuses_status_created_key ON compute_task_statuses (channel, status, created, key);
-- Whether a plan runs: holds only tasks that are not DONE (4), CANCELED (5) or FAILED (6), so it stays small.
CREATE INDEX ix_compute_task_statuses_compute_plan_key
  ON compute_task_statuses (channel, compute_plan_key) WHERE status NOT IN (4, 5, 6);

CREATE TABLE compute_task_parents (
  channel integer NOT NULL,
  child_key uuid NOT NULL,
  parent_key uuid NOT NULL,
  PRIMARY KEY (channel, child_key, parent_key)
);
CREATE INDEX ix_compute_task_parents_parent_key_child_key ON compute_task_parents (channel, parent_key, child_key);

-- What was registered under the outputs of tasks. The identity is drawn in order of registration: requests of a
-- channel run one after another, and one statement inserts in the order of its list.
CREATE TABLE compute_task_output_assets (
  channel integer NOT NULL,
  compute_task_key uuid NOT NULL,
  ordinal bigint GENERATED ALWAYS AS IDENTITY,
  identifier text COLLATE "C" NOT NULL,
  asset_kind smallint NOT NULL,
  asset_key text COLLATE "C" NOT NULL,
  PRIMARY KEY (channel, compute_task_key, ordinal)
);

CREATE TABLE models (
  channel integer NOT NULL,
  key uuid NOT NULL,
  created bigint NOT NULL,
  compute_task_key uuid NOT NULL,
  disabled boolean NOT NULL,
  asset bytea NOT NULL,
  PRIMARY KEY (channel, key)
);
CREATE INDEX ix_models_compute_task_key ON models (channel, compute_task_key);

CREATE TABLE performances (
  channel integer NOT NULL,
  compute_task_key uuid NOT NULL,
  identifier text COLLATE "C" NOT NULL,
  created bigint NOT NULL,
  asset bytea NOT NULL,
  PRIMARY KEY (channel, compute_task_key, identifier)
);
CREATE INDEX ix_performances_created ON performances (channel, created, compute_task_key, identifier);
CREATE INDEX ix_performances_identifier_created ON performances (channel, identifier, created, compute_task_key);

CREATE TABLE failure_reports (
  channel integer NOT NULL,
  asset_key uuid NOT NULL,
  asset bytea NOT NULL,
  PRIMARY KEY (channel, asset_key)
);

-- The event log: positions without gaps, given out under the channel's lock in commit order; instants never decrease
-- with the position. Rows are written once. `event` is the message as subscribers get it.
CREATE TABLE events (
  channel integer NOT NULL,
  position bigint NOT NULL,
  id uuid NOT NULL,
  instant bigint NOT NULL,
  asset_kind smallint NOT NULL,
  event_kind smallint NOT NULL,
  asset_key text COLLATE "C" NOT NULL,
  metadata jsonb,
  event bytea NOT NULL,
  PRIMARY KEY (channel, position),
  UNIQUE (channel, id),
  CONSTRAINT ck_events_asset_kind CHECK (asset_kind BETWEEN 1 AND 12 AND asset_kind <> 2),
  CONSTRAINT ck_events_event_kind CHECK (event_kind BETWEEN 1 AND 3)
);
CREATE INDEX ix_events_instant_position ON events (channel, instant, position);
CREATE INDEX ix_events_asset_key_position ON events (channel, asset_key, position);
CREATE INDEX ix_events_asset_kind_position ON events (channel, asset_kind, position);
CREATE INDEX ix_events_event_kind_position ON events (channel, event_kind, position);
-- `reason` is the only metadata that events have. A GIN index could not give the order: a page of a common reason
-- would fetch and sort every event that has it. By its hash, since a reason may be longer than an index entry may be.
CREATE INDEX ix_events_reason_position
  ON events (channel, hashtextextended(metadata ->> 'reason', 0), position) WHERE metadata ->> 'reason' IS NOT NULL;

-- Holds nothing today: a filter by other metadata finds that out at once instead of reading the whole log.
CREATE INDEX ix_events_other_metadata_position ON events (channel, position) WHERE metadata - 'reason' <> '{}';

-- Answers of writing requests that carried an idempotency key.
CREATE TABLE replays (
  channel integer NOT NULL,
  mspid text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  digest text COLLATE "C" NOT NULL,
  answer bytea NOT NULL,
  created timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (channel, mspid, key)
);
CREATE INDEX ix_replays_created ON replays (created);
