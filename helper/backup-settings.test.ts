import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backupProblem, backupSettings } from './backup-settings.ts';
import { configOf } from './config.ts';
import { LinuxStateFiles } from './host/files/linux.ts';

const S3 = {
  endpoint: 'https://s3.lan',
  bucket: 'backups',
  accessKeyId: 'AKIA',
  secretAccessKeyFile: '/nowhere/secret',
};

describe('settings of backups', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 't-settings-'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it.each([
    [{}, /^fine$/],
    [{ store: 's3' as const }, /does not say which service/],
    [{ s3: S3 }, /^fine$/],
    [{ s3: { ...S3, endpoint: 'http://nas.lan:9000' } }, /is not encrypted/],
    [{ s3: { ...S3, endpoint: 'http://nas.lan:9000', plainHttp: true } }, /^fine$/],
    [{ s3: { ...S3, endpoint: 'http://127.0.0.1:9000' } }, /^fine$/],
    [{ s3: { ...S3, endpoint: 'http://[::1]:9000' } }, /^fine$/],
    [{ s3: { ...S3, endpoint: 'https://10.0.0.1', pathStyle: false } }, /leave pathStyle at true/],
  ])('%j', (config, problem) => {
    expect(backupProblem(config) ?? 'fine').toMatch(problem);
  });

  it.each([
    [{ directory: 'here' }],
    [{ compression: 'bz2' }],
    [{ container: '../x' }],
    [{ s3: { ...S3, secretAccessKey: 'in the open' } }],
    [{ s3: { ...S3, endpoint: 'https://user:pass@s3.lan' } }],
  ])('refuses %j', (backup) => {
    expect(() => configOf({ volume: { backup } }, 'the file', {})).toThrow(/^the file/);
  });

  it('takes the secret from a file that nobody else may read, and shows it nowhere', () => {
    const files = new LinuxStateFiles(root);
    const secretAccessKeyFile = join(root, 'secret');
    const config = { s3: { ...S3, secretAccessKeyFile } };
    expect(() => backupSettings(config, files)).toThrow(/secretAccessKeyFile: ENOENT/);
    writeFileSync(secretAccessKeyFile, 'hush\n', { mode: 0o644 });
    expect(() => backupSettings(config, files)).toThrow(/chmod 600/);
    chmodSync(secretAccessKeyFile, 0o600);
    const { store, codec, container } = backupSettings(config, files);
    expect(store.place).toBe('the bucket backups at https://s3.lan');
    expect({ codec, container }).toEqual({ codec: 'zstd', container: 'volumebackups' });
    expect(JSON.stringify(store)).not.toContain('hush');
    expect(backupSettings({ ...config, store: 'directory' }, files).store.place).toBe(
      `the directory ${root}/backups`,
    );
    expect(backupSettings({ directory: '/mnt/nas/cloud' }, files).store.place).toBe(
      'the directory /mnt/nas/cloud',
    );
  });
});
