-- What a person was shown when they answered: their answer counts while that is what is asked.

ALTER TABLE pending_sign_ons ADD COLUMN consent_shown TEXT NOT NULL DEFAULT '';
