/* Queries as people type and click them (docs/live.md, "Queries"): the gateway parses them, the page only edits. Pure. */

/* Splits at spaces outside of quotes. */
export function termsOf(query: string): string[] {
  return query.match(/(?:[^\s"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
}

export function quoted(value: string): string {
  return /^[A-Za-z0-9_.:\/-]+$/.test(value) ? value : `"${value.replace(/(["\\])/g, '\\$1')}"`;
}

export function term(key: string, value: string): string {
  return `${key}:${quoted(value)}`;
}

export function hasTerm(query: string, wanted: string): boolean {
  return termsOf(query).includes(wanted);
}

/* With the term, or without it when it was there. */
export function toggleTerm(query: string, wanted: string): string {
  const terms = termsOf(query);
  return (terms.includes(wanted) ? terms.filter((one) => one !== wanted) : [...terms, wanted]).join(' ');
}

/* With this term instead of others of the same key; an empty value takes the key away. */
export function setTerm(query: string, key: string, value: string): string {
  const others = termsOf(query).filter((one) => !one.startsWith(`${key}:`));
  return (value === '' ? others : [...others, term(key, value)]).join(' ');
}

export function valueOf(query: string, key: string): string {
  const found = termsOf(query).find((one) => one.startsWith(`${key}:`));
  return found ? found.slice(key.length + 1).replace(/^"(.*)"$/, '$1').replace(/\\(["\\])/g, '$1') : '';
}
