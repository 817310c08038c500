-- What happened, and what is still to be done about it.

CREATE TABLE audit_events (
    id          TEXT PRIMARY KEY,
    event_type  TEXT NOT NULL,
    timestamp   BIGINT NOT NULL,
    success     BOOLEAN NOT NULL,
    actor_id    TEXT,
    app_id      TEXT,
    resource_id TEXT,
    client_ip   TEXT,
    reference   TEXT UNIQUE,
    search_key  TEXT NOT NULL,
    event       TEXT NOT NULL
);
CREATE INDEX audit_events_by_time ON audit_events (timestamp, id);
CREATE INDEX audit_events_by_app ON audit_events (app_id, timestamp);
CREATE INDEX audit_events_by_actor ON audit_events (actor_id, timestamp);
CREATE INDEX audit_events_by_resource ON audit_events (resource_id, timestamp);

CREATE TABLE outbox (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
    subject      TEXT NOT NULL,
    run_after    BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    leased_until BIGINT,
    last_error   TEXT,
    created_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX outbox_unique_while_pending ON outbox (kind, subject) WHERE leased_until IS NULL;
CREATE INDEX outbox_by_run_after ON outbox (run_after);
