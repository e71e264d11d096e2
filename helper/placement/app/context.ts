import type { Db } from '../../db/index.ts';
import { conflict, notFound, type CloudError } from '../../errors/error.ts';
import { findProvider, type ProviderRow } from '../store/provider.ts';
import { hasCustomName } from '../store/name.ts';
import { STANDARD_CLASSES } from '../standard-classes.ts';
import { STANDARD_TRAITS } from '../standard-traits.ts';

export interface PlacementContext {
  readonly db: Db;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** Codes of errors that clients look at (placement/errors.py). */
export const CONCURRENT_UPDATE = 'placement.concurrent_update';
export const INVENTORY_IN_USE = 'placement.inventory.inuse';
export const DUPLICATE_NAME = 'placement.duplicate_name';
export const PROVIDER_IN_USE = 'placement.resource_provider.inuse';
export const CANNOT_DELETE_PARENT = 'placement.resource_provider.cannot_delete_parent';

/** @throws {CloudError} notFound */
export function requireProvider(db: Db, uuid: string): ProviderRow {
  const found = findProvider(db, uuid);
  if (found === undefined) throw notFound(`No resource provider with uuid ${uuid} found`);
  return found;
}

export const generationConflict = (what = 'resource provider generation conflict'): CloudError =>
  conflict(what, { type: CONCURRENT_UPDATE });

/** @throws {CloudError} conflict when somebody changed the provider meanwhile. */
export function checkGeneration(provider: ProviderRow, expected: number): void {
  if (provider.generation !== expected) throw generationConflict();
}

export const isClass = (db: Db, name: string): boolean =>
  STANDARD_CLASSES.includes(name) || hasCustomName(db, 'resource_class', name);

export const isTrait = (db: Db, name: string): boolean =>
  STANDARD_TRAITS.has(name) || hasCustomName(db, 'trait', name);
