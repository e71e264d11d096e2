import { expect, test } from 'vitest';
import { asPerson, findPerson, personEnvironment } from './person.ts';

const ada = (): string => 'ada:x:1000:1001:Ada,,,:/home/ada:/bin/zsh\n';
const nobody = (): string => {
  throw new Error('is not asked');
};

test.each([{ SUDO_UID: '1000' }, { PKEXEC_UID: '1000' }])(
  'with root on loan (%j) the person is who borrowed it',
  (environment) => {
    const who = findPerson(0, environment, ada);
    expect(who).toEqual({
      uid: 1000,
      gid: 1001,
      name: 'ada',
      home: '/home/ada',
      shell: '/bin/zsh',
      borrowed: true,
    });
    expect(asPerson(['ssh', 'host'], who)).toEqual([
      'setpriv',
      '--reuid=1000',
      '--regid=1001',
      '--init-groups',
      '--',
      'ssh',
      'host',
    ]);
    expect(
      personEnvironment(who, { ...environment, HOME: '/root', XDG_CONFIG_HOME: '/root/c', LANG: 'C' }),
    ).toMatchObject({ HOME: '/home/ada', USER: 'ada', SHELL: '/bin/zsh', LANG: 'C' });
    expect(Object.keys(personEnvironment(who, { ...environment, XDG_CONFIG_HOME: '/root/c' }))).not.toContain(
      'XDG_CONFIG_HOME',
    );
  },
);

test('nobody but root can name another person; root itself is its own', () => {
  expect(findPerson(1000, { SUDO_UID: '1001' }, nobody)).toMatchObject({ uid: 1000, borrowed: false });
  expect(findPerson(0, {}, nobody)).toMatchObject({ uid: 0, borrowed: false });
  expect(findPerson(0, { SUDO_UID: '0' }, nobody)).toMatchObject({ uid: 0, borrowed: false });
  expect(findPerson(0, { SUDO_UID: '-o ProxyCommand' }, nobody)).toMatchObject({ borrowed: false });
});

test('a user that is gone is said', () => {
  expect(() => findPerson(0, { SUDO_UID: '4711' }, () => '')).toThrow('no user with the number 4711');
});

test('without a loan a command and the environment are as they are', () => {
  const who = findPerson(1000, { SHELL: '/bin/fish' }, nobody);
  expect(who.shell).toBe('/bin/fish');
  expect(asPerson(['ssh'], who)).toEqual(['ssh']);
  expect(personEnvironment(who, { XDG_CONFIG_HOME: '/c' })).toEqual({ XDG_CONFIG_HOME: '/c' });
});
