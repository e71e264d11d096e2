import { useCollection } from '../../cloud/session.svelte.ts';
import { targets, type Target } from './targets.ts';

/** {@link targets} of the current project, live. Call it while the component is being made. */
export function useTargets(): { readonly all: readonly Target[] } {
  const ports = useCollection('port');
  const servers = useCollection('server');
  const subnets = useCollection('subnet');
  const networks = useCollection('network');
  const routers = useCollection('router');
  const floating = useCollection('floatingip');
  const all = $derived(
    targets({
      ports: ports.items,
      servers: servers.byId,
      subnets: subnets.byId,
      networks: networks.byId,
      routers: routers.byId,
      floating: floating.items,
    }),
  );
  return {
    get all() {
      return all;
    },
  };
}
