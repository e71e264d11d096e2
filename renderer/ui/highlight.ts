/** A piece of text and what it is, for its colour. */
export interface Token {
  readonly text: string;
  readonly kind: 'plain' | 'name' | 'key' | 'string' | 'number' | 'comment' | 'sign';
  /** A search found it. */
  readonly found?: boolean;
}

export type CodeLanguage = 'xml' | 'sql' | 'shell' | 'json' | 'plain';

/** Longer texts are shown in one colour: nobody reads them in full, and each token is an element. */
const MOST = 60_000;

type Rule = readonly [Token['kind'], RegExp];

/** Tried in this order at each place; all are sticky. What none takes is plain. */
const RULES: Readonly<Record<Exclude<CodeLanguage, 'plain'>, readonly Rule[]>> = {
  xml: [
    ['comment', /<!--[^]*?-->/y],
    ['name', /<[?/]?[\w:.-]+|[?/]?>/y],
    ['key', /[\w:.-]+(?==["'])/y],
    ['string', /(?<==)(?:"[^"]*"|'[^']*')/y],
  ],
  sql: [
    ['comment', /--[^\n]*/y],
    ['string', /'(?:[^']|'')*'/y],
    [
      'name',
      /\b(?:SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|INTO|VALUES|SET|AND|OR|NOT|NULL|JOIN|LEFT|ON|ORDER|GROUP|BY|LIMIT|DESC|ASC|AS|IN|IS|EXISTS|CONFLICT|DO|NOTHING|RETURNING|UNION|ALL|CASE|WHEN|THEN|ELSE|END|WITH|DISTINCT|LIKE|BETWEEN)\b/iy,
    ],
    ['number', /\b\d+(?:\.\d+)?\b/y],
    ['key', /[@:$]\w+|\?/y],
  ],
  shell: [
    ['comment', /(?<=^|\n)#[^\n]*/y],
    ['string', /'(?:[^'])*'|"(?:\\.|[^"\\])*"/y],
    ['name', /(?<=^|\n)[\w./-]+/y],
    ['key', /(?<=[\s])--?[A-Za-z][\w-]*/y],
    ['number', /(?<=[\s=:/])\d[\d.:/]*\b/y],
  ],
  json: [
    ['key', /"(?:\\.|[^"\\])*"(?=\s*:)/y],
    ['string', /"(?:\\.|[^"\\])*"/y],
    ['number', /-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b/y],
    ['name', /\b(?:true|false|null)\b/y],
  ],
};

/** The text in pieces; joined they are the text again. */
export function tokens(text: string, language: CodeLanguage): readonly Token[] {
  if (language === 'plain' || text.length > MOST) return [{ text, kind: 'plain' }];
  const found: Token[] = [];
  let plainFrom = 0;
  let at = 0;
  const close = (to: number): void => {
    if (to > plainFrom) found.push({ text: text.slice(plainFrom, to), kind: 'plain' });
  };
  outer: while (at < text.length) {
    for (const [kind, pattern] of RULES[language]) {
      pattern.lastIndex = at;
      const match = pattern.exec(text)?.[0];
      if (match === undefined || match === '') continue;
      close(at);
      found.push({ text: match, kind });
      at += match.length;
      plainFrom = at;
      continue outer;
    }
    at += 1;
  }
  close(at);
  return found;
}

/** The same pieces, cut where a word that is looked for begins and ends. */
export function marked(pieces: readonly Token[], words: readonly string[]): readonly Token[] {
  const wanted = words.filter((word) => word !== '');
  if (wanted.length === 0) return pieces;
  const pattern = new RegExp(
    wanted.map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join('|'),
    'gi',
  );
  const text = pieces.map((one) => one.text).join('');
  const places = [...text.matchAll(pattern)].map(
    (match) => [match.index, match.index + match[0].length] as const,
  );
  if (places.length === 0) return pieces;
  const cut: Token[] = [];
  let start = 0;
  let next = 0;
  for (const piece of pieces) {
    const end = start + piece.text.length;
    let at = start;
    while (at < end) {
      while (next < places.length && (places[next]?.[1] ?? 0) <= at) next += 1;
      const [from, to] = places[next] ?? [end, end];
      const inside = from <= at;
      const until = Math.min(end, inside ? to : from);
      cut.push({
        text: piece.text.slice(at - start, until - start),
        kind: piece.kind,
        ...(inside ? { found: true } : {}),
      });
      at = until;
    }
    start = end;
  }
  return cut;
}
