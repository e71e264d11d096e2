import { app } from './app.ts';
import { common } from './common.ts';
import { console } from './console.ts';
import { images } from './images.ts';
import { operations } from './operations.ts';
import { overview } from './overview.ts';
import { servers } from './servers.ts';
import { welcome } from './welcome.ts';

/** English is the language that the others are checked against. */
export const en = { app, common, console, images, operations, overview, servers, welcome };

export type Messages = typeof en;
