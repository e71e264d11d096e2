/** What a name stands for: `volume.size` is scopes.volume.size. Booleans count as 1 and 0, texts of numbers as numbers. */
export type Value = string | number | boolean | null | undefined;
export type Scope = Readonly<Record<string, Value>>;
export interface Scopes {
  readonly stats: Scope;
  readonly capabilities: Scope;
  readonly volume: Scope;
  readonly extra: Scope;
  readonly qos: Scope;
}

/** It does not read, or cannot be worked out. The message says what and where. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

type Result = number | string | boolean;
type Evaluate = (scopes: Scopes) => Result;

/** An expression that was read. */
export interface Expression {
  readonly text: string;
  /** @throws {ExpressionError} for names without a value, a division by zero, or texts where numbers are needed. */
  readonly evaluate: Evaluate;
}

const SCOPES = ['stats', 'capabilities', 'volume', 'extra', 'qos'] as const;
const MOST_CHARACTERS = 1000;
const DEEPEST = 50;

const TOKEN =
  /\s*(?:(\d+(?:\.\d+)?)|("[^"]*"|'[^']*')|([A-Za-z_][A-Za-z_.]*)|(<=|>=|==|!=|<>|&&|\|\||[-+*/^<>!?:(),]))/y;

interface Token {
  readonly kind: 'number' | 'text' | 'word' | 'sign' | 'end';
  readonly text: string;
  /** Of its first character, from 1. */
  readonly at: number;
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  for (let at = 0; at < end;) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null)
      throw new ExpressionError(`'${text.slice(at).trim().slice(0, 20)}' cannot be read, at ${at + 1}`);
    const [whole, number, quoted, word, sign = ''] = match;
    at += whole.length;
    const found = number ?? quoted ?? word ?? sign;
    const kind = number ? 'number' : quoted ? 'text' : word ? 'word' : 'sign';
    tokens.push({ kind, text: found, at: at - found.length + 1 });
  }
  return [...tokens, { kind: 'end', text: '', at: end + 1 }];
}

const isTrue = (value: Result): boolean => value !== false && value !== 0 && value !== '';
const numberOf = (value: Result, what: string): number => {
  if (typeof value === 'string')
    throw new ExpressionError(`${what} needs numbers, and '${value.slice(0, 40)}' is none`);
  return Number(value);
};

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => {
    if (b === 0) throw new ExpressionError('division by zero');
    return a / b;
  },
  '^': (a, b) => a ** b,
};
const FUNCTIONS: Readonly<Record<string, (...values: number[]) => number>> = {
  abs: (value = 0) => Math.abs(value),
  max: Math.max,
  min: Math.min,
};
const COMPARISONS = ['<', '<=', '>', '>=', '==', '!=', '<>'];

function compare(operator: string, a: Result, b: Result): boolean {
  const [left, right] = [a, b].map((one) => (typeof one === 'boolean' ? Number(one) : one)) as [
    string | number,
    string | number,
  ];
  if (operator === '==') return left === right;
  if (operator === '!=' || operator === '<>') return left !== right;
  if (typeof left !== typeof right)
    throw new ExpressionError(`'${left}' and '${right}' are no two numbers or two texts: ${operator}`);
  if (operator === '<') return left < right;
  if (operator === '<=') return left <= right;
  return operator === '>' ? left > right : left >= right;
}

/**
 * Reads cinder's language of filter_function and goodness_function (cinder/scheduler/evaluator): numbers, quoted texts,
 * names (stats., capabilities., volume., extra., qos.), `+ - * / ^`, comparisons (also in a chain), `not`, `and`, `or`
 * (or `! && ||`), `a ? b : c`, abs(), max(), min(). As there, `? :` binds more tightly than `and`.
 * @throws {ExpressionError}
 */
