/**
 * The helper, which can be told while it runs to kill itself by SIGKILL in the next operation that is queued:
 * `node test/support/armed-helper.ts <file of a KillOrder> ...arguments of helper/main.ts`. Other operations' writes
 * do not count, and an order is obeyed once.
 */
import { readFileSync, rmSync } from 'node:fs';
import { parseArguments } from '../../helper/arguments.ts';
import { runHelper } from '../../helper/run.ts';
import type { JournalWrite } from '../../helper/saga/index.ts';
import type { KillOrder } from './kill-order.ts';

const [orderPath = '', ...words] = process.argv.slice(2);
let armed: { readonly operationId: string; readonly order: KillOrder; left: number } | undefined;

function takeOrder(): KillOrder | undefined {
  try {
    const order = JSON.parse(readFileSync(orderPath, 'utf8')) as KillOrder;
    rmSync(orderPath);
    return order;
  } catch {
    return undefined;
  }
}

const journal = ({ phase, type, operationId, step }: JournalWrite): void => {
  if (type === 'queued' && phase === 'before') {
    const order = takeOrder();
    if (order !== undefined) armed = { operationId, order, left: order.nth };
  }
  if (armed === undefined || operationId !== armed.operationId) return;
  const { order } = armed;
  if (phase !== order.phase || (order.step !== undefined && step !== order.step)) return;
  armed.left -= 1;
  if (armed.left !== 0) return;
  if (order.delayMs === undefined) process.kill(process.pid, 'SIGKILL');
  else setTimeout(() => process.kill(process.pid, 'SIGKILL'), order.delayMs);
};
await runHelper(parseArguments(words), { journal, validateResponses: true });
