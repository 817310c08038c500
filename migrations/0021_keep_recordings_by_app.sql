-- How many sign-ons of an app are kept, and for how many days, where that is not as the server does: drawn from the connection, so that
-- what is over can be removed by one statement.

ALTER TABLE apps ADD COLUMN recordings_max BIGINT;
ALTER TABLE apps ADD COLUMN recordings_days BIGINT;
