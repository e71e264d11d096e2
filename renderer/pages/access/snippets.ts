/** Where the cloud is, and as whom a program enters it. */
export interface AccessFacts {
  /** 'http://127.0.0.1:9760/identity/v3' */
  readonly authUrl: string;
  readonly region: string;
  readonly user: string;
  readonly project: string;
}

export interface CredentialFacts {
  readonly name: string;
  readonly id: string;
  readonly secret: string;
  readonly authUrl: string;
  readonly region: string;
}

/** A word that is safe as YAML, HCL and shell text alike: JSON's quotes are YAML's and HCL's, and these names have no '$'. */
const quoted = (text: string): string => JSON.stringify(text);
/** HCL takes '${' and '%{' for templates. */
const hcl = (text: string): string => quoted(text).replace(/[$%](?=\{)/g, (sign) => sign + sign);
/** A word for a POSIX shell, whatever is in it. */
export const shellWord = (text: string): string =>
  /^[A-Za-z0-9_./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** A clouds.yaml for an application credential. */
export const credentialCloudsYaml = (facts: CredentialFacts): string => `clouds:
  ${quoted(facts.name)}:
    auth_type: v3applicationcredential
    auth:
      auth_url: ${quoted(facts.authUrl)}
      application_credential_id: ${quoted(facts.id)}
      application_credential_secret: ${quoted(facts.secret)}
    region_name: ${quoted(facts.region)}
    interface: public
    identity_api_version: 3
`;

/** Terraform's provider, which takes the password from clouds.yaml. */
export const terraform = (cloud: string, facts: AccessFacts): string => `terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.0"
    }
  }
}

# The password stays in clouds.yaml.
provider "openstack" {
  cloud       = ${hcl(cloud)}
  tenant_name = ${hcl(facts.project)}
  region      = ${hcl(facts.region)}
}

data "openstack_images_image_v2" "all" {
  most_recent = true
}
`;

/** A playbook of Ansible's openstack.cloud collection. */
export const ansible = (
  cloud: string,
  facts: AccessFacts,
): string => `# ansible-galaxy collection install openstack.cloud
- hosts: localhost
  tasks:
    - name: Servers of ${facts.project.replaceAll(/[^\w .-]/g, '_')}
      openstack.cloud.server_info:
        cloud: ${quoted(cloud)}
      register: found

    - ansible.builtin.debug:
        var: found.servers
`;

/** A token by curl, and a first request with it. The password is asked for, so it is in no history. */
export const curl = (facts: AccessFacts): string => {
  const origin = facts.authUrl.replace(/\/identity\/v3$/, '');
  const body = JSON.stringify({
    auth: {
      identity: {
        methods: ['password'],
        password: { user: { name: facts.user, domain: { id: 'default' }, password: '@PASSWORD@' } },
      },
      scope: { project: { name: facts.project, domain: { id: 'default' } } },
    },
  });
  return `read -rsp 'Password: ' OS_PASSWORD; echo
TOKEN=$(curl -sD - -o /dev/null ${shellWord(`${facts.authUrl}/auth/tokens`)} \\
  -H 'Content-Type: application/json' \\
  -d ${shellWord(body).replace('@PASSWORD@', `'"$OS_PASSWORD"'`)} |
  awk 'tolower($1) == "x-subject-token:" { print $2 }' | tr -d '\\r')

curl -s ${shellWord(`${origin}/compute/v2.1/servers`)} -H "X-Auth-Token: $TOKEN"
`;
};

/** A first program with openstacksdk. */
export const python = (cloud: string): string => `import openstack

cloud = openstack.connect(cloud=${quoted(cloud)})
for server in cloud.compute.servers():
    print(server.name, server.status)
`;
