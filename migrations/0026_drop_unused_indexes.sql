-- Every sign-on pays for each index of what it writes, and these were not used. What apps were told in a session goes with the
-- session, by which it is found.
DROP INDEX app_sessions_by_expiry;

-- SQLite alone:
-- The list of events asks for "no filter, or this one". PostgreSQL plans with the filter at hand; SQLite plans for any filter, and
-- reads in the order of time.
DROP INDEX audit_events_by_app;
DROP INDEX audit_events_by_actor;
DROP INDEX audit_events_by_resource;
