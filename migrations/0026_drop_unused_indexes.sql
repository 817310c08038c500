-- Every sign-on pays for each index of what it writes. These four were paid for and not used: the console's list of events asks
-- for "no filter, or this one", which reads in the order of time; and what apps were told in a session goes with the session,
-- by which it is found.
DROP INDEX audit_events_by_app;
DROP INDEX audit_events_by_actor;
DROP INDEX audit_events_by_resource;
DROP INDEX app_sessions_by_expiry;
