import type { DeviceQuestion, NetworkDeviceKind } from '../../../contract/devices.ts';
import type { Argv } from '../../command/interface.ts';
import { deviceWord, idWord, namespaceWord } from '../values.ts';

type Words = readonly [string, ...string[]];

const within = (namespace: string | null): string[] =>
  namespace === null ? [] : ['-n', namespaceWord(namespace)];
const execIn = (namespace: string, words: Words): Words => [
  'ip',
  'netns',
  'exec',
  namespaceWord(namespace),
  ...words,
];

/**
 * The commands that show a thing, as argument vectors; a person may type them as they are.
 * @param table our tables' name
 * @throws {TypeError} on a name that cannot be one
 */
export function commandsFor(
  question: DeviceQuestion,
  kind: NetworkDeviceKind | undefined,
  table: string,
): Words[] {
  switch (question.kind) {
    case 'device': {
      const name = deviceWord(question.name);
      const ip = ['ip', ...within(question.namespace)] as const;
      return [
        [...ip, '-d', '-s', 'link', 'show', 'dev', name],
        ...(question.namespace !== null || kind === 'bridge'
          ? [[...ip, 'addr', 'show', 'dev', name] satisfies Words]
          : []),
        ...(kind === 'bridge' ? [['bridge', 'fdb', 'show', 'br', name] satisfies Words] : []),
        ...(kind === 'vxlan' ? [['bridge', 'fdb', 'show', 'dev', name] satisfies Words] : []),
        ...(kind === 'tap' || kind === 'ifb'
          ? [['tc', '-s', 'qdisc', 'show', 'dev', name] satisfies Words]
          : []),
      ];
    }
    case 'namespace': {
      const ip = ['ip', ...within(question.name)] as const;
      return [
        [...ip, 'addr', 'show'],
        [...ip, 'route', 'show'],
        [...ip, '-6', 'route', 'show'],
        [...ip, 'neigh', 'show'],
        execIn(question.name, ['nft', 'list', 'ruleset']),
        ['ip', 'netns', 'pids', namespaceWord(question.name)],
      ];
    }
    case 'filter': {
      const id = idWord(question.portId);
      return [
        ['nft', 'list', 'chain', 'inet', table, `ingress_${id}`],
        ['nft', 'list', 'chain', 'inet', table, `egress_${id}`],
        ['nft', 'list', 'chain', 'bridge', table, `from_${id}`],
        ['nft', 'list', 'chain', 'bridge', table, `to_${id}`],
      ];
    }
    case 'table': {
      if (question.namespace !== null) return [execIn(question.namespace, ['nft', 'list', 'ruleset'])];
      const [family = '', name = '', ...more] = question.name.split(' ');
      if (more.length > 0 || !['bridge', 'inet'].includes(family) || !/^[a-z][a-z0-9_]{0,40}$/.test(name))
        throw new TypeError(`${JSON.stringify(question.name)} is no table`);
      return [['nft', '-t', 'list', 'table', family, name]];
    }
  }
}

/** A command as it is typed; our words need no quotes. */
export const typed = (argv: Argv | Words): string => argv.join(' ');
