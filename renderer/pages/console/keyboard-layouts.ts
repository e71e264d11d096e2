/**
 * Text as strokes of a keyboard: a guest sees keys, not letters, and which key gives which letter depends on the
 * layout that the guest is set to (as Linux has them). A layout is what each key gives alone, with Shift and with AltGr; '´', '`', '^',
 * '¨' and '~' after a '\u25cc' in it are dead keys, which join the letter that comes next.
 */

export type LayoutId = 'us' | 'uk' | 'de' | 'fr';

/** A key that goes down and up, with what is held meanwhile. */
export interface Stroke {
  /** The key's place, as in KeyboardEvent.code. */
  readonly code: string;
  /** X11's keysym, for a guest that takes symbols. */
  readonly keysym: number;
  readonly shift: boolean;
  readonly altGr: boolean;
}

export interface Strokes {
  readonly strokes: readonly Stroke[];
  /** What the layout has no key for, each once. */
  readonly missing: readonly string[];
}

/** The keys of an ISO keyboard, row by row, in the order in which a layout names what they give. */
const KEYS: readonly string[] = [
  'Backquote',
  ...places('Digit', '1234567890'),
  'Minus',
  'Equal',
  ...places('Key', 'QWERTYUIOP'),
  'BracketLeft',
  'BracketRight',
  ...places('Key', 'ASDFGHJKL'),
  'Semicolon',
  'Quote',
  'Backslash',
  'IntlBackslash',
  ...places('Key', 'ZXCVBNM'),
  'Comma',
  'Period',
  'Slash',
];

/** One text for each of: alone, Shift, AltGr. A space is a key that gives nothing there; \u25cc before a mark: dead. */
type Levels = readonly [alone: string, shift: string, altGr: string];

const DEAD = '\u25cc';

const LAYOUTS: Readonly<Record<LayoutId, Levels>> = {
  us: [
    "`1234567890-=qwertyuiop[]asdfghjkl;'\\<zxcvbnm,./",
    '~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|>ZXCVBNM<>?',
    '',
  ],
  uk: [
    "`1234567890-=qwertyuiop[]asdfghjkl;'#\\zxcvbnm,./",
    '¬!"£$%^&*()_+QWERTYUIOP{}ASDFGHJKL:@~|ZXCVBNM<>?',
    '    €',
  ],
  de: [
    '◌^1234567890ß◌´qwertzuiopü+asdfghjklöä#<yxcvbnm,.-',
    '°!"§$%&/()=?◌`QWERTZUIOPÜ*ASDFGHJKLÖÄ\'>YXCVBNM;:_',
    '  ²³   {[]}\\ @ €         ~           |      µ   ',
  ],
  fr: [
    '²&é"\'(-è_çà)=azertyuiop◌^$qsdfghjklmù*<wxcvbn,;:!',
    ' 1234567890°+AZERTYUIOP◌¨£QSDFGHJKLM%µ>WXCVBN?./§',
    '  ~#{[|`\\^@]}  €        ¤                        ',
  ],
};

const COMBINING: Readonly<Record<string, string>> = {
  '´': '\u0301',
  '`': '\u0300',
  '^': '\u0302',
  '¨': '\u0308',
  '~': '\u0303',
};

/** Latin-1 is its own keysym; anything else is its code point with a mark (X11's keysymdef). */
const keysymOf = (char: string): number => {
  const point = char.codePointAt(0) ?? 0;
  if ((point >= 0x20 && point <= 0x7e) || (point >= 0xa0 && point <= 0xff)) return point;
  return char === '€' ? 0x20ac : 0x01000000 + point;
};

interface Keyboard {
  readonly keys: ReadonlyMap<string, Stroke>;
  /** Dead keys by the combining character that they make. */
  readonly dead: ReadonlyMap<string, Stroke>;
}

const keyboards = new Map<LayoutId, Keyboard>();

function keyboardOf(layout: LayoutId): Keyboard {
  const known = keyboards.get(layout);
  if (known !== undefined) return known;
  const keys = new Map<string, Stroke>();
  const dead = new Map<string, Stroke>();
  for (const [level, text] of LAYOUTS[layout].entries()) {
    let at = 0;
    let isDead = false;
    for (const char of text) {
      if (char === DEAD) {
        isDead = true;
        continue;
      }
      const code = KEYS[at] ?? '';
      at += 1;
      const stroke = { code, keysym: keysymOf(char), shift: level === 1, altGr: level === 2 };
      if (isDead) {
        dead.set(COMBINING[char] ?? '', stroke);
        isDead = false;
      } else if (char !== ' ' && !keys.has(char)) keys.set(char, stroke);
    }
  }
  const keyboard = { keys, dead };
  keyboards.set(layout, keyboard);
  return keyboard;
}

const plain = (code: string, keysym: number): Stroke => ({ code, keysym, shift: false, altGr: false });
const SPACE = plain('Space', 0x20);
const ENTER = plain('Enter', 0xff0d);
const TAB = plain('Tab', 0xff09);

/** The strokes that type a text on a keyboard of a layout. Line ends become Enter. */
export function strokesOf(text: string, layout: LayoutId): Strokes {
  const { keys, dead } = keyboardOf(layout);
  const strokes: Stroke[] = [];
  const missing = new Set<string>();
  for (const char of text.replaceAll(/\r\n?/g, '\n').normalize('NFC')) {
    const key = keys.get(char);
    if (char === ' ') strokes.push(SPACE);
    else if (char === '\n') strokes.push(ENTER);
    else if (char === '\t') strokes.push(TAB);
    else if (key !== undefined) strokes.push(key);
    else {
      // 'é' is a dead key and a letter; '^' where it is dead is that key and the space.
      const [base = '', mark = ''] = char.normalize('NFD');
      const first = dead.get(mark === '' ? (COMBINING[base] ?? '-') : mark);
      const second = mark === '' ? SPACE : keys.get(base);
      if (first !== undefined && second !== undefined) strokes.push(first, second);
      else missing.add(char);
    }
  }
  return { strokes, missing: [...missing] };
}

function places(kind: string, signs: string): readonly string[] {
  return signs.split('').map((sign) => `${kind}${sign}`);
}
