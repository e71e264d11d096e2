/** libvirt's RPC protocol in TypeScript: see README.md. */
export { connect, LibvirtClient } from './client.ts';
export type { CallInfo, CallOptions, ConnectOptions, Libvirt, Methods } from './client.ts';
export * from './enums.ts';
export * from './error-codes.ts';
export {
  LibvirtConnectError,
  LibvirtDisconnectedError,
  LibvirtError,
  LibvirtProtocolError,
  LibvirtTimeoutError,
} from './errors.ts';
export type { EventKind, EventOf, LifecycleEvent } from './events.ts';
export * from './flags.ts';
export type { InputOf, OutputOf, Procedures } from './procedures/index.ts';
export type { Listener, SubscribeOptions, Subscription } from './subscription.ts';
export { domainRef, typed, typedValues } from './types.ts';
export type { DomainRef, SecretRef, SnapshotRef, TypedParameter, TypedValue } from './types.ts';
export { XdrError } from './xdr.ts';
