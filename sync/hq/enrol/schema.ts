/** Tables of enrolment, the same in both databases: instants are RFC 3339 in UTC, so that they compare as texts. */

const tables = (text: string, end: string) => `
  -- One-time codes: only their hash. Used by one key; that key may ask again until the code ends.
  CREATE TABLE enrol_code (
    hash ${text} PRIMARY KEY,
    store ${text} NOT NULL, till ${text} NOT NULL, broker ${text},
    made_at ${text} NOT NULL, expires_at ${text} NOT NULL,
    used_at ${text}, key_sha256 ${text}
  ) ${end};

  -- Whose till it is: an id belongs to one store of the tenant, for it is all that a certificate says.
  CREATE TABLE enrolled (
    till ${text} PRIMARY KEY, store ${text} NOT NULL,
    enrolled_at ${text} NOT NULL, revoked_at ${text}, reason ${text}
  ) ${end};

  CREATE TABLE certificate (
    serial ${text} PRIMARY KEY,
    name ${text} NOT NULL, purpose ${text} NOT NULL, store ${text}, till ${text},
    key_sha256 ${text} NOT NULL,
    not_before ${text} NOT NULL, not_after ${text} NOT NULL,
    pem ${text} NOT NULL, revoked_at ${text}
  ) ${end};
  CREATE INDEX certificate_key ON certificate (key_sha256);
  CREATE INDEX certificate_till ON certificate (till);
`;

export const sqliteEnrolment = tables('TEXT', 'STRICT');
export const postgresEnrolment = tables('text COLLATE "C"', '');