export function readExpression(text: string): Expression {
  if (text.length > MOST_CHARACTERS)
    throw new ExpressionError(`it has more than ${MOST_CHARACTERS} characters`);
  return { text, evaluate: new Parser(tokensOf(text)).whole() };
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Evaluate {
    const result = this.#or();
    const rest = this.#peek();
    if (rest.kind !== 'end') throw new ExpressionError(`'${rest.text}' is not expected, at ${rest.at}`);
    return result;
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', at: 0 };
  }

  /** The operator that is next, if it is one of these. */
  #take(...signs: readonly string[]): string | undefined {
    const { kind, text } = this.#peek();
    if ((kind !== 'sign' && kind !== 'word') || !signs.includes(text)) return undefined;
    this.#next += 1;
    return text;
  }

  #expect(sign: string): void {
    const { text, at } = this.#peek();
    if (this.#take(sign) === undefined)
      throw new ExpressionError(
        `'${sign}' is missing ${text === '' ? 'at the end' : `before '${text}', at ${at}`}`,
      );
  }

  #or(): Evaluate {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw new ExpressionError(`it is nested more than ${DEEPEST} deep`);
    let left = this.#and();
    while (this.#take('or', 'OR', '||') !== undefined) {
      const [a, b] = [left, this.#and()];
      left = (scopes) => (isTrue(a(scopes)) ? a(scopes) : b(scopes));
    }
    this.#depth -= 1;
    return left;
  }

  #and(): Evaluate {
    let left = this.#choice();
    while (this.#take('and', 'AND', '&&') !== undefined) {
      const [a, b] = [left, this.#choice()];
      left = (scopes) => (isTrue(a(scopes)) ? b(scopes) : a(scopes));
    }
    return left;
  }

  #choice(): Evaluate {
    const condition = this.#comparison();
    if (this.#take('?') === undefined) return condition;
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw new ExpressionError(`it is nested more than ${DEEPEST} deep`);
    const yes = this.#choice();
    this.#expect(':');
    const no = this.#choice();
    this.#depth -= 1;
    return (scopes) => (isTrue(condition(scopes)) ? yes(scopes) : no(scopes));
  }

  /** `a < b <= c` holds when each pair does. */
  #comparison(): Evaluate {
    const first = this.#negation();
    const rest: [string, Evaluate][] = [];
    for (let sign = this.#take(...COMPARISONS); sign !== undefined; sign = this.#take(...COMPARISONS))
      rest.push([sign, this.#negation()]);
    if (rest.length === 0) return first;
    return (scopes) => {
      let left = first(scopes);
      return rest.every(([sign, value]) => {
        const right = value(scopes);
        const holds = compare(sign, left, right);
        left = right;
        return holds;
      });
    };
  }

  #negation(): Evaluate {
    let negated = false;
    let any = false;
    while (this.#take('not', 'NOT', '!') !== undefined) {
      negated = !negated;
      any = true;
    }
    const value = this.#chain(['+', '-'], () => this.#chain(['*', '/'], () => this.#sign()));
    return any ? (scopes) => isTrue(value(scopes)) !== negated : value;
  }

  /** Operators of one rank, from left to right. */
  #chain(signs: readonly string[], operand: () => Evaluate): Evaluate {
    let left = operand();
    for (let sign = this.#take(...signs); sign !== undefined; sign = this.#take(...signs))
      left = this.#calculate(sign, left, operand());
    return left;
  }

  #calculate(sign: string, a: Evaluate, b: Evaluate): Evaluate {
    const work = ARITHMETIC[sign];
    if (work === undefined) throw new ExpressionError(`'${sign}' is no operator`);
    return (scopes) => work(numberOf(a(scopes), sign), numberOf(b(scopes), sign));
  }

  #sign(): Evaluate {
    let negative = false;
    let any = false;
    for (let sign = this.#take('+', '-'); sign !== undefined; sign = this.#take('+', '-')) {
      any = true;
      if (sign === '-') negative = !negative;
    }
    const value = this.#power();
    return any ? (scopes) => (negative ? -1 : 1) * numberOf(value(scopes), 'a sign') : value;
  }

  /** From right to left: 2^3^2 is 2^9. */
  #power(): Evaluate {
    const parts = [this.#operand()];
    while (this.#take('^') !== undefined) parts.push(this.#operand());
    return parts.reduceRight((right, left) => this.#calculate('^', left, right));
  }

  #operand(): Evaluate {
    const token = this.#peek();
    if (this.#take('(') !== undefined) {
      const inner = this.#or();
      this.#expect(')');
      return inner;
    }
    if (token.kind === 'end') throw new ExpressionError('it ends where a value is expected');
    this.#next += 1;
    if (token.kind === 'number') return () => Number(token.text);
    if (token.kind === 'text') return () => plain(token.text.slice(1, -1));
    if (token.kind === 'word') return this.#peek().text === '(' ? this.#call(token) : name(token);
    throw new ExpressionError(`'${token.text}' is not expected, at ${token.at}`);
  }

  #call({ text, at }: Token): Evaluate {
    const work = Object.hasOwn(FUNCTIONS, text) ? FUNCTIONS[text] : undefined;
    if (work === undefined)
      throw new ExpressionError(`there is no function '${text}', at ${at}: abs, max and min are known`);
    this.#expect('(');
    const values = [this.#or()];
    while (this.#take(',') !== undefined) values.push(this.#or());
    this.#expect(')');
    if (text === 'abs' && values.length > 1) throw new ExpressionError(`abs takes one value, at ${at}`);
    return (scopes) => work(...values.map((value) => numberOf(value(scopes), text)));
  }
}

/** Text of a number is one, as cinder has it. */
const plain = (text: string): Result =>
  text.trim() !== '' && /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text.trim()) ? Number(text) : text;

function name({ text, at }: Token): Evaluate {
  const [first = '', key = '', ...more] = text.split('.');
  const scope = SCOPES.find((one) => one === first);
  if (scope === undefined || key === '' || more.length > 0)
    throw new ExpressionError(
      `there is no value '${text}', at ${at}: names begin with ${SCOPES.map((one) => `${one}.`).join(', ')}, and texts are in quotes`,
    );
  return (scopes) => {
    const values = scopes[scope];
    const value = Object.hasOwn(values, key) ? values[key] : undefined;
    if (value === undefined || value === null) throw new ExpressionError(`${text} has no value`);
    return typeof value === 'string' ? plain(value) : Number(value);
  };
}
