-- One next and one active key of the issuer for each algorithm, as apps have it. Where two nodes made one each at their first
-- start, the younger one has signed all along: the older retires.

UPDATE signing_keys SET state = 'retired', retired_at = created_at, published_until = created_at + 604800000
    WHERE app_id IS NULL AND state = 'active' AND EXISTS (
        SELECT 1 FROM signing_keys other WHERE other.app_id IS NULL AND other.state = 'active'
            AND other.algorithm = signing_keys.algorithm
            AND (other.created_at > signing_keys.created_at
                OR (other.created_at = signing_keys.created_at AND other.id > signing_keys.id)));
CREATE UNIQUE INDEX signing_keys_one_issuer_next ON signing_keys (algorithm)
    WHERE state = 'next' AND app_id IS NULL;
CREATE UNIQUE INDEX signing_keys_one_issuer_active ON signing_keys (algorithm)
    WHERE state = 'active' AND app_id IS NULL;
