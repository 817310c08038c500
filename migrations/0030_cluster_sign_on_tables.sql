-- Every sign-on and every token writes a page for each tree of the tables it goes into: a table that is only found by its key needs no
-- second tree for that key. PostgreSQL keeps its tables in heaps and gains nothing.

-- SQLite alone:
-- What apps were told in a session is only ever looked for by session, or by app and name.
CREATE TABLE app_sessions_by_session_first (
    id                TEXT NOT NULL,
    session_id        TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    app_id            TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    name_id           TEXT NOT NULL,
    created_at        BIGINT NOT NULL,
    expires_at        BIGINT NOT NULL,
    name_id_format    TEXT NOT NULL DEFAULT '',
    name_qualifier    TEXT,
    sp_name_qualifier TEXT,
    PRIMARY KEY (session_id, id)
) WITHOUT ROWID;
INSERT INTO app_sessions_by_session_first SELECT id, session_id, app_id, name_id, created_at, expires_at, name_id_format,
    name_qualifier, sp_name_qualifier FROM app_sessions;
DROP TABLE app_sessions;
ALTER TABLE app_sessions_by_session_first RENAME TO app_sessions;
CREATE INDEX app_sessions_by_name_id ON app_sessions (app_id, name_id);

CREATE TABLE saml_requests_seen_by_id (
    issuer     TEXT NOT NULL,
    request_id TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, request_id)
) WITHOUT ROWID;
INSERT INTO saml_requests_seen_by_id SELECT issuer, request_id, expires_at FROM saml_requests_seen;
DROP TABLE saml_requests_seen;
ALTER TABLE saml_requests_seen_by_id RENAME TO saml_requests_seen;
CREATE INDEX saml_requests_seen_by_expiry ON saml_requests_seen (expires_at);

-- Tokens are looked for by their hash.
CREATE TABLE authorization_codes_by_hash (
    hash           TEXT NOT NULL PRIMARY KEY,
    family_id      TEXT NOT NULL REFERENCES token_families (id) ON DELETE CASCADE,
    client_id      TEXT NOT NULL,
    redirect_uri   TEXT,
    code_challenge TEXT,
    expires_at     BIGINT NOT NULL,
    consumed_at    BIGINT
) WITHOUT ROWID;
INSERT INTO authorization_codes_by_hash SELECT hash, family_id, client_id, redirect_uri, code_challenge, expires_at, consumed_at
    FROM authorization_codes;
DROP TABLE authorization_codes;
ALTER TABLE authorization_codes_by_hash RENAME TO authorization_codes;
CREATE INDEX authorization_codes_by_family ON authorization_codes (family_id);
CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at);

CREATE TABLE refresh_tokens_by_hash (
    hash            TEXT NOT NULL PRIMARY KEY,
    family_id       TEXT NOT NULL REFERENCES token_families (id) ON DELETE CASCADE,
    client_id       TEXT NOT NULL,
    scope           TEXT NOT NULL,
    issued_at       BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    consumed_at     BIGINT,
    successor_hash  TEXT,
    replaced        BOOLEAN NOT NULL,
    key_thumbprint  TEXT
) WITHOUT ROWID;
INSERT INTO refresh_tokens_by_hash SELECT hash, family_id, client_id, scope, issued_at, idle_expires_at, consumed_at, successor_hash,
    replaced, key_thumbprint FROM refresh_tokens;
DROP TABLE refresh_tokens;
ALTER TABLE refresh_tokens_by_hash RENAME TO refresh_tokens;
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_by_idle_expiry ON refresh_tokens (idle_expires_at);

CREATE TABLE access_tokens_by_hash (
    hash           TEXT NOT NULL PRIMARY KEY,
    family_id      TEXT NOT NULL REFERENCES token_families (id) ON DELETE CASCADE,
    client_id      TEXT NOT NULL,
    scope          TEXT NOT NULL,
    issued_at      BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    revoked_at     BIGINT,
    audience       TEXT NOT NULL DEFAULT '',
    key_thumbprint TEXT
) WITHOUT ROWID;
INSERT INTO access_tokens_by_hash SELECT hash, family_id, client_id, scope, issued_at, expires_at, revoked_at, audience, key_thumbprint
    FROM access_tokens;
DROP TABLE access_tokens;
ALTER TABLE access_tokens_by_hash RENAME TO access_tokens;
CREATE INDEX access_tokens_by_family ON access_tokens (family_id);
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at);

CREATE TABLE service_tokens_by_hash (
    hash           TEXT NOT NULL PRIMARY KEY,
    app_id         TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    client_id      TEXT NOT NULL,
    scope          TEXT NOT NULL,
    audience       TEXT NOT NULL,
    key_thumbprint TEXT,
    issued_at      BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    revoked_at     BIGINT
) WITHOUT ROWID;
INSERT INTO service_tokens_by_hash SELECT hash, app_id, client_id, scope, audience, key_thumbprint, issued_at, expires_at, revoked_at
    FROM service_tokens;
DROP TABLE service_tokens;
ALTER TABLE service_tokens_by_hash RENAME TO service_tokens;
CREATE INDEX service_tokens_by_app ON service_tokens (app_id);
CREATE INDEX service_tokens_by_expiry ON service_tokens (expires_at);

CREATE TABLE proofs_seen_by_id (
    id         TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO proofs_seen_by_id SELECT id, expires_at FROM proofs_seen;
DROP TABLE proofs_seen;
ALTER TABLE proofs_seen_by_id RENAME TO proofs_seen;
CREATE INDEX proofs_seen_by_expiry ON proofs_seen (expires_at);
