import { sayings } from './sayings.ts';

interface Saying {
  readonly pattern: RegExp;
  readonly chinese: string;
}

const SLOT = /\{([a-z]+)\}/g;
const exact = new Map(sayings.filter(([english]) => !english.includes('{')));
const patterns: readonly Saying[] = sayings
  .filter(([english]) => english.includes('{'))
  // Of two that fit, the one with more words of its own is meant.
  .toSorted(([a], [b]) => b.replaceAll(SLOT, '').length - a.replaceAll(SLOT, '').length)
  .map(([english, chinese]) => ({ pattern: patternOf(english), chinese }));

function patternOf(english: string): RegExp {
  const parts = english
    .split(SLOT)
    .map((part, at) => (at % 2 === 1 ? `(?<${part}>.+?)` : part.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')));
  return new RegExp(`^${parts.join('')}$`, 's');
}

function sentence(text: string): string {
  const whole = exact.get(text);
  if (whole !== undefined) return whole;
  for (const { pattern, chinese } of patterns) {
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) continue;
    return chinese.replaceAll(SLOT, (_all, name: string) => sentence(groups[name] ?? ''));
  }
  return text;
}

/**
 * What the helper says, in Chinese; as it is where nobody has translated it (upstream's messages, commands). Several
 * findings in one text are joined by semicolons.
 */
export function inChinese(text: string): string {
  const parts = text.split('; ');
  const said = parts.map(sentence);
  return said.every((part, at) => part !== parts[at]) ? said.join('；') : sentence(text);
}
