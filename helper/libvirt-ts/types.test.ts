/** What the compiler infers from the procedure table is the public interface: tsc checks this file. */
import { expectTypeOf, test } from 'vitest';
import type { DomainRef, EventOf, Libvirt, TypedParameter } from './index.ts';

test('inputs and outputs follow from the codecs', () => {
  expectTypeOf<Parameters<Libvirt['domainGetState']>[0]>().toEqualTypeOf<{
    dom: DomainRef;
    flags?: number | undefined;
  }>();
  expectTypeOf<ReturnType<Libvirt['domainGetState']>>().resolves.toEqualTypeOf<{
    state: number;
    reason: number;
  }>();
  expectTypeOf<Parameters<Libvirt['domainBlockResize']>[0]['size']>().toEqualTypeOf<number | bigint>();
  expectTypeOf<ReturnType<Libvirt['domainDestroyFlags']>>().resolves.toEqualTypeOf<void>();
  expectTypeOf<ReturnType<Libvirt['connectListAllDomains']>>().resolves.toEqualTypeOf<DomainRef[]>();
  expectTypeOf<ReturnType<Libvirt['domainGetBlockIoTune']>>().resolves.toEqualTypeOf<TypedParameter[]>();
  expectTypeOf<EventOf<'reboot'>>().toEqualTypeOf<{ callbackId: number; dom: DomainRef }>();
});

test('arguments that the table fixes cannot be given, those without a default cannot be left out', () => {
  expectTypeOf<{ flags: number }>().not.toExtend<Parameters<Libvirt['domainReboot']>[0]>();
  expectTypeOf<keyof NonNullable<Parameters<Libvirt['connectListAllDomains']>[0]>>().toEqualTypeOf<'flags'>();
});
