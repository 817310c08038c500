-- Devices that wait for a person to confirm a code on another one (RFC 8628).

CREATE TABLE device_grants (
    device_code_hash TEXT PRIMARY KEY,
    user_code_hash   TEXT NOT NULL UNIQUE,
    app_id           TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    client_id        TEXT NOT NULL,
    scope            TEXT NOT NULL,
    resources        TEXT NOT NULL,
    client_ip        TEXT NOT NULL,
    verdict          TEXT NOT NULL,
    interval_seconds BIGINT NOT NULL,
    polled_at        BIGINT,
    family_id        TEXT,
    created_at       BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL
);
CREATE INDEX device_grants_by_app ON device_grants (app_id);
CREATE INDEX device_grants_by_expiry ON device_grants (expires_at);
