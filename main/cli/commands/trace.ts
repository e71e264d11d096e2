import type { Operation, OperationStep } from '../../../helper/contract/operation.ts';
import type { TraceEntry } from '../../../helper/contract/trace.ts';
import { HelperClient, HelperError } from '../../helper-client.ts';
import { socketOf, type Instance } from '../../launch.ts';
import { OpenStackClient } from '../../openstack-client.ts';
import { say } from '../ask.ts';

/** Prints what was really done: the numbered steps with their commands, XML, calls and SQL. */
export async function trace(
  instance: Instance,
  id: string,
  options: { json: boolean; full: boolean },
): Promise<void> {
  const client = new HelperClient(socketOf(instance));
  const operations = await find(client, id);
  if (options.json) {
    say(JSON.stringify(operations, null, 2));
    return;
  }
  for (const operation of operations) show(operation, options.full);
}

/** An operation by its id, or those of a server by its id or name, oldest first. */
async function find(client: HelperClient, id: string): Promise<readonly Operation[]> {
  try {
    return [await client.operation(id)];
  } catch (error) {
    if (!(error instanceof HelperError) || error.status !== 404) throw error;
  }
  const serverId = (await serverNamed(client, id)) ?? id;
  const found = await client.operations({ resource_type: 'server', resource_id: serverId });
  if (found.length === 0)
    throw new Error(`There is no operation, and no server, with the id or name '${id}'.`);
  return await Promise.all(found.toReversed().map((one) => client.operation(one.id)));
}

async function serverNamed(client: HelperClient, name: string): Promise<string | undefined> {
  const api = await OpenStackClient.login(await client.credentials());
  const pattern = `^${name.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`;
  const { servers } = (await api.get(
    'compute',
    `/servers?all_tenants=1&name=${encodeURIComponent(pattern)}`,
  )) as {
    servers: { id: string }[];
  };
  return servers[0]?.id;
}

function show(operation: Operation, full: boolean): void {
  const took =
    operation.finishedAt === null ? 'not finished' : milliseconds(operation.finishedAt - operation.createdAt);
  say(`\n${operation.title}  ${operation.resource.type} ${operation.resource.id}`);
  say(
    `operation ${operation.id}, ${operation.state}, ${new Date(operation.createdAt).toISOString()}, ${took}`,
  );
  if (operation.error !== null) say(`error: ${operation.error.message}`);
  for (const step of operation.steps) showStep(step, full);
}

function showStep(step: OperationStep, full: boolean): void {
  const number =
    step.number === null ? '' : typeof step.number === 'number' ? String(step.number) : step.number.join('–');
  const duration = step.durationMs === null ? '' : milliseconds(step.durationMs);
  const attempt = step.attempt > 1 && step.direction !== 'event' ? `, attempt ${step.attempt}` : '';
  const what = step.direction === 'undo' ? 'undo ' : '';
  const reason = step.reason === null ? '' : ` (${step.reason})`;
  say(
    `\n ${number.padStart(5)}  ${what}${step.name}  [${step.service}] ${step.outcome} ${duration}${attempt}${reason}`,
  );
  for (const entry of step.entries) for (const line of linesOf(entry, full)) say(`          ${line}`);
}

function linesOf(entry: TraceEntry, full: boolean): readonly string[] {
  switch (entry.kind) {
    case 'command':
      return [
        `$ ${entry.argv.join(' ')}   ${milliseconds(entry.durationMs)}${entry.exitCode === 0 ? '' : `, exit ${entry.exitCode}`}`,
        ...block(entry.stdin, full, '< '),
        ...block(entry.output, full, '> '),
      ];
    case 'rpc':
      return [
        `libvirt ${entry.procedure.replace(/^libvirt /, '')} ${entry.detail}   ${milliseconds(entry.durationMs)}${entry.error === undefined ? '' : `: ${entry.error}`}`,
      ];
    case 'xml':
      return [`xml ${entry.name}`, ...block(entry.text, full, '| ')];
    case 'file':
      return [`${entry.action} ${entry.path}`, ...block(entry.text, full, '| ')];
    case 'sql':
      return [
        `sql ${entry.statement}${entry.parameters === undefined ? '' : ` -- ${entry.parameters}`}`.slice(
          0,
          full ? undefined : 240,
        ),
      ];
    case 'note':
      return [
        `note ${entry.text}${entry.data === undefined ? '' : `: ${JSON.stringify(entry.data)}`}`.slice(
          0,
          full ? undefined : 400,
        ),
      ];
  }
}

function block(text: string | undefined, full: boolean, prefix: string): readonly string[] {
  if (text === undefined || text.trim() === '') return [];
  const lines = text.trimEnd().split('\n');
  const shown = full ? lines : lines.slice(0, 12);
  const rest = lines.length - shown.length;
  return [
    ...shown.map((line) => prefix + line),
    ...(rest > 0 ? [`${prefix}... ${rest} more lines (--full)`] : []),
  ];
}

const milliseconds = (ms: number): string =>
  ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
