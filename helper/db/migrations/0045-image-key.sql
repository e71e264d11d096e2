-- Block storage: an encrypted volume that was uploaded has left a copy of its key for the image, which goes with it.
ALTER TABLE volume_key ADD COLUMN image_id TEXT;

CREATE INDEX volume_key_by_image ON volume_key (image_id) WHERE image_id IS NOT NULL;

CREATE TRIGGER volume_key_of_image AFTER DELETE ON image
BEGIN
  DELETE FROM volume_key WHERE image_id = old.id;
END;
