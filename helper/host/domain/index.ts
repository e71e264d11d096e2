export { FakeDomainHost, type FakeDomainHostOptions } from './fake.ts';
export * from './interface.ts';
export { LinuxDomainHost, qemuOwner, type LinuxDomainHostOptions } from './linux.ts';
