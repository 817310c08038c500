-- What people allowed apps to know, what they answered in a sign-on under way, and requests that were pushed.

CREATE TABLE consents (
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    app_id     TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    released   TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, app_id)
);
CREATE INDEX consents_by_app ON consents (app_id);

ALTER TABLE pending_sign_ons ADD COLUMN chosen_user TEXT;
ALTER TABLE pending_sign_ons ADD COLUMN consent_user TEXT;
ALTER TABLE pending_sign_ons ADD COLUMN consent_given BOOLEAN NOT NULL DEFAULT FALSE;

CREATE TABLE pushed_requests (
    hash        TEXT PRIMARY KEY,
    app_id      TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    request     TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    consumed_at BIGINT
);
CREATE INDEX pushed_requests_by_app ON pushed_requests (app_id);
CREATE INDEX pushed_requests_by_expiry ON pushed_requests (expires_at);
