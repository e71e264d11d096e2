/**
 * Lists the domains of a hypervisor, then tells what becomes of them until Ctrl-C.
 * `node domains.ts [URI]`; 'test:///default' is libvirt's pretended hypervisor, which needs no right and no guest.
 */
import { connect, DomainEvent, nameOf } from '../index.ts';

const [uri = 'qemu:///system'] = process.argv.slice(2);
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const libvirt = await connect({ uri });
const hostname = await libvirt.connectGetHostname();
const domains = await libvirt.connectListAllDomains();
say(`${uri} on ${hostname}: ${domains.length} domains`);
for (const dom of domains) {
  const { state } = await libvirt.domainGetInfo({ dom });
  say(`  ${dom.uuid} ${dom.name} (state ${state})`);
}
await libvirt.subscribe('lifecycle', ({ dom, event }) => say(`${dom.name}: ${nameOf(DomainEvent, event)}`));
process.once('SIGINT', () => void libvirt.close());
