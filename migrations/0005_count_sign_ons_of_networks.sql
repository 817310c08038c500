-- Sign-ons of strangers are counted by the network they come from; NULL for the rest.

ALTER TABLE pending_sign_ons ADD COLUMN network TEXT;
CREATE INDEX pending_sign_ons_by_network ON pending_sign_ons (network, expires_at);
