const HIDDEN = '***';
const SECRET_PARAMETER = /pass|secret|token|key/i;

/**
 * A connection string that may be shown: its password and the secrets among its parameters are replaced by `***`.
 * What is no URL is hidden as a whole, since nobody knows where its secrets are.
 */
export function maskUrl(text: string): string {
  if (!URL.canParse(text)) return HIDDEN;
  const url = new URL(text);
  // An unescaped `/`, `?` or `#` in a password moves the rest of it behind the host.
  if (`${url.pathname}${url.search}${url.hash}`.includes('@')) return `${url.protocol}//${HIDDEN}`;
  if (url.password !== '') url.password = HIDDEN;
  const names = [...url.searchParams.keys()].filter((name) => SECRET_PARAMETER.test(name));
  for (const name of names) url.searchParams.set(name, HIDDEN);
  return url.toString();
}
