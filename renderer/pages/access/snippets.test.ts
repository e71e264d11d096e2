import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ansible, credentialCloudsYaml, curl, shellWord, terraform } from './snippets.ts';

const facts = {
  authUrl: 'http://127.0.0.1:9760/identity/v3',
  region: 'RegionOne',
  user: 'admin',
  project: 'it\'s "${evil}" demo',
};

test('YAML says what is meant, whatever the names are', () => {
  const text = credentialCloudsYaml({ ...facts, name: 'a: b', id: 'i', secret: 's#"x' });
  expect(parse(text)).toMatchObject({
    clouds: {
      'a: b': { auth_type: 'v3applicationcredential', auth: { application_credential_secret: 's#"x' } },
    },
  });
  expect(parse(ansible('deskcloud', facts))).toMatchObject([{ hosts: 'localhost' }]);
});

test('a shell takes the words as they are, and the password is no part of the text', () => {
  expect(execFileSync('/bin/sh', ['-c', `printf %s ${shellWord(facts.project)}`]).toString()).toBe(
    facts.project,
  );
  execFileSync('/bin/bash', ['-n'], { input: curl(facts) });
  expect(curl(facts)).toContain(`"password":"'"$OS_PASSWORD"'"`);
});

test("Terraform's templates are not begun by a name", () => {
  expect(terraform('deskcloud', facts)).toContain('tenant_name = "it\'s \\"$${evil}\\" demo"');
});
