/**
 * XML as a tree, so that a text can only ever become a text: no string of a caller is put between angle brackets.
 */

/** An attribute or child that is undefined is left out. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
  readonly children: readonly (XmlElement | string)[];
}

/** Characters of one text; longer ones are cut. Names in the API have at most 255. */
const MAX_TEXT = 1024;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
};

/**
 * Text that every XML parser takes as one text node: control characters, lone surrogates and non-characters, which
 * XML 1.0 does not have, are dropped; what is markup is escaped; long text is cut.
 */
export function xmlText(text: string): string {
  return Array.from(text.toWellFormed())
    .slice(0, MAX_TEXT)
    .join('')
    .replaceAll(/[\p{Cc}\p{Noncharacter_Code_Point}\u{FFFD}\u{2028}\u{2029}]/gu, '')
    .replaceAll(/[&<>'"]/g, (character) => ENTITIES[character] ?? '');
}

type Child = XmlElement | string | undefined | readonly XmlElement[];

/** One element: `element('target', { dev: 'vda' })`, `element('name', {}, 'instance-1')`. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>> = {},
  ...children: readonly Child[]
): XmlElement {
  return {
    name,
    attributes,
    children: children.flat().filter((child) => child !== undefined),
  };
}

/** The document's text, indented by two spaces. */
export function render({ name, attributes, children }: XmlElement, indent = ''): string {
  const given = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}='${xmlText(String(value))}'`)
    .join('');
  if (children.length === 0) return `${indent}<${name}${given}/>\n`;
  const [only] = children;
  if (children.length === 1 && typeof only === 'string') {
    return `${indent}<${name}${given}>${xmlText(only)}</${name}>\n`;
  }
  const inner = children
    .map((child) =>
      typeof child === 'string' ? `${indent}  ${xmlText(child)}\n` : render(child, `${indent}  `),
    )
    .join('');
  return `${indent}<${name}${given}>\n${inner}${indent}</${name}>\n`;
}
