-- Several apps may have one SP entity ID: vendors with a constant one, and several accounts of one vendor. Sign-on goes by the app's
-- address, so that nothing needs it to be unique.

-- A request counts once for each app: `issuer` now holds whose it is, the app's id. Until here an entity ID was of one app alone.
UPDATE saml_requests_seen SET issuer = (SELECT id FROM apps WHERE apps.sp_entity_id = saml_requests_seen.issuer)
WHERE EXISTS (SELECT 1 FROM apps WHERE apps.sp_entity_id = saml_requests_seen.issuer);

-- SQLite can't drop a constraint of a table that others refer to, so that the value moves to a column without one. The old column
-- stays empty, and binds nothing: a later release may drop it with its table made anew.
ALTER TABLE apps ADD COLUMN entity_id TEXT;
UPDATE apps SET entity_id = sp_entity_id, sp_entity_id = NULL;
-- For the console, which says which other apps have the same.
CREATE INDEX apps_by_entity_id ON apps (entity_id);
