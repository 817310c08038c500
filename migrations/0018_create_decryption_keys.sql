-- Key pairs for what apps encrypt for us. An app has none, one, or several while it moves to another.

CREATE TABLE decryption_keys (
    id          TEXT PRIMARY KEY,
    app_id      TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    public_key  TEXT NOT NULL,
    certificate TEXT NOT NULL,
    sealed_key  TEXT NOT NULL,
    not_after   BIGINT NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE INDEX decryption_keys_by_app ON decryption_keys (app_id, created_at);
