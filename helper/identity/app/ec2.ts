import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { Static } from 'typebox';
import { badRequest } from '../../errors/error.ts';
import { Secret } from '../../secret.ts';
import type { Ec2Login } from '../schemas/credential.ts';
import { findApplicationCredential } from '../store/application-credential.ts';
import { findCredential } from '../store/credential.ts';
import { findTrustRow } from '../store/trust.ts';
import { EC2, ec2Id, keysOf } from './credentials.ts';
import type { IdentityContext } from './context.ts';
import { issueToken, refused, type LiveToken } from './tokens.ts';

type Signed = NonNullable<Static<typeof Ec2Login>['credentials']>;
type Words = Readonly<Record<string, string>>;

/** Upstream's auth_ttl: for how long a signature is good after (or before) its time (S16, CVE-2020-12692). */
const SIGNATURE_MS = 15 * 60 * 1000;
const V4 = 'AWS4-HMAC-SHA256';

/**
 * Checks a signed request that a service got, and gives the signer's token: user, project and bounds are those of the
 * credential. Everything that is wrong with it is one and the same 401.
 * @throws {CloudError} badRequest without credentials, unauthorized.
 */
export function loginByEc2(
  identity: IdentityContext,
  body: Static<typeof Ec2Login>,
): { token: Secret; live: LiveToken } {
  const { db, clock, config } = identity;
  const signed = body.credentials ?? body.ec2Credentials;
  if (signed === undefined) throw badRequest('Expecting to find credentials in the body.');
  const access = signed.access ?? fieldsOf(signed).credential.split('/')[0] ?? '';
  const credential = findCredential(db, ec2Id(access));
  const keys = credential?.type === EC2 ? keysOf(credential.blob) : undefined;
  const now = clock();
  const genuine = isSigned(signed, new Secret(keys?.secret ?? 'nobody'));
  const at = timeOf(signed);
  if (!genuine || keys?.access !== access || at === undefined || Math.abs(now - at) > SIGNATURE_MS)
    throw refused();
  if (credential?.project_id === null || credential === undefined) throw refused();
  const maker =
    credential.application_credential_id === null
      ? undefined
      : findApplicationCredential(db, credential.application_credential_id);
  const trust = credential.trust_id === null ? undefined : findTrustRow(db, credential.trust_id);
  // Made for another user or project than what it was made with, it would be wider than that.
  if (
    maker !== undefined &&
    (maker.user_id !== credential.user_id || maker.project_id !== credential.project_id)
  )
    throw refused();
  if (trust !== undefined && trust.project_id !== credential.project_id) throw refused();
  return issueToken(identity, {
    userId: credential.user_id,
    methods: ['ec2credential'],
    scope: { kind: 'project', id: credential.project_id },
    expiresAt: Math.min(
      now + config.tokenLifetimeSeconds * 1000,
      maker?.expires_at ?? Infinity,
      trust?.expires_at ?? Infinity,
    ),
    auditChainId: undefined,
    applicationCredentialId: maker?.id,
    trustId: trust?.id,
    credentialId: credential.id,
  });
}

/** Whether the signature is that of the request, by AWS's signature version 2 or 4. */
export function isSigned(signed: Signed, secret: Secret): boolean {
  const version = signed.params?.['SignatureVersion'];
  if (version === '2') {
    return ['sha256', 'sha1'].some((digest) => same(signature2(signed, secret, digest), signed.signature));
  }
  if (version === undefined && isV4(signed)) return same(signature4(signed, secret), signed.signature);
  return false;
}

const same = (one: string | undefined, other: string): boolean =>
  one !== undefined && timingSafeEqual(hash('sha256', one, 'buffer'), hash('sha256', other, 'buffer'));

/** The time that a request was signed for, which is part of what is signed. */
function timeOf({ params = {}, headers = {} }: Signed): number | undefined {
  if (params['SignatureVersion'] === '2') {
    const text = params['Timestamp'] ?? '';
    const at = Date.parse(/(?:Z|[+-]\d{2}:?\d{2})$/i.test(text) ? text : `${text}Z`);
    return Number.isNaN(at) ? undefined : at;
  }
  const text = lower(headers)['x-amz-date'] ?? params['X-Amz-Date'] ?? '';
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match.map(Number);
  return Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
}

/** RFC 3986: everything but unreserved characters. */
const escape = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const query = (params: Words, without: string): string =>
  Object.keys(params)
    .filter((key) => key !== without)
    .sort()
    .map((key) => `${escape(key)}=${escape(params[key] ?? '')}`)
    .join('&');

function signature2(signed: Signed, secret: Secret, digest: string): string {
  const { verb = '', host = '', path = '', params = {} } = signed;
  const method = digest === 'sha256' ? 'HmacSHA256' : 'HmacSHA1';
  const all = { ...params, SignatureMethod: params['SignatureMethod'] ?? method };
  if (all.SignatureMethod !== method) return '';
  const text = `${verb.toUpperCase()}\n${host.toLowerCase()}\n${path}\n${query(all, 'Signature')}`;
  return createHmac(digest, secret.reveal()).update(text).digest('base64');
}

const lower = (words: Words): Words =>
  Object.fromEntries(Object.entries(words).map(([key, value]) => [key.toLowerCase().trim(), value.trim()]));

const isV4 = ({ headers = {}, params = {} }: Signed): boolean =>
  (lower(headers)['authorization'] ?? '').startsWith(V4) || params['X-Amz-Algorithm'] === V4;

/** `Credential` and `SignedHeaders` of version 4, from the header Authorization or from the query. */
function fieldsOf({ headers = {}, params = {} }: Signed): { credential: string; signedHeaders: string } {
  const authorization = lower(headers)['authorization'];
  if (authorization === undefined)
    return {
      credential: params['X-Amz-Credential'] ?? '',
      signedHeaders: params['X-Amz-SignedHeaders'] ?? '',
    };
  const field = (name: string): string =>
    authorization
      .split(/[\s,]+/)
      .find((part) => part.startsWith(`${name}=`))
      ?.slice(name.length + 1) ?? '';
  return { credential: field('Credential'), signedHeaders: field('SignedHeaders') };
}

function signature4(signed: Signed, secret: Secret): string | undefined {
  const { verb = '', path = '', params = {}, body_hash: bodyHash = '' } = signed;
  const headers = lower(signed.headers ?? {});
  const { credential, signedHeaders } = fieldsOf(signed);
  const [, day = '', region = '', service = '', end] = credential.split('/');
  const date = headers['x-amz-date'] ?? params['X-Amz-Date'] ?? '';
  if (end !== 'aws4_request' || day === '' || !date.startsWith(day)) return undefined;
  const canonical = [
    verb.toUpperCase(),
    path,
    // A POST has its parameters in the body.
    verb.toUpperCase() === 'POST' ? '' : query(params, 'X-Amz-Signature'),
    signedHeaders
      .split(';')
      .filter((name) => headers[name] !== undefined)
      .map((name) => `${name}:${headers[name]}\n`)
      .join(''),
    signedHeaders,
    bodyHash,
  ].join('\n');
  const text = [V4, date, `${day}/${region}/${service}/aws4_request`, hash('sha256', canonical)].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<Buffer>(
    (before, part) => createHmac('sha256', before).update(part).digest(),
    Buffer.from(`AWS4${secret.reveal()}`),
  );
  return createHmac('sha256', key).update(text).digest('hex');
}
