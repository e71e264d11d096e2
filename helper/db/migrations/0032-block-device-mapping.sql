-- Compute service: what servers were asked to have for disks, and boot from volume.
-- JSON; see compute/store/block-devices.ts.
ALTER TABLE server ADD COLUMN block_devices TEXT NOT NULL DEFAULT '{}';
-- Its root disk is a volume, not a file of its host.
ALTER TABLE server ADD COLUMN volume_backed INTEGER NOT NULL DEFAULT 0;
-- 0 for the root disk; null for what is not booted from.
ALTER TABLE server_volume ADD COLUMN boot_index INTEGER;
-- Null: as the server's other disks are.
ALTER TABLE server_volume ADD COLUMN disk_bus TEXT;
-- disk, cdrom
ALTER TABLE server_volume ADD COLUMN device_type TEXT NOT NULL DEFAULT 'disk';
