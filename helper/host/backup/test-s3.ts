import { hash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Secret } from '../../secret.ts';
import type { S3Options } from './s3.ts';

const KEY = 'AKIATEST';

/** As much of S3 as stores of backups use, in memory, for tests. Signatures are the library's matter; hashes are not. */
export class TestS3 {
  readonly objects = new Map<string, Buffer>();
  readonly bucket: string = 'backups';
  /** Answers that come in place of the next ones. */
  readonly failures: number[] = [];
  /** What was asked, as 'PUT /bucket/key'. */
  readonly asked: string[] = [];
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));
  readonly #pageSize: number;

  constructor(options: { readonly pageSize?: number } = {}) {
    this.#pageSize = options.pageSize ?? 1000;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  options(changes: Partial<S3Options> = {}): S3Options {
    return {
      endpoint: this.endpoint,
      bucket: this.bucket,
      region: 'us-east-1',
      pathStyle: true,
      accessKeyId: KEY,
      secretAccessKey: new Secret('a secret'),
      ...changes,
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const url = new URL(request.url ?? '/', this.endpoint);
    const [, bucket = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
    const key = rest.join('/');
    this.asked.push(`${request.method ?? ''} ${url.pathname}`);
    const say = (status: number, text: string | Buffer = ''): void => {
      response
        .writeHead(status, {
          'content-type': typeof text === 'string' ? 'application/xml' : 'application/octet-stream',
          'content-length': Buffer.byteLength(text),
        })
        .end(text);
    };
    const refuse = (status: number, code: string): void =>
      say(status, `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
    const failure = this.failures.shift();
    if (failure !== undefined) return refuse(failure, failure === 503 ? 'SlowDown' : 'AccessDenied');
    if (!(request.headers.authorization ?? '').includes(`Credential=${KEY}/`))
      return refuse(403, 'InvalidAccessKeyId');
    if (bucket !== this.bucket) return refuse(404, 'NoSuchBucket');
    const sent = request.headers['x-amz-content-sha256'];
    if (typeof sent === 'string' && /^[0-9a-f]{64}$/.test(sent) && sent !== hash('sha256', body))
      return refuse(400, 'XAmzContentSHA256Mismatch');
    if (key === '' && request.method === 'POST') return say(200, this.#delete(body.toString('utf8')));
    if (key === '' && request.method === 'GET') return say(200, this.#list(url.searchParams));
    if (key === '') return say(200);
    return this.#object(request.method ?? '', key, body, say, refuse);
  }

  #object(
    method: string,
    key: string,
    body: Buffer,
    say: (status: number, text?: string | Buffer) => void,
    refuse: (status: number, code: string) => void,
  ): void {
    const found = this.objects.get(key);
    if (method === 'PUT') {
      this.objects.set(key, body);
      say(200);
    } else if (method === 'DELETE') {
      this.objects.delete(key);
      say(204);
    } else if (found === undefined) refuse(404, 'NoSuchKey');
    else say(200, found);
  }

  #list(query: URLSearchParams): string {
    const after = query.get('continuation-token') ?? '';
    const size = Math.min(Number(query.get('max-keys') ?? 1000), this.#pageSize);
    const keys = [...this.objects.keys()]
      .filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after)
      .toSorted();
    const page = keys.slice(0, size);
    const more = keys.length > size;
    const contents = page.map(
      (key) =>
        `<Contents><Key>${key}</Key><Size>${this.objects.get(key)?.length ?? 0}</Size><ETag>"x"</ETag><LastModified>2026-01-01T00:00:00.000Z</LastModified><StorageClass>STANDARD</StorageClass></Contents>`,
    );
    return `<?xml version="1.0"?><ListBucketResult><Name>${this.bucket}</Name><KeyCount>${page.length}</KeyCount><IsTruncated>${more}</IsTruncated>${more ? `<NextContinuationToken>${page.at(-1) ?? ''}</NextContinuationToken>` : ''}${contents.join('')}</ListBucketResult>`;
  }

  #delete(body: string): string {
    const keys = [...body.matchAll(/<Key>([^<]*)<\/Key>/g)].map((match) => match[1] ?? '');
    for (const key of keys) this.objects.delete(key);
    return `<?xml version="1.0"?><DeleteResult>${keys.map((key) => `<Deleted><Key>${key}</Key></Deleted>`).join('')}</DeleteResult>`;
  }
}
