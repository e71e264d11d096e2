export { buildConfigDrive, ConfigDriveError, type ConfigDriveOptions } from './configdrive.ts';
