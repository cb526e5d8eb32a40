/**
 * HQ's tables in PostgreSQL, as numbered migrations: entry n brings a database from version n to n + 1. Never edited.
 * Columns are those of SQLite's, so that the same questions are asked of both; texts compare by their bytes (COLLATE "C"), as
 * there. What can be computed from an event's JSON (its hash, the hash it names) is not stored twice.
 */

import { postgresEnrolment } from './enrol/schema.ts';

export const migrations: readonly string[] = [
  `
  CREATE TABLE setting (name text COLLATE "C" PRIMARY KEY, value text NOT NULL);

  -- A till's stream of one epoch: every number up to "contiguous" is here, "head" is the hash of that event.
  CREATE TABLE stream (
    store text COLLATE "C" NOT NULL, till text COLLATE "C" NOT NULL, epoch bigint NOT NULL,
    contiguous bigint NOT NULL DEFAULT 0,
    highest bigint NOT NULL DEFAULT 0,
    received bigint NOT NULL DEFAULT 0,
    head text COLLATE "C" NOT NULL,
    -- First event that does not follow from the one before it.
    broken_at bigint,
    last_event_at text COLLATE "C", last_received_at text COLLATE "C",
    -- The latest date of an event of it, milliseconds since 1970.
    latest_ms bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (store, till, epoch)
  ) WITH (fillfactor = 50);

  CREATE SEQUENCE event_cursor;
  CREATE TABLE event (
    cursor bigint NOT NULL DEFAULT nextval('event_cursor'),
    epoch bigint NOT NULL, seq bigint NOT NULL,
    store text COLLATE "C" NOT NULL, till text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL, type text COLLATE "C" NOT NULL,
    sale_id text COLLATE "C",
    received_at text COLLATE "C" NOT NULL,
    json text COLLATE "C" NOT NULL,
    -- With the ids in it those of one till are found without an index of their own, which every event would pay for.
    PRIMARY KEY (store, till, epoch, seq) INCLUDE (id)
  );
  ALTER SEQUENCE event_cursor OWNED BY event.cursor;
  CREATE UNIQUE INDEX event_by_cursor ON event (cursor);
  CREATE INDEX event_sale ON event (store, till, sale_id) WHERE sale_id IS NOT NULL;

  CREATE TABLE quarantine (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store text COLLATE "C" NOT NULL, till text COLLATE "C" NOT NULL, epoch bigint, seq bigint,
    received_at text COLLATE "C" NOT NULL, reason text NOT NULL,
    sha256 text COLLATE "C" NOT NULL, payload bytea NOT NULL,
    UNIQUE (store, till, sha256)
  );

  CREATE SEQUENCE sale_arrival;
  CREATE TABLE sale (
    arrival bigint NOT NULL DEFAULT nextval('sale_arrival'),
    epoch bigint, seq bigint,
    initial bigint NOT NULL DEFAULT 0, discount bigint NOT NULL DEFAULT 0, net bigint NOT NULL DEFAULT 0,
    lines bigint NOT NULL DEFAULT 0, points bigint NOT NULL DEFAULT 0,
    void_epoch bigint, void_seq bigint,
    store text COLLATE "C" NOT NULL, till text COLLATE "C" NOT NULL, sale_id text COLLATE "C" NOT NULL,
    completed_at text COLLATE "C", day text COLLATE "C", member text COLLATE "C", voided_at text COLLATE "C",
    received_at text COLLATE "C" NOT NULL,
    PRIMARY KEY (store, till, sale_id)
  ) WITH (fillfactor = 95);
  ALTER SEQUENCE sale_arrival OWNED BY sale.arrival;
  CREATE INDEX sale_by_arrival ON sale (arrival);
  CREATE INDEX sale_day ON sale (day, store, till);

  CREATE TABLE coupon (
    serial text COLLATE "C" PRIMARY KEY,
    offer text COLLATE "C", variant text COLLATE "C", title text, member text COLLATE "C",
    store text COLLATE "C" NOT NULL, till text COLLATE "C" NOT NULL, sale_id text COLLATE "C",
    issued_at text COLLATE "C", day text COLLATE "C", valid_from text COLLATE "C", valid_to text COLLATE "C",
    print text COLLATE "C" NOT NULL DEFAULT 'queued', print_epoch bigint, print_seq bigint,
    voided_at text COLLATE "C", void_reason text
  ) WITH (fillfactor = 80);
  CREATE INDEX coupon_sale ON coupon (store, till, sale_id);
  -- Days come in order: a few bytes for each run of pages find one, and cost an insert next to nothing.
  CREATE INDEX coupon_day ON coupon USING brin (day) WITH (pages_per_range = 32, autosummarize = on);

  CREATE TABLE redemption (
    store text COLLATE "C" NOT NULL, till text COLLATE "C" NOT NULL, sale_id text COLLATE "C" NOT NULL,
    serial text COLLATE "C" NOT NULL,
    offer text COLLATE "C", at text COLLATE "C" NOT NULL, amount bigint NOT NULL,
    PRIMARY KEY (store, till, sale_id, serial)
  );
  CREATE INDEX redemption_serial ON redemption (serial);

  CREATE TABLE suppressed (
    store text COLLATE "C" NOT NULL, till text COLLATE "C" NOT NULL, sale_id text COLLATE "C" NOT NULL,
    offer text COLLATE "C" NOT NULL, variant text COLLATE "C",
    at text COLLATE "C" NOT NULL, day text COLLATE "C" NOT NULL, member text COLLATE "C",
    PRIMARY KEY (store, till, sale_id, offer)
  );
  CREATE INDEX suppressed_day ON suppressed USING brin (day) WITH (pages_per_range = 32, autosummarize = on);

  CREATE TABLE points (
    id text COLLATE "C" PRIMARY KEY,
    member text COLLATE "C" NOT NULL, store text COLLATE "C" NOT NULL, till text COLLATE "C" NOT NULL,
    sale_id text COLLATE "C",
    delta bigint NOT NULL, balance bigint, at text COLLATE "C" NOT NULL
  );

  CREATE TABLE till (
    store text COLLATE "C" NOT NULL, till text COLLATE "C" NOT NULL,
    epoch bigint NOT NULL, boot bigint NOT NULL, session bigint NOT NULL,
    online integer NOT NULL, since text COLLATE "C" NOT NULL, state text NOT NULL,
    PRIMARY KEY (store, till)
  ) WITH (fillfactor = 50);

  -- What a till counted itself, over its events up to "up_to".
  CREATE TABLE own_total (
    store text COLLATE "C" NOT NULL, till text COLLATE "C" NOT NULL, epoch bigint NOT NULL, day text COLLATE "C" NOT NULL,
    up_to bigint NOT NULL, sales bigint NOT NULL, voided bigint NOT NULL, net bigint NOT NULL,
    PRIMARY KEY (store, till, epoch, day)
  ) WITH (fillfactor = 70);

  CREATE TABLE bundle (
    sha256 text COLLATE "C" PRIMARY KEY, id text COLLATE "C" NOT NULL, version bigint NOT NULL,
    bytes bytea NOT NULL, offers bigint NOT NULL, published_at text COLLATE "C" NOT NULL,
    UNIQUE (id, version)
  );

  CREATE TABLE pointer (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ring text COLLATE "C" NOT NULL, sha256 text COLLATE "C" NOT NULL REFERENCES bundle (sha256),
    json text NOT NULL, published_at text COLLATE "C" NOT NULL
  );
  CREATE INDEX pointer_ring ON pointer (ring, number);
  `,
  `
  -- Words that many members' rows share; a number never changes its word.
  CREATE TABLE member_word (number bigint PRIMARY KEY, word text COLLATE "C" NOT NULL UNIQUE);

  -- "spare": further bits of the hash that "key" is the beginning of, so that two ids of one key are told apart.
  CREATE TABLE member (
    key bigint PRIMARY KEY,
    spare bigint NOT NULL, home text COLLATE "C", as_of bigint NOT NULL,
    -- The import that brought it last.
    imported bigint NOT NULL,
    row bytea NOT NULL
  );
  CREATE TABLE member_card (card bigint PRIMARY KEY, member bigint NOT NULL);
  CREATE INDEX member_card_member ON member_card (member);

  -- Who shops where: the last local day; the home store whatever the day.
  CREATE TABLE member_visit (
    store text COLLATE "C" NOT NULL, member bigint NOT NULL, day text COLLATE "C" NOT NULL,
    PRIMARY KEY (store, member)
  );
  CREATE INDEX member_visit_member ON member_visit (member);

  -- Scopes whose members changed since their last version.
  CREATE TABLE member_dirty (scope text COLLATE "C" PRIMARY KEY);

  -- Files that tills may ask for; "base" is null for a whole one.
  CREATE TABLE member_file (
    scope text COLLATE "C" NOT NULL, version bigint NOT NULL, sha256 text COLLATE "C" NOT NULL, size bigint NOT NULL,
    content text COLLATE "C" NOT NULL, count bigint NOT NULL, base text COLLATE "C", words bigint NOT NULL,
    published_at text COLLATE "C" NOT NULL,
    PRIMARY KEY (scope, sha256)
  );
  CREATE TABLE member_scope (scope text COLLATE "C" PRIMARY KEY, version bigint NOT NULL);

  CREATE TABLE member_erasure (
    number bigint PRIMARY KEY, key bigint NOT NULL, member text COLLATE "C" NOT NULL, at text COLLATE "C" NOT NULL
  );
  CREATE INDEX member_erasure_key ON member_erasure (key);
  CREATE TABLE member_erasure_till (
    number bigint NOT NULL, store text COLLATE "C" NOT NULL, till text COLLATE "C" NOT NULL,
    acknowledged_at text COLLATE "C",
    PRIMARY KEY (number, store, till)
  );
  CREATE INDEX member_erasure_open ON member_erasure_till (store, till) WHERE acknowledged_at IS NULL;
  CREATE INDEX event_erased ON event (cursor) WHERE type = 'member.erased';
  `,
  `
  -- Units of global caps. "lease_cap" is locked while units of its offer are granted or come back.
  CREATE TABLE lease_cap (
    offer text COLLATE "C" PRIMARY KEY,
    granted bigint NOT NULL DEFAULT 0, returned bigint NOT NULL DEFAULT 0
  );

  -- "confirmed": the till has said that it has all its leases up to this number.
  CREATE TABLE lease_till (
    store text COLLATE "C" NOT NULL, till text COLLATE "C" NOT NULL, epoch bigint NOT NULL, confirmed bigint NOT NULL,
    PRIMARY KEY (store, till, epoch)
  );

  -- "used", "returned" and "open" are what the till last told, by the event (told_epoch, told_seq).
  CREATE TABLE lease (
    store text COLLATE "C" NOT NULL, till text COLLATE "C" NOT NULL, epoch bigint NOT NULL, number bigint NOT NULL,
    offer text COLLATE "C" NOT NULL, units bigint NOT NULL,
    from_ms bigint NOT NULL, until_ms bigint NOT NULL, granted_at text COLLATE "C" NOT NULL,
    used bigint NOT NULL DEFAULT 0, returned bigint NOT NULL DEFAULT 0, open integer NOT NULL DEFAULT 1,
    told_epoch bigint NOT NULL DEFAULT 0, told_seq bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (store, till, epoch, number)
  ) WITH (fillfactor = 80);
  CREATE INDEX lease_offer ON lease (offer, until_ms);
  `,
  postgresEnrolment,
  `
  -- A bundle on its way through the rings of stores, one of an id at a time.
  CREATE TABLE rollout (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL, version bigint NOT NULL, sha256 text COLLATE "C" NOT NULL REFERENCES bundle (sha256),
    first_store text COLLATE "C" NOT NULL, stages text COLLATE "C" NOT NULL, soak_ms bigint NOT NULL,
    stage bigint NOT NULL, state text COLLATE "C" NOT NULL, reason text COLLATE "C",
    started_at text COLLATE "C" NOT NULL, stage_ms bigint NOT NULL, changed_at text COLLATE "C" NOT NULL
  );
  CREATE UNIQUE INDEX rollout_running ON rollout (id) WHERE state = 'running';

  -- What makes a bundle of the one before, to be fetched in its place.
  CREATE TABLE patch (sha256 text COLLATE "C" PRIMARY KEY, bytes bytea NOT NULL);
  `,
];
