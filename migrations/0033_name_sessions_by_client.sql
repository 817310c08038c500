-- Until now every client saw a session under the same name. Clients that were signed on so keep that name for these sessions: this
-- is when the last of them began.
INSERT INTO settings (name, value, updated_at)
SELECT 'sids_shared_until', CAST(made AS TEXT), made
FROM (
    SELECT MAX(made) AS made
    FROM (SELECT MAX(created_at) AS made FROM sessions UNION ALL SELECT MAX(created_at) AS made FROM token_families) AS known
) AS latest
WHERE made IS NOT NULL;
