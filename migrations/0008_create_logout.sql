-- How each app knows the person, as it was issued, and sign-outs under way.

ALTER TABLE app_sessions ADD COLUMN name_id_format TEXT NOT NULL DEFAULT '';
ALTER TABLE app_sessions ADD COLUMN name_qualifier TEXT;
ALTER TABLE app_sessions ADD COLUMN sp_name_qualifier TEXT;
CREATE INDEX app_sessions_by_name_id ON app_sessions (app_id, name_id);

CREATE TABLE logouts (
    id           TEXT PRIMARY KEY,
    browser_hash TEXT,
    state        TEXT NOT NULL,
    version      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX logouts_by_browser ON logouts (browser_hash);
CREATE INDEX logouts_by_expiry ON logouts (expires_at);
