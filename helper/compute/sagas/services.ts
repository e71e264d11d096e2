import type { BuildConfigDrive, ComputeConfig, ConfigDriveSource, Consoles } from '../deps.ts';
import type { Basics } from '../basics.ts';
import type { DiskHost } from '../../host/disk/interface.ts';
import type { DomainHost } from '../../host/domain/interface.ts';
import type { StateFiles } from '../../host/files/interface.ts';
import type { SecretHost } from '../../host/secret/interface.ts';
import type { ImageFace } from '../../image/face.ts';
import type { NetworkFace } from '../../network/face.ts';
import type { VolumeFace } from '../../volume/face.ts';

/** What the steps of the server sagas work with. */
export interface ServerServices {
  readonly domains: DomainHost;
  readonly secrets: SecretHost;
  readonly disks: DiskHost;
  /** Below the state directory: instances/<id>/disk and so on. */
  readonly files: StateFiles;
  /** Below the run directory: instances/<id>/vnc.sock and so on. */
  readonly runFiles: StateFiles;
  readonly network: NetworkFace;
  readonly image: ImageFace;
  readonly volume: VolumeFace;
  readonly basics: Basics;
  readonly metadata: ConfigDriveSource;
  readonly consoles: Consoles;
  readonly buildConfigDrive: BuildConfigDrive;
  readonly config: ComputeConfig;
}
