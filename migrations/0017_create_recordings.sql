-- The last sign-ons of each app, as an admin may look at them again. What they hold of people is sealed.

CREATE TABLE recordings (
    id               TEXT PRIMARY KEY,
    app_id           TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    user_id          TEXT REFERENCES users (id) ON DELETE CASCADE,
    protocol         TEXT NOT NULL,
    outcome          TEXT NOT NULL,
    code             TEXT,
    settings_version BIGINT NOT NULL,
    flow_key         TEXT,
    recorded_at      BIGINT NOT NULL,
    sealed           TEXT NOT NULL
);
CREATE INDEX recordings_by_app ON recordings (app_id, outcome, recorded_at);
CREATE INDEX recordings_by_flow ON recordings (flow_key);
CREATE INDEX recordings_by_time ON recordings (recorded_at);
