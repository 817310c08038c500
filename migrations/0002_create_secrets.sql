-- Keys, secrets and tokens. Private values are sealed (AES-256-GCM envelope); values that need only
-- comparison are kept as SHA-256.

CREATE TABLE signing_keys (
    id          TEXT PRIMARY KEY,
    app_id      TEXT REFERENCES apps (id) ON DELETE CASCADE,
    algorithm   TEXT NOT NULL,
    state       TEXT NOT NULL,
    public_key  TEXT NOT NULL,
    certificate TEXT,
    sealed_key  TEXT NOT NULL,
    not_after   BIGINT,
    created_at  BIGINT NOT NULL
);
CREATE INDEX signing_keys_by_app ON signing_keys (app_id, state);

CREATE TABLE client_secrets (
    id           TEXT PRIMARY KEY,
    app_id       TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    hash         TEXT NOT NULL,
    hint         TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,
    last_used_at BIGINT
);
CREATE INDEX client_secrets_by_app ON client_secrets (app_id);

CREATE TABLE api_tokens (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    role         TEXT NOT NULL,
    hash         TEXT NOT NULL UNIQUE,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,
    last_used_at BIGINT
);
