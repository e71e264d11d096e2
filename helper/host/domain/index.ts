export { FakeDomainHost, type FakeDomainHostOptions } from './fake.ts';
export * from './interface.ts';
export { qemuOwner } from './linux-host.ts';
export { LinuxDomainHost, type LinuxDomainHostOptions } from './linux.ts';
