-- Sessions, flows under way and what was issued in them.

CREATE TABLE sessions (
    id               TEXT PRIMARY KEY,
    secret_hash      TEXT NOT NULL UNIQUE,
    user_id          TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    authenticated_at BIGINT NOT NULL,
    last_seen_at     BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    amr              TEXT NOT NULL,
    client_ip        TEXT NOT NULL,
    user_agent       TEXT NOT NULL,
    created_at       BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE pending_sign_ons (
    id           TEXT PRIMARY KEY,
    browser_hash TEXT NOT NULL,
    app_id       TEXT REFERENCES apps (id) ON DELETE CASCADE,
    request      TEXT NOT NULL,
    username     TEXT,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX pending_sign_ons_by_expiry ON pending_sign_ons (expires_at);

CREATE TABLE saml_requests_seen (
    issuer     TEXT NOT NULL,
    request_id TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, request_id)
);
CREATE INDEX saml_requests_seen_by_expiry ON saml_requests_seen (expires_at);

CREATE TABLE app_sessions (
    id         TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    app_id     TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    name_id    TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX app_sessions_by_session ON app_sessions (session_id);
CREATE INDEX app_sessions_by_expiry ON app_sessions (expires_at);

CREATE TABLE name_ids (
    app_id     TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    value      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (app_id, user_id),
    UNIQUE (app_id, value)
);
CREATE INDEX name_ids_by_user ON name_ids (user_id);

CREATE TABLE token_families (
    id         TEXT PRIMARY KEY,
    app_id     TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL,
    auth_time  BIGINT NOT NULL,
    amr        TEXT NOT NULL,
    grant_details TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    revoked_because TEXT
);
CREATE INDEX token_families_by_app ON token_families (app_id);
CREATE INDEX token_families_by_user ON token_families (user_id);
CREATE INDEX token_families_by_session ON token_families (session_id);
CREATE INDEX token_families_by_expiry ON token_families (expires_at);

CREATE TABLE authorization_codes (
    hash         TEXT PRIMARY KEY,
    family_id    TEXT NOT NULL REFERENCES token_families (id) ON DELETE CASCADE,
    client_id    TEXT NOT NULL,
    redirect_uri TEXT,
    code_challenge TEXT,
    expires_at   BIGINT NOT NULL,
    consumed_at  BIGINT
);
CREATE INDEX authorization_codes_by_family ON authorization_codes (family_id);
CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at);

CREATE TABLE refresh_tokens (
    hash           TEXT PRIMARY KEY,
    family_id      TEXT NOT NULL REFERENCES token_families (id) ON DELETE CASCADE,
    client_id      TEXT NOT NULL,
    scope          TEXT NOT NULL,
    issued_at      BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    consumed_at    BIGINT,
    successor_hash TEXT,
    replaced       BOOLEAN NOT NULL
);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_by_idle_expiry ON refresh_tokens (idle_expires_at);

CREATE TABLE access_tokens (
    hash       TEXT PRIMARY KEY,
    family_id  TEXT NOT NULL REFERENCES token_families (id) ON DELETE CASCADE,
    client_id  TEXT NOT NULL,
    scope      TEXT NOT NULL,
    issued_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX access_tokens_by_family ON access_tokens (family_id);
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at);

CREATE TABLE throttles (
    name          TEXT PRIMARY KEY,
    failures      BIGINT NOT NULL,
    window_ends_at BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL
);
