-- Under which entity ID of ours an app knows us: drawn from the connection, so that two apps are never known by one. Not unique to the
-- database: those that were given twice before stay until one of them is changed. NULL: not drawn out yet, see store/idp_entity_ids.
ALTER TABLE apps ADD COLUMN idp_entity_id TEXT;
CREATE INDEX apps_by_idp_entity_id ON apps (idp_entity_id);
