/** What an entry of the procedure table is. */
import { i32, only, struct, withDefault, type Codec, type Shape, type StructIn } from '../codec.ts';
import { Program } from '../protocol.ts';

/** The half of a codec that a result needs. */
export type Decoder<Output> = Pick<Codec<Output, never>, 'read'>;

/** One procedure: where it is in the protocol, and how its arguments and its result are encoded. */
export interface Procedure<Input, Output> {
  readonly program: number;
  readonly number: number;
  readonly args: Codec<unknown, Input>;
  readonly ret: Decoder<Output>;
  /** Runs on a connection of its own, since it keeps one of the daemon's workers busy: see {@link asideRpc}. */
  readonly aside?: true;
  /** Another default time limit than the client's. */
  readonly timeoutMs?: number;
  /** Reads the number of parameters that the daemon has: see {@link countedRpc}. */
  readonly count?: Decoder<number>;
}

/** A procedure of the remote program. A result that is a struct of one member is written as that member. */
export const rpc = <S extends Shape, O>(
  number: number,
  args: S,
  ret: Decoder<O>,
): Procedure<StructIn<S>, O> => ({ program: Program.REMOTE, number, args: struct(args), ret });

/**
 * A procedure that takes long enough to hold up others. The daemon works on five requests of one client at a time
 * (max_client_requests) and does not even read the sixth, so these go over a connection of their own.
 */
export const asideRpc = <S extends Shape, O>(
  number: number,
  args: S,
  ret: Decoder<O>,
): Procedure<StructIn<S>, O> => ({ ...rpc(number, args, ret), aside: true });

const LONG_TIMEOUT_MS = 3_600_000;

/** The same for a procedure that moves a guest's memory or disk: it may take up to an hour. */
export const longRpc = <S extends Shape, O>(
  number: number,
  args: S,
  ret: Decoder<O>,
): Procedure<StructIn<S>, O> => ({ ...asideRpc(number, args, ret), timeoutMs: LONG_TIMEOUT_MS });

/** A procedure of the qemu program: each waits for QEMU's monitor or for the guest's agent. */
export const qemuRpc = <S extends Shape, O>(
  number: number,
  args: S,
  ret: Decoder<O>,
): Procedure<StructIn<S>, O> => ({ ...asideRpc(number, args, ret), program: Program.QEMU });

/** The argument that the client fills in for a {@link countedRpc}; callers leave it out. */
export const nparams = withDefault(i32, 0);

/**
 * A procedure that answers `nparams: 0` with how many parameters there are, and that number with their values. The
 * client makes both calls; callers get the list.
 */
export const countedRpc = <S extends Shape & { readonly nparams: Codec<unknown, unknown> }, P>(
  number: number,
  args: S,
  params: Codec<P[], readonly P[]>,
): Procedure<StructIn<S>, P[]> => ({
  ...rpc(number, args, only('params', { params, nparams: i32 })),
  count: only('nparams', { params, nparams: i32 }),
});
