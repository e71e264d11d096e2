/**
 * `npm run api-docs` writes helper/API.md out of the endpoint tables; `-- --check` ends with status 1 when the file is
 * not current, or when a service's list of what is not there names an operation that is.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { apiPage, staleAbsences } from './api-docs/page.ts';
import { loadServices } from './api-docs/tables.ts';

const PAGE = join(import.meta.dirname, '..', 'helper', 'API.md');

const services = await loadServices();
const stale = staleAbsences(services);
for (const one of stale) process.stderr.write(`This is there, take it off the service's absent.ts: ${one}\n`);
const page = await format(apiPage(services), { ...(await resolveConfig(PAGE)), parser: 'markdown' });
if (!process.argv.includes('--check')) writeFileSync(PAGE, page);
else if (readFileSync(PAGE, 'utf8') !== page) {
  process.stderr.write('helper/API.md is not what the endpoint tables say: npm run api-docs\n');
  process.exitCode = 1;
}
if (stale.length > 0) process.exitCode = 1;
