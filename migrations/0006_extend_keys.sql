-- The life of an app's keys: when the next one begins to sign, when one ceased to, how long its certificate stays
-- in the metadata, and which warning of its end was given last. And who fetched an app's metadata.

ALTER TABLE signing_keys ADD COLUMN switch_at BIGINT;
ALTER TABLE signing_keys ADD COLUMN retired_at BIGINT;
ALTER TABLE signing_keys ADD COLUMN published_until BIGINT;
ALTER TABLE signing_keys ADD COLUMN warned_days BIGINT;
CREATE UNIQUE INDEX signing_keys_one_next ON signing_keys (app_id) WHERE state = 'next' AND app_id IS NOT NULL;
CREATE UNIQUE INDEX signing_keys_one_active ON signing_keys (app_id) WHERE state = 'active' AND app_id IS NOT NULL;
CREATE INDEX signing_keys_by_switch ON signing_keys (switch_at);
CREATE INDEX signing_keys_by_end ON signing_keys (not_after);

CREATE TABLE metadata_fetches (
    app_id     TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    client_ip  TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    newest_key TEXT NOT NULL,
    fetches    BIGINT NOT NULL,
    first_at   BIGINT NOT NULL,
    last_at    BIGINT NOT NULL,
    PRIMARY KEY (app_id, client_ip, user_agent)
);
