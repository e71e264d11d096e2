import { badRequest } from '../../errors/error.ts';
import type { Db } from '../../db/index.ts';
import type { SubnetRow } from '../store/row.ts';
import type { RouterAddress } from '../store/router.ts';
import type { Route } from '../schemas/router.ts';
import { formatBlock, overlaps, parseAddress, parseBlock } from './address.ts';
import { badRouter } from './router-context.ts';
import { subnetsOf } from '../store/subnet.ts';

/** neutron's max_routes. */
const MAX_ROUTES = 30;

const invalidRoutes = (routes: readonly Route[], reason: string): Error =>
  badRequest(
    `Invalid format for routes: ${JSON.stringify(routes.slice(0, MAX_ROUTES)).slice(0, 1000)}, ${reason}`,
    { type: 'InvalidRoutes' },
  );

/**
 * Extra routes as they are kept: destinations without host bits.
 * @param addresses of the router's interfaces and gateway: next hops are on one of its subnets and not the router.
 * @throws {CloudError} InvalidRoutes, RoutesExhausted.
 */
export function checkRoutes(
  routerId: string,
  routes: readonly Route[],
  addresses: readonly RouterAddress[],
): Route[] {
  if (routes.length > MAX_ROUTES) {
    throw badRequest(
      `Unable to complete operation for ${routerId}. The number of routes exceeds the maximum ${MAX_ROUTES}.`,
      { type: 'RoutesExhausted' },
    );
  }
  const blocks = addresses.flatMap((ip) => parseBlock(ip.cidr) ?? []);
  const own = new Set(addresses.map((ip) => ip.address));
  const kept = routes.map((route) => {
    const destination = parseBlock(route.destination);
    const hop = parseAddress(route.nexthop);
    if (destination === undefined || hop === undefined || destination.version !== hop.version)
      throw invalidRoutes(routes, `'${route.destination}' via '${route.nexthop}' is no route`);
    // The default route is the gateway's.
    if (destination.prefix === 0)
      throw invalidRoutes(routes, 'the default route is set by external_gateway_info');
    const connected = blocks.some(
      (block) => block.version === hop.version && block.first <= hop.value && hop.value <= block.last,
    );
    if (!connected) throw invalidRoutes(routes, 'the nexthop is not connected with router');
    if (own.has(route.nexthop)) throw invalidRoutes(routes, 'the nexthop is used by router');
    return { destination: formatBlock(destination), nexthop: route.nexthop };
  });
  const names = new Set(kept.map((route) => `${route.destination} ${route.nexthop}`));
  if (names.size < kept.length)
    throw badRequest(`Invalid input for routes. Reason: Duplicate items in the list.`);
  return kept;
}

/** True when a route's next hop is on the block. */
export function routeUses(routes: readonly Route[], cidr: string): boolean {
  const block = parseBlock(cidr);
  return routes.some((route) => {
    const hop = parseAddress(route.nexthop);
    return (
      block !== undefined &&
      hop?.version === block.version &&
      block.first <= hop.value &&
      hop.value <= block.last
    );
  });
}

/**
 * A router knows each address once: no two of its subnets overlap.
 * @throws {CloudError} BadRequest.
 */
export function checkOverlap(present: readonly RouterAddress[], fresh: readonly SubnetRow[]): void {
  for (const subnet of fresh) {
    const block = parseBlock(subnet.cidr);
    for (const one of present) {
      if (one.subnet_id === subnet.id) throw badRouter(`Router already has a port on subnet ${subnet.id}`);
      const theirs = parseBlock(one.cidr);
      if (block === undefined || theirs?.version !== block.version || !overlaps(theirs, block)) continue;
      throw badRouter(
        `Cidr ${subnet.cidr} of subnet ${subnet.id} overlaps with cidr ${one.cidr} of subnet ${one.subnet_id}`,
      );
    }
  }
}

/** The external network's subnets come next to all subnets that the router has inside. */
export function checkGatewayOverlap(db: Db, present: readonly RouterAddress[], networkId: string): void {
  for (const outer of subnetsOf(db, networkId)) {
    const block = parseBlock(outer.cidr);
    for (const one of present) {
      const theirs = parseBlock(one.cidr);
      if (one.network_id === networkId || block === undefined) continue;
      if (theirs?.version !== block.version || !overlaps(theirs, block)) continue;
      throw badRouter(
        `Cidr ${outer.cidr} of subnet ${outer.id} overlaps with cidr ${one.cidr} of subnet ${one.subnet_id}`,
      );
    }
  }
}
