import type { OpenStackClient } from '../openstack-client.ts';
import { ensure, findNamed, make, type Named } from './ensure.ts';
import { DEMO } from './plan.ts';

type Storage = Named & { readonly status: string; readonly attachments: readonly { server_id: string }[] };

/** How long an empty volume or its attachment may take, in milliseconds. */
const LIMIT_MS = 60_000;

/** The disk that outlives the demo's server, empty at first. */
export async function ensureDataVolume(client: OpenStackClient): Promise<{ resource: Named; made: boolean }> {
  const volume = await ensure(
    () => findNamed(client, 'volume', '/volumes/detail', 'volumes', DEMO.volume.name),
    () =>
      make(client, 'volume', '/volumes', 'volume', {
        name: DEMO.volume.name,
        size: DEMO.volume.gib,
        description: 'Outlives demo-server',
      }),
  );
  await untilAtRest(client, volume.resource.id);
  return volume;
}

/** Gives the server the volume, unless some server has it. @returns whether it was given now. */
export async function ensureAttached(
  client: OpenStackClient,
  serverId: string,
  volumeId: string,
): Promise<{ made: boolean }> {
  const volume = await untilAtRest(client, volumeId);
  if (volume.attachments.length > 0) return { made: false };
  await client.post('compute', `/servers/${serverId}/os-volume_attachments`, {
    volumeAttachment: { volumeId },
  });
  await untilAtRest(client, volumeId);
  return { made: true };
}

async function untilAtRest(client: OpenStackClient, id: string): Promise<Storage> {
  const limit = Date.now() + LIMIT_MS;
  for (;;) {
    const { volume } = (await client.get('volume', `/volumes/${id}`)) as { volume: Storage };
    if (volume.status === 'available' || volume.status === 'in-use') return volume;
    if (volume.status.startsWith('error') || Date.now() > limit)
      throw new Error(
        `The volume ${DEMO.volume.name} is in the state ${volume.status}. See: deskcloud trace ${id}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/**
 * What the guest does with the volume at its first start: a file system where there is nothing at all on it, its place
 * in the guest's tree now and at every start, and a line in a file, so that a later server shows who was there before.
 */
export const dataVolumeScript = (volumeId: string): string => `#!/bin/sh
# The data volume is known by its serial number, the beginning of its id, whatever the kernel calls the disk.
serial=${volumeId.slice(0, 20)}
label=${DEMO.volume.label}
place=${DEMO.volume.place}
disk=
tries=0
while [ -z "$disk" ] && [ $tries -lt 120 ]; do
    for one in /sys/block/vd*; do
        [ "$(cat $one/serial 2>/dev/null)" = "$serial" ] && disk=/dev/\${one##*/}
    done
    tries=$((tries + 1))
    [ -n "$disk" ] || sleep 0.5
done
[ -n "$disk" ] || { echo "no data volume came"; exit 1; }
# Only what is blank is formatted: a volume that was used before keeps what is on it.
if [ "$(head -c 1048576 $disk | tr -d '\\0' | wc -c)" = 0 ]; then
    mkfs.ext4 -q -L $label $disk || exit 1
    echo "made a file system on the data volume"
fi
mkdir -p $place
grep -q " $place " /etc/fstab 2>/dev/null || echo "LABEL=$label $place ext4 noatime 0 0" >>/etc/fstab
mount $disk $place || exit 1
echo "$(date '+%Y-%m-%d %H:%M:%S') $(hostname) was here" >>$place/visitors
chown -R ${DEMO.guestUser} $place 2>/dev/null
sync
cat $place/visitors
`;
