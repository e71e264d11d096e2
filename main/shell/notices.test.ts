import { expect, test, vi } from 'vitest';
import type { OperationEvent, OperationSummary } from '../../helper/contract/operation.ts';
import type { ShellEvent } from '../contract/shell.ts';
import { watchWork } from './notices.ts';

const operation = (id: string, tookMs: number, error: string | null): OperationSummary => ({
  id,
  name: 'server-create',
  title: `Create server ${id}`,
  service: 'compute',
  resource: { type: 'server', id: 's' },
  state: error === null ? 'succeeded' : 'failed',
  cancelRequested: false,
  requestId: null,
  projectId: null,
  userId: null,
  createdAt: 1_000_000,
  startedAt: 1_000_000,
  finishedAt: 1_000_000 + tookMs,
  stepsDone: 1,
  stepsTotal: 1,
  error: error === null ? null : { code: 'x', message: error },
});

const event = (type: 'finished' | 'failed' | 'stuck' | 'cancelled', operationId: string): OperationEvent => ({
  type,
  operationId,
  at: 0,
  name: 'server-create',
  resource: { type: 'server', id: 's' },
  projectId: null,
  error: null,
});

test('long work and failures are told; what was quick, and what the person ended, is not', async () => {
  const operations = [
    operation('quick', 9_000, null),
    operation('long', 10_000, null),
    operation('failed', 5, 'no host'),
    operation('stuck', 5, 'umount: busy'),
  ];
  let hear: (event: ShellEvent) => void = () => undefined;
  const emit = vi.fn<(event: ShellEvent) => void>();
  watchWork({
    client: {
      operation: async (id) => {
        const found = operations.find((one) => one.id === id);
        return found ?? (await Promise.reject(new Error('gone')));
      },
    },
    on: (listener) => {
      hear = listener;
      return () => undefined;
    },
    emit,
  });
  hear(event('finished', 'quick'));
  hear(event('finished', 'gone'));
  hear(event('cancelled', 'failed'));
  hear(event('finished', 'long'));
  hear(event('failed', 'failed'));
  hear(event('stuck', 'stuck'));
  await vi.waitFor(() => expect(emit).toHaveBeenCalledTimes(3));
  expect(emit.mock.calls.map(([notice]) => notice)).toEqual([
    {
      type: 'notice',
      outcome: 'finished',
      title: 'Create server long',
      reason: null,
      route: '/operations/long',
    },
    {
      type: 'notice',
      outcome: 'failed',
      title: 'Create server failed',
      reason: 'no host',
      route: '/operations/failed',
    },
    {
      type: 'notice',
      outcome: 'stuck',
      title: 'Create server stuck',
      reason: 'umount: busy',
      route: '/operations/stuck',
    },
  ]);
});
