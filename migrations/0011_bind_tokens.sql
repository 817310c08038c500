-- Tokens for named resource servers and bound to a client's key; tokens of clients that act for themselves; proofs and
-- assertions that count once.

ALTER TABLE access_tokens ADD COLUMN audience TEXT NOT NULL DEFAULT '';
ALTER TABLE access_tokens ADD COLUMN key_thumbprint TEXT;
ALTER TABLE refresh_tokens ADD COLUMN key_thumbprint TEXT;

CREATE TABLE service_tokens (
    hash           TEXT PRIMARY KEY,
    app_id         TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    client_id      TEXT NOT NULL,
    scope          TEXT NOT NULL,
    audience       TEXT NOT NULL,
    key_thumbprint TEXT,
    issued_at      BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    revoked_at     BIGINT
);
CREATE INDEX service_tokens_by_app ON service_tokens (app_id);
CREATE INDEX service_tokens_by_expiry ON service_tokens (expires_at);

CREATE TABLE proofs_seen (
    id         TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX proofs_seen_by_expiry ON proofs_seen (expires_at);
