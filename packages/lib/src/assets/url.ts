const HOST_NAME = String.raw`[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?`;
const DOTTED_NAME = String.raw`[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)+\.?`;
const IPV6 = String.raw`\[[0-9A-Fa-f:.]{2,45}\]`;
const PORT = String.raw`:[0-9]{1,5}`;
const REST = String.raw`(?:[/?][^\s]*)?`;

const ABSOLUTE = new RegExp(`^(?:https?|ftp|wss?|tcp|udp)://(?:${HOST_NAME}|${IPV6})(${PORT})?${REST}$`, 'u');
const WITHOUT_SCHEME = new RegExp(
  `^(?:(?:${DOTTED_NAME}|${IPV6})(${PORT})?|${HOST_NAME}(${PORT}))${REST}$`,
  'u',
);

const MAX_PORT = 65_535;

function hasValidPort(match: RegExpExecArray): boolean {
  const port = match.slice(1).find((group) => group !== undefined);
  return port === undefined || Number(port.slice(1)) <= MAX_PORT;
}

/** Whether the text is a URL with one of the schemes http, https, ftp, ws, wss, tcp, udp. */
export function isAbsoluteUrl(text: string): boolean {
  const match = ABSOLUTE.exec(text);
  return match !== null && hasValidPort(match);
}

/** Whether the text is an absolute URL, or one without scheme that names `host.tld` or `host:port`. */
export function isUrl(text: string): boolean {
  if (isAbsoluteUrl(text)) return true;
  const match = WITHOUT_SCHEME.exec(text);
  return match !== null && hasValidPort(match);
}
