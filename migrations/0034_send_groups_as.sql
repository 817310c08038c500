-- What an app is told of a group that is bound to it: 'name', 'id', or 'alias:' and a text of its own.
ALTER TABLE app_groups ADD COLUMN sent_as TEXT NOT NULL DEFAULT 'name';
