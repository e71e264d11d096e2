import type { Messages } from '../en/index.ts';
import { app } from './app.ts';
import { common } from './common.ts';
import { console } from './console.ts';
import { images } from './images.ts';
import { operations } from './operations.ts';
import { overview } from './overview.ts';
import { servers } from './servers.ts';
import { welcome } from './welcome.ts';

export const zh: Messages = { app, common, console, images, operations, overview, servers, welcome };
