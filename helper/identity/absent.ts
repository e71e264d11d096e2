import type { Absence } from '../http/index.ts';

/** What Keystone has and Deskcloud has not; helper/API.md shows it. */
export const identityAbsent: readonly Absence[] = [
  {
    what: 'Federation: identity providers, mappings, protocols, service providers, web single sign-on, SAML',
    paths: ['/OS-FEDERATION', '/auth/OS-FEDERATION'],
    why: 'Users of a desktop are in its own database; there is no web server in front that could check an assertion.',
  },
  {
    what: 'OAuth 1.0a tokens (consumers are there)',
    paths: [
      '/OS-OAUTH1/request_token',
      '/OS-OAUTH1/access_token',
      '/OS-OAUTH1/authorize/{request_token_id}',
      '/users/{user_id}/OS-OAUTH1/access_tokens',
    ],
    why: 'Application credentials and trusts do the same; no client of today asks for OAuth 1.0a.',
  },
  {
    what: 'OAuth 2.0 client credentials',
    paths: ['/OS-OAUTH2/token'],
    why: 'Application credentials serve the same clients.',
  },
  {
    what: 'Associations of policies with endpoints and services',
    paths: ['/policies/{policy_id}/OS-ENDPOINT-POLICY', '/endpoints/{endpoint_id}/OS-ENDPOINT-POLICY/policy'],
    why: 'No service reads policies from there; the policies themselves are kept.',
  },
  {
    what: 'Certificates and revocation lists of PKI tokens, revocation events',
    paths: [
      '/OS-SIMPLE-CERT/ca',
      '/OS-SIMPLE-CERT/certificates',
      '/auth/tokens/OS-PKI/revoked',
      '/OS-REVOKE/events',
    ],
    why: 'Every token is looked up in the database on every request, so nobody needs them; upstream has dropped them.',
  },
  {
    what: 'Identity v2.0',
    paths: ['/v2.0'],
    why: 'Upstream has dropped it.',
  },
];
