import { statement, type Db } from '../../db/index.ts';
import type { Inventory } from '../face.ts';

export interface InventoryRow extends Inventory {
  readonly provider_uuid: string;
  readonly resource_class: string;
}

export interface UsageRow {
  readonly provider_uuid: string;
  readonly resource_class: string;
  readonly used: number;
}

export const inventoriesOf = (db: Db, uuid: string): readonly InventoryRow[] =>
  statement<[string], InventoryRow>(
    db,
    'SELECT * FROM placement_inventory WHERE provider_uuid = ? ORDER BY resource_class',
  ).all(uuid);

export const allInventories = (db: Db): readonly InventoryRow[] =>
  statement<[], InventoryRow>(db, 'SELECT * FROM placement_inventory ORDER BY resource_class').all();

export function setInventory(db: Db, row: InventoryRow): void {
  statement<[Readonly<Record<string, string | number>>]>(
    db,
    `INSERT INTO placement_inventory VALUES (@provider_uuid, @resource_class, @total, @reserved, @min_unit, @max_unit,
       @step_size, @allocation_ratio)
     ON CONFLICT (provider_uuid, resource_class) DO UPDATE SET total = excluded.total, reserved = excluded.reserved,
       min_unit = excluded.min_unit, max_unit = excluded.max_unit, step_size = excluded.step_size,
       allocation_ratio = excluded.allocation_ratio`,
  ).run({ ...row });
}

export function deleteInventory(db: Db, uuid: string, resourceClass: string): void {
  statement<[string, string]>(
    db,
    'DELETE FROM placement_inventory WHERE provider_uuid = ? AND resource_class = ?',
  ).run(uuid, resourceClass);
}

/** What is allocated of one provider, by class. */
export const usageOf = (db: Db, uuid: string): readonly UsageRow[] =>
  statement<[string], UsageRow>(
    db,
    `SELECT provider_uuid, resource_class, sum(used) AS used FROM placement_allocation
     WHERE provider_uuid = ? GROUP BY resource_class`,
  ).all(uuid);

export const allUsage = (db: Db): readonly UsageRow[] =>
  statement<[], UsageRow>(
    db,
    `SELECT provider_uuid, resource_class, sum(used) AS used FROM placement_allocation
     GROUP BY provider_uuid, resource_class`,
  ).all();
