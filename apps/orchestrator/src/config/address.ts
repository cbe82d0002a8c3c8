import { isIPv4, isIPv6 } from 'node:net';

/** Where to listen. */
export interface Address {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
}

const BRACKETED = /^\[(?<host>[^\]]*)\]:(?<port>\d{1,5})$/;
const PLAIN = /^(?<host>[^:]*):(?<port>\d{1,5})$/;
const HOST_NAME = /^(?!-)[A-Za-z0-9_.-]{1,253}$/;

/** All addresses of the machine, what an empty host stands for. Not `::`: many containers have no IPv6. */
const ANY_HOST = '0.0.0.0';

/** Reads `host:port`, `[IPv6]:port` or `:port`. Undefined when the text is none of these. */
export function parseAddress(text: string): Address | undefined {
  const bracketed = BRACKETED.exec(text)?.groups;
  const groups = bracketed ?? PLAIN.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const host = groups['host'] ?? '';
  const port = Number(groups['port']);
  if (port > 65_535) return undefined;
  if (bracketed !== undefined) return isIPv6(host) ? { host, port } : undefined;
  if (host === '') return { host: ANY_HOST, port };
  return isHostName(host) ? { host, port } : undefined;
}

function isHostName(host: string): boolean {
  if (/^[\d.]+$/.test(host)) return isIPv4(host);
  return HOST_NAME.test(host);
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
