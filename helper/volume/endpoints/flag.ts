/** `?cascade=true`. */
export const flag = (query: Readonly<Record<string, string>>, key: string): boolean =>
  /^(t|true|1|on|y|yes)$/i.test(query[key] ?? '');
