import { expect, test } from 'vitest';
import { sampleOf, type Diagnostics } from './metrics.ts';

const seen = (time: number, bytes: number): Diagnostics => ({
  cpu_details: [{ time }, { time }],
  memory_details: { maximum: 128, used: 60 },
  disk_details: [{ read_bytes: bytes, write_bytes: 0, read_requests: 0, write_requests: 0 }],
  nic_details: [
    { rx_octets: bytes, tx_octets: null },
    { rx_octets: bytes, tx_octets: 0 },
  ],
});

test('rates are the growth between two looks, of all processors, disks and cards together', () => {
  const before = { at: 1000, found: seen(0, 0) };
  expect(sampleOf({ at: 3000, found: seen(1e9, 2048) }, before)).toEqual({
    at: 3000,
    cpu: 50,
    memory: 60,
    memoryMax: 128,
    diskRead: 1024,
    diskWrite: 0,
    received: 2048,
    sent: 0,
  });
});

test('there is no rate at the first look, nor where a counter began anew', () => {
  expect(sampleOf({ at: 1, found: seen(5, 5) }, undefined)).toMatchObject({ cpu: null, received: null });
  const after = sampleOf({ at: 2000, found: seen(0, 0) }, { at: 1000, found: seen(9, 9) });
  expect(after).toMatchObject({ cpu: null, diskRead: null, diskWrite: 0 });
});
