import { Type } from 'typebox';
import { mv } from '../../http/index.ts';
import { Name, Uuid, nullable, strict } from './common.ts';

/** Bodies of rescue and shelve, and of what undoes them. */

const Anything = Type.Unknown();

export const Rescue = strict({
  rescue: nullable(
    strict({
      adminPass: Type.Optional(Type.String({ maxLength: 255, format: 'text' })),
      rescue_image_ref: Type.Optional(Uuid),
    }),
  ),
});
export const Rescued = strict({ adminPass: Type.String() });
export const Unrescue = strict({ unrescue: Anything });

export const Shelve = strict({ shelve: Anything });
export const ShelveOffload = strict({ shelveOffload: Anything });

const Host = Type.String({ minLength: 1, maxLength: 255, pattern: '^[a-zA-Z0-9-._]*$' });
export const Unshelve = [
  { from: mv('2.1'), schema: strict({ unshelve: Anything }) },
  { from: mv('2.77'), schema: strict({ unshelve: nullable(strict({ availability_zone: Name })) }) },
  {
    from: mv('2.91'),
    schema: strict({
      unshelve: nullable(
        Type.Union([
          strict({ availability_zone: nullable(Name), host: Type.Optional(Host) }),
          strict({ host: Host }),
        ]),
      ),
    }),
  },
];
