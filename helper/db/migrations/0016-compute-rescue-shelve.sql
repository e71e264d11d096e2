-- What a server in rescue and a shelved one have to remember beside the images.

-- Properties of the rescue image, JSON: on which bus its disk is, and in which place.
ALTER TABLE server ADD COLUMN rescue_image_properties TEXT;
-- When it was shelved, milliseconds since the epoch: it leaves its host a while later.
ALTER TABLE server ADD COLUMN shelved_at INTEGER;

CREATE INDEX server_shelved ON server (shelved_at) WHERE vm_state = 'shelved' AND deleted_at IS NULL;
