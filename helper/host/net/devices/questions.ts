import type { DeviceQuestion, NetworkDevices } from '../../../contract/devices.ts';

/** Whether this instance has what is asked about: others' devices are not shown. */
export function isThere(question: DeviceQuestion, report: Omit<NetworkDevices, 'host'>): boolean {
  const hasNamespace = (name: string | null): boolean =>
    name === null || report.namespaces.some((one) => one.name === name);
  switch (question.kind) {
    case 'device':
      return report.devices.some((one) => one.name === question.name && one.namespace === question.namespace);
    case 'namespace':
      return hasNamespace(question.name);
    case 'filter':
      return report.filteredPorts.includes(question.portId);
    case 'table':
      return question.namespace === null
        ? report.tables.includes(question.name)
        : hasNamespace(question.namespace);
  }
}
