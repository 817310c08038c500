-- A key that was withdrawn in an emergency is told from one that was switched away from: the way back is shut to it.
ALTER TABLE signing_keys ADD COLUMN withdrawn_at BIGINT;
-- Until now only a withdrawn key left the metadata the moment it retired.
UPDATE signing_keys SET withdrawn_at = COALESCE(retired_at, created_at) WHERE state = 'retired' AND published_until IS NULL;
