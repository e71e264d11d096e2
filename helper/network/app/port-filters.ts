import { badRequest } from '../../errors/error.ts';
import type { Condition } from '../store/list.ts';
import { canonical } from './address.ts';

/** `fixed_ips=ip_address=A`, `fixed_ips=subnet_id=S`, `fixed_ips=ip_address_substr=X`; each may be repeated. */
export function byFixedIps(values: readonly string[]): Condition {
  const wanted: Record<string, string[]> = { ip_address: [], subnet_id: [], ip_address_substr: [] };
  for (const value of values) {
    const at = value.indexOf('=');
    const list = wanted[value.slice(0, Math.max(at, 0))];
    if (list === undefined)
      throw badRequest(`Invalid input for fixed_ips. Reason: '${value.slice(0, 80)}' is not a valid filter.`);
    list.push(value.slice(at + 1));
  }
  const { ip_address = [], subnet_id = [], ip_address_substr = [] } = wanted;
  const parts: string[] = [];
  const bound: string[] = [];
  const add = (sql: string, list: readonly string[]): void => {
    if (list.length === 0) return;
    parts.push(sql);
    bound.push(JSON.stringify(list));
  };
  add('address IN (SELECT value FROM json_each(?))', ip_address.map(canonical));
  add('subnet_id IN (SELECT value FROM json_each(?))', subnet_id);
  add(
    'EXISTS (SELECT 1 FROM json_each(?) part WHERE instr(port_ip.address, part.value) > 0)',
    ip_address_substr,
  );
  return { sql: `id IN (SELECT port_id FROM port_ip WHERE ${parts.join(' AND ')})`, values: bound };
}
