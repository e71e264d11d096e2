import CirclePause from '@lucide/svelte/icons/circle-pause';
import CirclePlay from '@lucide/svelte/icons/circle-play';
import Download from '@lucide/svelte/icons/download';
import Eye from '@lucide/svelte/icons/eye';
import EyeOff from '@lucide/svelte/icons/eye-off';
import Pencil from '@lucide/svelte/icons/pencil';
import Rocket from '@lucide/svelte/icons/rocket';
import Trash2 from '@lucide/svelte/icons/trash-2';
import { go } from '../../app/router.svelte.ts';
import { attempt } from '../../app/toasts.svelte.ts';
import { session } from '../../cloud/session.svelte.ts';
import type { Image } from '../../cloud/types.ts';
import { m } from '../../i18n/index.svelte.ts';
import type { MenuItem } from '../../ui/menu.ts';
import { plainTone, type Tone } from '../../ui/tones.ts';
import { patchImage } from './image.ts';
import { downloadImage } from './transfers.svelte.ts';

export const nameOf = (image: Image): string =>
  image.name === null || image.name === '' ? m().common.unnamed : image.name;

export const statusOf = (image: Image): string =>
  m().images.statuses[image.status as keyof ReturnType<typeof m>['images']['statuses']] ?? image.status;

/** A record that waits for its data does nothing, unlike one whose data is on its way. */
export const imageTone = (status: string): Tone =>
  status === 'queued' || status === 'deactivated' ? 'idle' : plainTone(status);

const FILE_ENDS: Readonly<Record<string, string>> = { raw: 'img' };

/** The file name under which an image is saved. */
export const fileOf = (image: Image): string => {
  const format = image.disk_format ?? 'img';
  return `${nameOf(image).replaceAll(/[^\p{L}\p{N}._ -]/gu, '_')}.${FILE_ENDS[format] ?? format}`;
};

const isOwn = (image: Image): boolean => image.owner === session.project?.id;

/** What can be done with an image, each with why it cannot be now. */
export function menuOf(
  image: Image,
  { onEdit, onDelete, onChanged }: { onEdit: () => void; onDelete: () => void; onChanged: () => void },
): readonly MenuItem[] {
  const words = m().images;
  const { api } = session;
  const hasData = image.status === 'active';
  const act = (action: () => Promise<unknown>): void =>
    void attempt(words.editFailed(nameOf(image)), action).then(onChanged);
  return [
    {
      label: words.launch,
      icon: Rocket,
      why: hasData ? undefined : words.whyNotActive,
      run: () => go(`/servers/launch?image=${image.id}`),
    },
    { label: m().common.edit, icon: Pencil, run: onEdit },
    {
      label: words.download,
      icon: Download,
      why: hasData ? undefined : words.whyNotActive,
      run: () =>
        void attempt(words.downloadFailed(nameOf(image)), () =>
          downloadImage(session.project?.id ?? '', image.id, fileOf(image)),
        ),
    },
    image.status === 'deactivated'
      ? {
          label: words.reactivate,
          icon: CirclePlay,
          run: () => act(() => api.post('image', `/images/${image.id}/actions/reactivate`)),
        }
      : {
          label: words.deactivate,
          icon: CirclePause,
          why: hasData ? undefined : words.whyNotActive,
          run: () => act(() => api.post('image', `/images/${image.id}/actions/deactivate`)),
        },
    {
      label: image.os_hidden ? words.show : words.hide,
      icon: image.os_hidden ? Eye : EyeOff,
      run: () =>
        act(() =>
          patchImage(api, image.id, [{ op: 'replace', path: '/os_hidden', value: !image.os_hidden }]),
        ),
    },
    'line',
    { label: m().common.delete, icon: Trash2, danger: true, why: whyNotDelete(image), run: onDelete },
  ];
}

/** Why an image cannot be deleted; undefined when it can. */
export const whyNotDelete = (image: Image): string | undefined =>
  image.protected ? m().images.whyProtected : undefined;

/** Which images a filter shows. */
export function belongs(image: Image, filter: string): boolean {
  switch (filter) {
    case 'own':
      return isOwn(image);
    case 'shared':
      return !isOwn(image) && image.visibility === 'shared';
    case 'public':
      return image.visibility === 'public' || image.visibility === 'community';
    default:
      return true;
  }
}
