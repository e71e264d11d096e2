export { FakeDomainHost } from './fake.ts';
export type { FakeDomainHostOptions } from './fake-options.ts';
export * from './interface.ts';
export { qemuOwner } from './linux-host.ts';
export { LinuxDomainHost, type LinuxDomainHostOptions } from './linux.ts';
