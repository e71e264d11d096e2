import type { Resources } from '../basics.ts';
import type { ProviderDemand } from '../../placement/index.ts';

type Texts = Readonly<Record<string, string>>;

/**
 * What a server takes of its host in placement's words: what its flavor has, and what extra specs say beside it or in
 * its place (`resources:CUSTOM_GAS=1`, `resources:VCPU=0`, `trait:HW_CPU_X86_AVX=required`; groups with a suffix are
 * asked of the same host). Images may ask for traits, too.
 */
export function placementDemand(
  claim: Resources,
  extraSpecs: Texts,
  imageProperties: Texts = {},
): ProviderDemand {
  const resources: Record<string, number> = {
    VCPU: claim.vcpus,
    MEMORY_MB: claim.ramMib,
    DISK_GB: claim.diskGib,
  };
  const required: string[] = [];
  const forbidden: string[] = [];
  for (const [key, value] of [...Object.entries(extraSpecs), ...Object.entries(imageProperties)]) {
    const [, trait] = /^trait[a-zA-Z0-9_-]{0,64}:([A-Z0-9_]+)$/.exec(key) ?? [];
    if (trait !== undefined && value === 'required') required.push(trait);
    if (trait !== undefined && value === 'forbidden') forbidden.push(trait);
  }
  for (const [key, value] of Object.entries(extraSpecs)) {
    const [, suffix, name] = /^resources([a-zA-Z0-9_-]{0,64}):([A-Z0-9_]+)$/.exec(key) ?? [];
    if (name === undefined || !/^\d{1,10}$/.test(value)) continue;
    resources[name] = suffix === '' ? Number(value) : (resources[name] ?? 0) + Number(value);
  }
  return { resources, required, forbidden };
}
