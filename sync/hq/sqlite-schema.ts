/** HQ's tables in SQLite, as numbered migrations: entry n brings a database from version n to n + 1. Never edited. */

import { sqliteEnrolment } from './enrol/schema.ts';

export const migrations: readonly string[] = [
  `
  CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- A till's stream of one epoch: every number up to "contiguous" is here, "head" is the hash of that event.
  CREATE TABLE stream (
    store TEXT NOT NULL, till TEXT NOT NULL, epoch INTEGER NOT NULL,
    contiguous INTEGER NOT NULL DEFAULT 0,
    highest INTEGER NOT NULL DEFAULT 0,
    received INTEGER NOT NULL DEFAULT 0,
    head TEXT NOT NULL,
    -- First event that does not follow from the one before it.
    broken_at INTEGER,
    last_event_at TEXT, last_received_at TEXT,
    PRIMARY KEY (store, till, epoch)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE event (
    cursor INTEGER PRIMARY KEY AUTOINCREMENT,
    store TEXT NOT NULL, till TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
    id TEXT NOT NULL, type TEXT NOT NULL, at TEXT NOT NULL,
    sale_id TEXT,
    json TEXT NOT NULL, hash TEXT NOT NULL, prev TEXT NOT NULL,
    received_at TEXT NOT NULL,
    UNIQUE (store, till, epoch, seq)
  ) STRICT;
  CREATE INDEX event_id ON event (id);
  CREATE INDEX event_sale ON event (store, till, sale_id) WHERE sale_id IS NOT NULL;

  CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    store TEXT NOT NULL, till TEXT NOT NULL, epoch INTEGER, seq INTEGER,
    received_at TEXT NOT NULL, reason TEXT NOT NULL,
    sha256 TEXT NOT NULL, payload BLOB NOT NULL,
    UNIQUE (store, till, sha256)
  ) STRICT;

  CREATE TABLE sale (
    store TEXT NOT NULL, till TEXT NOT NULL, sale_id TEXT NOT NULL,
    epoch INTEGER, seq INTEGER,
    completed_at TEXT, day TEXT,
    initial INTEGER NOT NULL DEFAULT 0, discount INTEGER NOT NULL DEFAULT 0, net INTEGER NOT NULL DEFAULT 0,
    lines INTEGER NOT NULL DEFAULT 0, member TEXT, points INTEGER NOT NULL DEFAULT 0,
    void_epoch INTEGER, void_seq INTEGER, voided_at TEXT,
    arrival INTEGER NOT NULL, received_at TEXT NOT NULL,
    PRIMARY KEY (store, till, sale_id)
  ) STRICT;
  CREATE INDEX sale_arrival ON sale (arrival);
  CREATE INDEX sale_day ON sale (day, store, till);

  CREATE TABLE coupon (
    serial TEXT PRIMARY KEY,
    offer TEXT, variant TEXT, title TEXT, member TEXT,
    store TEXT NOT NULL, till TEXT NOT NULL, sale_id TEXT,
    issued_at TEXT, day TEXT, valid_from TEXT, valid_to TEXT,
    print TEXT NOT NULL DEFAULT 'queued', print_epoch INTEGER, print_seq INTEGER,
    voided_at TEXT, void_reason TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX coupon_sale ON coupon (store, till, sale_id);
  CREATE INDEX coupon_day ON coupon (day, offer);

  CREATE TABLE redemption (
    store TEXT NOT NULL, till TEXT NOT NULL, sale_id TEXT NOT NULL, serial TEXT NOT NULL,
    offer TEXT, at TEXT NOT NULL, amount INTEGER NOT NULL,
    PRIMARY KEY (store, till, sale_id, serial)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX redemption_serial ON redemption (serial);

  CREATE TABLE suppressed (
    store TEXT NOT NULL, till TEXT NOT NULL, sale_id TEXT NOT NULL, offer TEXT NOT NULL, variant TEXT,
    at TEXT NOT NULL, day TEXT NOT NULL, member TEXT,
    PRIMARY KEY (store, till, sale_id, offer)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX suppressed_day ON suppressed (day, offer);

  CREATE TABLE points (
    id TEXT PRIMARY KEY,
    member TEXT NOT NULL, store TEXT NOT NULL, till TEXT NOT NULL, sale_id TEXT,
    delta INTEGER NOT NULL, balance INTEGER, at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX points_member ON points (member, at);

  CREATE TABLE till (
    store TEXT NOT NULL, till TEXT NOT NULL,
    epoch INTEGER NOT NULL, boot INTEGER NOT NULL, session INTEGER NOT NULL,
    online INTEGER NOT NULL, since TEXT NOT NULL, state TEXT NOT NULL,
    PRIMARY KEY (store, till)
  ) STRICT, WITHOUT ROWID;

  -- What a till counted itself, over its events up to "up_to".
  CREATE TABLE own_total (
    store TEXT NOT NULL, till TEXT NOT NULL, epoch INTEGER NOT NULL, day TEXT NOT NULL,
    up_to INTEGER NOT NULL, sales INTEGER NOT NULL, voided INTEGER NOT NULL, net INTEGER NOT NULL,
    PRIMARY KEY (store, till, epoch, day)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE bundle (
    sha256 TEXT PRIMARY KEY, id TEXT NOT NULL, version INTEGER NOT NULL,
    bytes BLOB NOT NULL, offers INTEGER NOT NULL, published_at TEXT NOT NULL,
    UNIQUE (id, version)
  ) STRICT;

  CREATE TABLE pointer (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    ring TEXT NOT NULL, sha256 TEXT NOT NULL REFERENCES bundle (sha256),
    json TEXT NOT NULL, published_at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX pointer_ring ON pointer (ring, number);
  `,
  `
  -- Words that many members' rows share; a number never changes its word.
  CREATE TABLE member_word (number INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE) STRICT;

  -- "spare": further bits of the hash that "key" is the beginning of, so that two ids of one key are told apart.
  CREATE TABLE member (
    key INTEGER PRIMARY KEY,
    spare INTEGER NOT NULL, home TEXT, as_of INTEGER NOT NULL,
    -- The import that brought it last.
    imported INTEGER NOT NULL,
    row BLOB NOT NULL
  ) STRICT;
  CREATE TABLE member_card (card INTEGER PRIMARY KEY, member INTEGER NOT NULL) STRICT;
  CREATE INDEX member_card_member ON member_card (member);

  -- Who shops where: the last local day; the home store whatever the day.
  CREATE TABLE member_visit (
    store TEXT NOT NULL, member INTEGER NOT NULL, day TEXT NOT NULL,
    PRIMARY KEY (store, member)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX member_visit_member ON member_visit (member);

  -- Scopes whose members changed since their last version.
  CREATE TABLE member_dirty (scope TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

  -- Files that tills may ask for; "base" is null for a whole one.
  CREATE TABLE member_file (
    scope TEXT NOT NULL, version INTEGER NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
    content TEXT NOT NULL, count INTEGER NOT NULL, base TEXT, words INTEGER NOT NULL,
    published_at TEXT NOT NULL,
    PRIMARY KEY (scope, sha256)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE member_scope (scope TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE member_erasure (
    number INTEGER PRIMARY KEY, key INTEGER NOT NULL, member TEXT NOT NULL, at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX member_erasure_key ON member_erasure (key);
  CREATE TABLE member_erasure_till (
    number INTEGER NOT NULL, store TEXT NOT NULL, till TEXT NOT NULL, acknowledged_at TEXT,
    PRIMARY KEY (number, store, till)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX member_erasure_open ON member_erasure_till (store, till) WHERE acknowledged_at IS NULL;
  CREATE INDEX event_erased ON event (cursor) WHERE type = 'member.erased';
  `,
  `
  -- Units of global caps. "lease_cap" is locked while units of its offer are granted or come back.
  CREATE TABLE lease_cap (
    offer TEXT PRIMARY KEY,
    granted INTEGER NOT NULL DEFAULT 0, returned INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;

  -- "confirmed": the till has said that it has all its leases up to this number.
  CREATE TABLE lease_till (
    store TEXT NOT NULL, till TEXT NOT NULL, epoch INTEGER NOT NULL, confirmed INTEGER NOT NULL,
    PRIMARY KEY (store, till, epoch)
  ) STRICT, WITHOUT ROWID;

  -- "used", "returned" and "open" are what the till last told, by the event (told_epoch, told_seq).
  CREATE TABLE lease (
    store TEXT NOT NULL, till TEXT NOT NULL, epoch INTEGER NOT NULL, number INTEGER NOT NULL,
    offer TEXT NOT NULL, units INTEGER NOT NULL,
    from_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL, granted_at TEXT NOT NULL,
    used INTEGER NOT NULL DEFAULT 0, returned INTEGER NOT NULL DEFAULT 0, open INTEGER NOT NULL DEFAULT 1,
    told_epoch INTEGER NOT NULL DEFAULT 0, told_seq INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (store, till, epoch, number)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX lease_offer ON lease (offer, until_ms);
  `,
  sqliteEnrolment,
  `
  -- A bundle on its way through the rings of stores, one of an id at a time.
  CREATE TABLE rollout (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL, version INTEGER NOT NULL, sha256 TEXT NOT NULL REFERENCES bundle (sha256),
    first_store TEXT NOT NULL, stages TEXT NOT NULL, soak_ms INTEGER NOT NULL,
    stage INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT,
    started_at TEXT NOT NULL, stage_ms INTEGER NOT NULL, changed_at TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX rollout_running ON rollout (id) WHERE state = 'running';

  -- What makes a bundle of the one before, to be fetched in its place.
  CREATE TABLE patch (sha256 TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
  `,
];
