-- Metadata of service providers that is fetched by address: when it is due, who fetches it now, and how it went.

CREATE TABLE sp_metadata (
    app_id       TEXT PRIMARY KEY REFERENCES apps (id) ON DELETE CASCADE,
    due_at       BIGINT NOT NULL,
    leased_until BIGINT,
    attention    BOOLEAN NOT NULL,
    version      BIGINT NOT NULL,
    document     TEXT,
    progress     TEXT NOT NULL
);
CREATE INDEX sp_metadata_by_due ON sp_metadata (due_at);
