import { existsSync } from 'node:fs';
import type { DesktopCredentials } from '../../helper/contract/status.ts';
import { BACKENDS, type PreparedCloud } from './cloud.ts';

type Sections = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface ConfOptions {
  readonly cloud: PreparedCloud;
  readonly credentials: DesktopCredentials;
  /** Where tempest keeps its log and its locks. */
  readonly directory: string;
  /** Guests really run: tests may log in to them. */
  readonly guests: boolean;
  /** The listed tests are run, not any that tempest has. */
  readonly listed: boolean;
}

/** How long a guest may take under emulation, in seconds. */
const BUILD_TIMEOUT = '300';

const yes = (is: boolean): string => (is ? 'true' : 'false');

/**
 * What tempest is told of the cloud. It says what there is, nothing else: a feature is off only where Deskcloud has
 * none (there is one host, so nothing migrates), and never to get round a failure.
 */
export function tempestConf({ cloud, credentials, directory, guests, listed }: ConfOptions): string {
  const { guest, externalNetwork, passwordRules, microversions, catalog } = cloud;
  // The simulated kernel has VLANs; of the real one its own table of them says so.
  const vlans = !guests || existsSync('/proc/net/vlan');
  const sections: Sections = {
    DEFAULT: { log_file: `${directory}/tempest.log`, debug: 'true' },
    oslo_concurrency: { lock_path: `${directory}/locks` },
    auth: {
      use_dynamic_credentials: 'true',
      admin_username: credentials.username,
      admin_password: credentials.password,
      admin_project_name: credentials.projectName,
      admin_domain_name: credentials.userDomainName,
      tempest_roles: 'member',
    },
    identity: {
      uri_v3: `${new URL(credentials.authUrl).origin}/identity/v3`,
      auth_version: 'v3',
      region: credentials.regionName,
      v3_endpoint_type: 'public',
      default_domain_id: 'default',
      ...(passwordRules === undefined
        ? {}
        : {
            user_unique_last_password_count: String(passwordRules.historyCount),
            user_lockout_failure_attempts: String(passwordRules.lockoutFailures),
            user_lockout_duration: String(passwordRules.lockoutSeconds),
          }),
    },
    'identity-feature-enabled': {
      api_v2: 'false',
      api_v3: 'true',
      access_rules: 'true',
      application_credentials: 'true',
      security_compliance: yes(passwordRules !== undefined),
    },
    compute: {
      image_ref: cloud.imageId,
      image_ref_alt: cloud.otherImageId,
      flavor_ref: cloud.flavorId,
      flavor_ref_alt: cloud.largerFlavorId,
      build_timeout: BUILD_TIMEOUT,
      build_interval: '1',
      ready_wait: '0',
      min_microversion: microversions[0],
      max_microversion: microversions[1],
    },
    'compute-feature-enabled': {
      resize: 'true',
      vnc_console: 'true',
      serial_console: 'true',
      personality: 'true',
      stable_rescue: 'true',
      // One host.
      live_migration: 'false',
      cold_migration: 'false',
      can_migrate_between_any_hosts: 'false',
      swap_volume: 'true',
      volume_multiattach: 'true',
      // The name stands for two things. Servers' metadata can be written, and the list has tests of that; the list has
      // none of the other, os-agents, which is gone here as it is upstream.
      xenapi_apis: yes(listed),
      // The tiny guest has no agent that could set a password.
      change_password: 'false',
      attach_encrypted_volume: 'true',
    },
    image: {
      image_caching_enabled: 'true',
      http_image: cloud.webImage,
      build_timeout: BUILD_TIMEOUT,
    },
    'image-feature-enabled': { import_image: 'true', os_glance_reserved: 'true', manage_locations: 'false' },
    network: {
      public_network_id: externalNetwork.id,
      floating_network_name: externalNetwork.name,
      project_network_cidr: '10.100.0.0/16',
      project_network_mask_bits: '28',
    },
    'network-feature-enabled': {
      api_extensions: cloud.networkExtensions.join(','),
      ipv6: 'true',
      ipv6_subnet_attributes: 'true',
      floating_ips: 'true',
      port_security: 'true',
      port_admin_state_change: 'true',
    },
    // What neutron's own tests (neutron_tempest_plugin) ask beyond tempest's.
    neutron_plugin_options: {
      available_type_drivers: vlans ? 'flat,local,vxlan,vlan' : 'flat,local,vxlan',
      ...(vlans ? { provider_vlans: 'external' } : {}),
      agent_availability_zone: 'nova',
      create_shared_resources: 'true',
    },
    validation: {
      run_validation: yes(guests),
      auth_method: 'keypair',
      connect_method: 'floating',
      network_for_ssh: externalNetwork.name,
      image_ssh_user: 'root',
      image_alt_ssh_user: 'root',
      // What compute makes before microversion 2.92, as upstream does.
      ssh_key_type: 'rsa',
      ssh_timeout: BUILD_TIMEOUT,
    },
    scenario: { img_file: guest.path, img_disk_format: 'qcow2', dhcp_client: 'udhcpc' },
    volume: {
      build_timeout: BUILD_TIMEOUT,
      build_interval: '1',
      volume_size: '1',
      min_microversion: '3.0',
      max_microversion: '3.70',
      volume_type_multiattach: cloud.multiattachType,
      storage_protocol: 'file',
      vendor_name: 'Deskcloud',
      manage_volume_ref: 'source-name,volume-%s',
      manage_snapshot_ref: 'source-name,snapshot-%s',
      backend_names: BACKENDS.map(({ name }) => name).join(','),
    },
    'volume-feature-enabled': {
      multi_backend: 'true',
      extend_attached_volume: 'true',
      extend_attached_encrypted_volume: 'true',
      volume_revert: 'true',
      backup: 'true',
      manage_volume: 'true',
      manage_snapshot: 'true',
      // Groups and their snapshots go by this name.
      consistency_group: 'true',
    },
    service_available: {
      nova: 'true',
      neutron: 'true',
      glance: 'true',
      cinder: yes(catalog.has('block-storage') || catalog.has('volumev3')),
      placement: yes(catalog.has('placement')),
      swift: 'false',
      horizon: 'false',
    },
  };
  return Object.entries(sections)
    .map(
      ([name, options]) =>
        `[${name}]\n${Object.entries(options)
          .map(([key, value]) => `${key} = ${value}\n`)
          .join('')}`,
    )
    .join('\n');
}
