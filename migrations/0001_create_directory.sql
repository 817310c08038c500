-- People, groups, applications and who may open what.
-- Portable subset: ids TEXT (ULID), instants BIGINT epoch milliseconds, JSON as TEXT.

CREATE TABLE settings (
    name       TEXT PRIMARY KEY,
    value      TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    username      TEXT NOT NULL,
    username_key  TEXT NOT NULL UNIQUE,
    email         TEXT NOT NULL,
    email_key     TEXT NOT NULL UNIQUE,
    state         TEXT NOT NULL,
    role          TEXT NOT NULL,
    display_name  TEXT NOT NULL,
    display_key   TEXT NOT NULL,
    search_key    TEXT NOT NULL,
    profile       TEXT NOT NULL,
    custom        TEXT NOT NULL,
    password_hash TEXT,
    password_changed_at BIGINT,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    version       BIGINT NOT NULL
);
CREATE INDEX users_by_display_key ON users (display_key, id);
CREATE INDEX users_with_role ON users (role) WHERE role <> 'none';

CREATE TABLE groups (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    name_key    TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    search_key  TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    version     BIGINT NOT NULL
);

CREATE TABLE group_members (
    group_id   TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_by_user ON group_members (user_id, group_id);

CREATE TABLE apps (
    id             TEXT PRIMARY KEY,
    slug           TEXT NOT NULL UNIQUE,
    label          TEXT NOT NULL,
    label_key      TEXT NOT NULL,
    search_key     TEXT NOT NULL,
    description    TEXT NOT NULL,
    connector      TEXT NOT NULL,
    protocol       TEXT NOT NULL,
    glyph          TEXT NOT NULL,
    colour         TEXT NOT NULL,
    category       TEXT NOT NULL,
    show_in_portal BOOLEAN NOT NULL,
    active         BOOLEAN NOT NULL,
    connection     TEXT NOT NULL,
    sp_entity_id   TEXT UNIQUE,
    client_id      TEXT UNIQUE,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    version        BIGINT NOT NULL
);
CREATE INDEX apps_by_label_key ON apps (label_key, id);

CREATE TABLE app_aliases (
    slug         TEXT PRIMARY KEY,
    app_id       TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX app_aliases_by_app ON app_aliases (app_id);

CREATE TABLE app_groups (
    app_id     TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    group_id   TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (app_id, group_id)
);
CREATE INDEX app_groups_by_group ON app_groups (group_id, app_id);

CREATE TABLE app_users (
    app_id     TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (app_id, user_id)
);
CREATE INDEX app_users_by_user ON app_users (user_id, app_id);

CREATE TABLE favourites (
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    app_id     TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, app_id)
);
CREATE INDEX favourites_by_app ON favourites (app_id);

CREATE TABLE app_uses (
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    app_id       TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    last_used_at BIGINT NOT NULL,
    uses         BIGINT NOT NULL,
    PRIMARY KEY (user_id, app_id)
);
CREATE INDEX app_uses_by_app ON app_uses (app_id);
