-- What an admin answered when the app was added from the catalogue: JSON, key to value.
ALTER TABLE apps ADD COLUMN parameters TEXT NOT NULL DEFAULT '{}';
