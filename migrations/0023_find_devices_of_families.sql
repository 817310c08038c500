-- Devices that were confirmed are found by what was granted to them: they are listed for their person.

CREATE INDEX device_grants_by_family ON device_grants (family_id);
