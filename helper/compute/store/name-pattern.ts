/**
 * Regular expressions in list filters (`name=^web-[0-9]+$`), matched in time linear in the text, whatever the pattern:
 * a pattern comes from a caller, and a backtracking matcher could be made to stop the helper for hours.
 *
 * Understood: literals, '.', classes with ranges and negation, \d \w \s and their negations, '*', '+', '?', groups,
 * alternatives, '^' and '$'. As upstream, a match anywhere in the text counts, and case does not.
 */

type Test = (char: string) => boolean;

type Node =
  | { readonly kind: 'test'; readonly test: Test; next: number }
  | { readonly kind: 'split'; first: number; second: number }
  | { readonly kind: 'start' | 'end'; next: number }
  | { readonly kind: 'match' };

/** A part of the automaton under construction: where it begins and the ends that are still open. */
interface Part {
  readonly begin: number;
  readonly open: readonly ((target: number) => void)[];
}

const CLASSES: Readonly<Record<string, RegExp>> = { d: /\d/, w: /\w/, s: /\s/, D: /\D/, W: /\W/, S: /\S/ };

/** The pattern is no regular expression of the kind that is understood. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

class Compiler {
  readonly nodes: Node[] = [];
  readonly #pattern: readonly string[];
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = Array.from(pattern.toLowerCase());
  }

  compile(): number {
    const part = this.#alternatives();
    if (this.#at < this.#pattern.length) throw new PatternError("')' without '('");
    const match = this.#add({ kind: 'match' });
    for (const close of part.open) close(match);
    return part.begin;
  }

  #add(node: Node): number {
    if (this.nodes.length > 1000) throw new PatternError('the pattern is too long');
    return this.nodes.push(node) - 1;
  }

  #peek(): string | undefined {
    return this.#pattern[this.#at];
  }

  #alternatives(): Part {
    let part = this.#sequence();
    while (this.#peek() === '|') {
      this.#at += 1;
      const other = this.#sequence();
      const begin = this.#add({ kind: 'split', first: part.begin, second: other.begin });
      part = { begin, open: [...part.open, ...other.open] };
    }
    return part;
  }

  #sequence(): Part {
    let part: Part | undefined;
    for (let char = this.#peek(); char !== undefined && char !== '|' && char !== ')'; char = this.#peek()) {
      const piece = this.#repeated();
      if (part === undefined) part = piece;
      else {
        for (const close of part.open) close(piece.begin);
        part = { begin: part.begin, open: piece.open };
      }
    }
    return part ?? this.#empty();
  }

  #empty(): Part {
    const node = { kind: 'split' as const, first: -1, second: -1 };
    const open = [
      (target: number): void => {
        node.first = target;
        node.second = target;
      },
    ];
    return { begin: this.#add(node), open };
  }

  #repeated(): Part {
    let part = this.#atom();
    for (let char = this.#peek(); char === '*' || char === '+' || char === '?'; char = this.#peek()) {
      this.#at += 1;
      const node = { kind: 'split' as const, first: part.begin, second: -1 };
      const begin = this.#add(node);
      const leave = (target: number): void => {
        node.second = target;
      };
      if (char === '?') part = { begin, open: [...part.open, leave] };
      else {
        for (const close of part.open) close(begin);
        part = { begin: char === '*' ? begin : part.begin, open: [leave] };
      }
    }
    return part;
  }

  #atom(): Part {
    const char = this.#pattern[this.#at++] ?? '';
    switch (char) {
      case '(': {
        if (this.#peek() === '?') throw new PatternError("'(?' is not understood");
        const part = this.#alternatives();
        if (this.#pattern[this.#at++] !== ')') throw new PatternError("'(' without ')'");
        return part;
      }
      case '[':
        return this.#test(this.#class());
      case '.':
        return this.#test(() => true);
      case '^':
      case '$':
        return this.#anchor(char === '^' ? 'start' : 'end');
      case '*':
      case '+':
      case '?':
        throw new PatternError(`nothing to repeat before '${char}'`);
      case '\\':
        return this.#test(this.#escaped());
      default:
        return this.#test((other) => other === char);
    }
  }

  #test(test: Test): Part {
    const node = { kind: 'test' as const, test, next: -1 };
    return {
      begin: this.#add(node),
      open: [
        (target) => {
          node.next = target;
        },
      ],
    };
  }

  #anchor(kind: 'start' | 'end'): Part {
    const node = { kind, next: -1 };
    return {
      begin: this.#add(node),
      open: [
        (target) => {
          node.next = target;
        },
      ],
    };
  }

  #escaped(): Test {
    const char = this.#pattern[this.#at++];
    if (char === undefined) throw new PatternError("'\\' at the end");
    const known = CLASSES[char];
    return known === undefined ? (other) => other === char : (other) => known.test(other);
  }

  #class(): Test {
    const negated = this.#peek() === '^';
    if (negated) this.#at += 1;
    const tests: Test[] = [];
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      const from = this.#pattern[this.#at++];
      if (from === undefined) throw new PatternError("'[' without ']'");
      const to = this.#pattern[this.#at + 1];
      if (from === '\\') tests.push(this.#escaped());
      else if (this.#peek() === '-' && to !== undefined && to !== ']') {
        this.#at += 2;
        tests.push((char) => char >= from && char <= to);
      } else tests.push((char) => char === from);
    }
    this.#at += 1;
    return (char) => tests.some((test) => test(char)) !== negated;
  }
}

/**
 * Compiles a pattern to a matcher.
 * @throws {PatternError}
 */
export function compilePattern(pattern: string): (text: string) => boolean {
  const compiler = new Compiler(pattern);
  const begin = compiler.compile();
  return (text) => matches(compiler.nodes, begin, Array.from(text.toLowerCase()));
}

function matches(nodes: readonly Node[], begin: number, text: readonly string[]): boolean {
  let states = new Set<number>();
  for (let at = 0; at <= text.length; at += 1) {
    const reached = new Set<number>();
    const pending = [...states, begin];
    for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
      if (reached.has(state)) continue;
      reached.add(state);
      const node = nodes[state];
      if (node?.kind === 'match') return true;
      if (node?.kind === 'split') pending.push(node.first, node.second);
      else if (node?.kind === 'start' && at === 0) pending.push(node.next);
      else if (node?.kind === 'end' && at === text.length) pending.push(node.next);
    }
    states = new Set();
    const char = text[at];
    if (char === undefined) return false;
    for (const state of reached) {
      const node = nodes[state];
      if (node?.kind === 'test' && node.test(char)) states.add(node.next);
    }
  }
  return false;
}
