/** The till's tables, as numbered migrations: entry n brings a database from version n to n + 1. Entries are never edited. */

export const migrations: readonly string[] = [
  `
  CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE sale (
    sale_id TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('open', 'completed', 'voided')),
    started_at TEXT NOT NULL,
    cashier TEXT,
    lines TEXT NOT NULL,
    member_id TEXT,
    touched_ms INTEGER NOT NULL,
    completed_at TEXT,
    completed_ms INTEGER,
    request TEXT,
    pos_total INTEGER,
    document TEXT,
    decision TEXT,
    serials TEXT,
    voided_at TEXT
  ) STRICT;
  CREATE INDEX sale_open ON sale (touched_ms) WHERE state = 'open';
  CREATE INDEX sale_age ON sale (completed_ms) WHERE completed_ms IS NOT NULL;

  -- Every coupon that this till knows: its own, those other tills told of, those read from a token.
  CREATE TABLE coupon (
    serial TEXT PRIMARY KEY,
    offer TEXT NOT NULL,
    variant TEXT,
    title TEXT NOT NULL,
    class TEXT,
    till TEXT,
    sale_id TEXT,
    member_id TEXT,
    household TEXT,
    bound_to TEXT,
    binding TEXT,
    valid_from TEXT NOT NULL,
    valid_to TEXT NOT NULL,
    issued_at TEXT,
    issued_ms INTEGER,
    expires_ms INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('issued', 'reserved', 'redeemed', 'voided', 'expired')),
    print TEXT NOT NULL,
    redeemed_at TEXT,
    redeemed_ms INTEGER,
    redeemed_till TEXT,
    redeemed_sale TEXT,
    void_reason TEXT,
    replaced_by TEXT,
    reprints INTEGER NOT NULL DEFAULT 0,
    CHECK ((state = 'redeemed') = (redeemed_at IS NOT NULL)),
    CHECK ((state = 'voided') = (void_reason IS NOT NULL))
  ) STRICT;
  CREATE INDEX coupon_member ON coupon (member_id, issued_ms) WHERE member_id IS NOT NULL;
  CREATE INDEX coupon_household ON coupon (household, issued_ms) WHERE household IS NOT NULL;
  CREATE INDEX coupon_sale ON coupon (sale_id, till);
  CREATE INDEX coupon_redeemed_sale ON coupon (redeemed_sale, redeemed_till) WHERE redeemed_sale IS NOT NULL;
  CREATE INDEX coupon_live ON coupon (expires_ms) WHERE state IN ('issued', 'reserved');

  -- Coupons that a customer handed over in a sale of this till. While the sale is open they are reserved for it.
  CREATE TABLE presented (
    sale_id TEXT NOT NULL REFERENCES sale (sale_id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    serial TEXT NOT NULL REFERENCES coupon (serial),
    at TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    verified INTEGER NOT NULL,
    PRIMARY KEY (sale_id, serial)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX presented_serial ON presented (serial);

  -- Reservations by other tills of the store.
  CREATE TABLE peer_reservation (
    serial TEXT NOT NULL,
    till TEXT NOT NULL,
    sale_id TEXT NOT NULL,
    at TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    heard_ms INTEGER NOT NULL,
    PRIMARY KEY (serial, till)
  ) STRICT, WITHOUT ROWID;

  -- Facts of other tills that were already taken in.
  CREATE TABLE peer_fact (
    id TEXT PRIMARY KEY,
    heard_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE print_job (
    id INTEGER PRIMARY KEY,
    serial TEXT NOT NULL REFERENCES coupon (serial),
    kind TEXT NOT NULL CHECK (kind IN ('coupon', 'reprint')),
    content TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'printing', 'confirmed', 'fenced', 'sent', 'unknown', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    replacements INTEGER NOT NULL DEFAULT 0,
    queued_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT,
    detail TEXT
  ) STRICT;
  CREATE INDEX print_job_open ON print_job (id) WHERE state IN ('queued', 'printing');
  CREATE INDEX print_job_serial ON print_job (serial);

  -- What counts towards caps: coupons issued, offers applied. A void deletes its rows.
  CREATE TABLE usage (
    offer TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('issued', 'applied')),
    key TEXT NOT NULL,
    till TEXT NOT NULL,
    sale_id TEXT NOT NULL,
    member_id TEXT,
    household TEXT,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (offer, kind, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX usage_window ON usage (offer, kind, at_ms, member_id, household);
  CREATE INDEX usage_sale ON usage (sale_id, till);

  CREATE TABLE purchase (
    member_id TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    till TEXT NOT NULL,
    sale_id TEXT NOT NULL,
    line_id TEXT NOT NULL,
    at TEXT NOT NULL,
    gtin TEXT,
    category TEXT,
    brand TEXT,
    PRIMARY KEY (member_id, at_ms, till, sale_id, line_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX purchase_sale ON purchase (sale_id, till);

  -- Points on top of the member snapshot, by this till and those of its store.
  CREATE TABLE points_change (
    event_id TEXT PRIMARY KEY,
    member_id TEXT NOT NULL,
    points INTEGER NOT NULL,
    tier TEXT,
    at_ms INTEGER NOT NULL,
    till TEXT NOT NULL,
    sale_id TEXT NOT NULL
  ) STRICT;
  CREATE INDEX points_member ON points_change (member_id, at_ms);

  CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    at TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    json TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;

  CREATE TABLE bundle (
    slot TEXT PRIMARY KEY CHECK (slot IN ('current', 'previous')),
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    bytes BLOB NOT NULL,
    pointer TEXT,
    activated_at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE trusted (
    id TEXT PRIMARY KEY,
    highest INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE goods_return (
    return_id TEXT PRIMARY KEY,
    sale_id TEXT NOT NULL REFERENCES sale (sale_id),
    request TEXT NOT NULL,
    answer TEXT NOT NULL,
    at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX goods_return_sale ON goods_return (sale_id);
  `,
  `
  -- Every redemption that stands: two tills that could not talk may both have redeemed a coupon. Its row shows the earliest.
  CREATE TABLE redemption (
    serial TEXT NOT NULL,
    till TEXT NOT NULL,
    sale_id TEXT NOT NULL,
    at TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (serial, till, sale_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX redemption_sale ON redemption (sale_id, till);
  INSERT INTO redemption (serial, till, sale_id, at, at_ms)
    SELECT serial, redeemed_till, redeemed_sale, redeemed_at, redeemed_ms FROM coupon
    WHERE state = 'redeemed' AND redeemed_till IS NOT NULL AND redeemed_sale IS NOT NULL AND redeemed_ms IS NOT NULL;

  -- Why a spent coupon does not come back with the sale that spent it.
  ALTER TABLE coupon ADD COLUMN revoked TEXT;

  -- Voided sales of other tills; what they did may be heard after it.
  CREATE TABLE voided_sale (
    till TEXT NOT NULL,
    sale_id TEXT NOT NULL,
    heard_ms INTEGER NOT NULL,
    PRIMARY KEY (till, sale_id)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Units of global caps that HQ granted this till in this epoch.
  CREATE TABLE lease (
    number INTEGER PRIMARY KEY,
    offer TEXT NOT NULL,
    units INTEGER NOT NULL,
    -- Sales dated from, and before.
    from_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    used INTEGER NOT NULL DEFAULT 0,
    returned INTEGER NOT NULL DEFAULT 0,
    open INTEGER NOT NULL DEFAULT 1,
    last_ms INTEGER,
    CHECK (used >= 0 AND returned >= 0 AND used + returned <= units)
  ) STRICT;
  CREATE INDEX lease_open ON lease (offer) WHERE open = 1;

  -- Who used which unit: a coupon by its serial, an application by its sale and place.
  CREATE TABLE lease_unit (
    offer TEXT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('issued', 'applied')),
    number INTEGER NOT NULL REFERENCES lease (number),
    sale_id TEXT NOT NULL,
    spent_ms INTEGER NOT NULL,
    freed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (offer, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX lease_unit_sale ON lease_unit (sale_id);
  CREATE INDEX lease_unit_time ON lease_unit (spent_ms);
  `,
  `
  -- Highest version trusted of a bundle, by whose key: what a stolen key signed stops counting when the key is revoked.
  CREATE TABLE trusted_key (
    id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    highest INTEGER NOT NULL,
    PRIMARY KEY (id, key_id)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO trusted_key (id, key_id, highest) SELECT id, '', highest FROM trusted;
  DROP TABLE trusted;
  `,
  `
  -- Completed sales that HQ confirmed in a former epoch: what the till counts of this epoch leaves them out, as HQ does.
  CREATE TABLE former_sale (sale_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  `,
];

/** Tables in the order in which a salvage copies them (owners before those that refer to them). The outbox goes apart. */
export const salvagedTables = [
  'trusted_key',
  'bundle',
  'sale',
  'coupon',
  'redemption',
  'presented',
  'peer_fact',
  'voided_sale',
  'print_job',
  'usage',
  'purchase',
  'points_change',
  'goods_return',
] as const;
