import { gatewayDevice, routerDevice } from '../names.ts';
import { address } from '../values.ts';
import type { RouterInterface, RouterSpec } from './interface.ts';

type Family = 4 | 6;

/** The devices with addresses of a family, grouped by the address scope that those are of; '' is none. */
function groupsOf(spec: RouterSpec, family: Family): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  const add = (port: RouterInterface, device: string): void => {
    if (!port.addresses.some((ip) => ip.includes(':') === (family === 6))) return;
    const scope = port.scopes?.[family] ?? '';
    groups.set(scope, [...(groups.get(scope) ?? []), device].sort());
  };
  for (const one of spec.interfaces) add(one, routerDevice(one.portId));
  if (spec.gateway !== undefined) add(spec.gateway, gatewayDevice(spec.gateway.portId));
  return groups;
}

const set = (devices: readonly string[]): string => `{ ${devices.map((one) => `"${one}"`).join(', ')} }`;

/** Addresses of one scope do not overlap, so nothing is translated between the inside and an outside of the same. */
export function scopeExemption(spec: RouterSpec): string[] {
  const { gateway } = spec;
  const scope = gateway?.scopes?.[4] ?? '';
  if (gateway === undefined || scope === '') return [];
  const outer = gatewayDevice(gateway.portId);
  const inside = (groupsOf(spec, 4).get(scope) ?? []).filter((device) => device !== outer);
  return inside.length === 0
    ? []
    : [`iifname ${set(inside)} oifname "${outer}" meta nfproto ipv4 ct status ! dnat accept`];
}

/**
 * What is of different scopes may have the same addresses, and so is kept apart, as by neutron's agent: only what is
 * translated passes, and answers. Nothing where all is of one scope.
 */
export function scopeChain(spec: RouterSpec): string {
  const { gateway } = spec;
  const outer = gateway === undefined ? undefined : gatewayDevice(gateway.portId);
  const rules = ([4, 6] as const).flatMap((family) => {
    const groups = groupsOf(spec, family);
    const all = [...groups.values()].flat().sort();
    // What goes out is translated.
    const open = family === 4 && gateway?.snat === true ? outer : undefined;
    return [...groups]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([, own]) => {
        const others = all.filter((device) => device !== open && !own.includes(device));
        return others.length === 0
          ? []
          : [`meta nfproto ipv${family} iifname ${set(own)} oifname ${set(others)} drop`];
      });
  });
  if (rules.length === 0) return '';
  const floating = [...new Set(spec.floatingIps.map((one) => address(one.fixed).address))].sort();
  const leaving =
    outer === undefined || gateway?.snat === true || floating.length === 0
      ? []
      : [`oifname "${outer}" ip saddr { ${floating.join(', ')} } accept`];
  return [
    '  chain scopes {',
    '    type filter hook forward priority -5; policy accept;',
    '    ct direction reply accept',
    '    ct state related accept',
    '    ct status dnat accept',
    ...[...leaving, ...rules].map((rule) => `    ${rule}`),
    '  }\n',
  ].join('\n');
}
