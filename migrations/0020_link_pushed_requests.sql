-- Which pushed request a sign-on began with: that one is kept as long as the sign-on, all others for their minute only.

ALTER TABLE pending_sign_ons ADD COLUMN pushed TEXT;
CREATE INDEX pending_sign_ons_by_pushed ON pending_sign_ons (pushed);
