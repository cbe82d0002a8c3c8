import { GROUPS } from './setting.ts';
import type { Group, Setting } from './setting.ts';
import { settingEntries } from './settings.ts';

const HEAD = `# Configuration

<!-- Made from apps/orchestrator/src/config/settings.ts by \`npm run config-docs\` in apps/orchestrator: change it there. -->

The server is configured by environment variables alone. A variable that is empty counts as unset, but for
ORCHESTRATOR_DATABASE_URL: there it is a mistake, lest a server that lost its secret starts on an empty store. A bad or
missing value stops the start with one message that lists every problem, and exit code 2; a variable that begins with
\`ORCHESTRATOR_\` and is none of these is warned of. \`orchestrator config\` prints what is in force, with secrets masked,
and \`orchestrator --help\` this list.

The launcher (\`bin/orchestrator\`, \`bin/chaincode\`) reads one more: MEMORY_PROFILE, \`fast\` unless it is \`small\`, which holds
the process to 150 to 180 MiB at a price in speed ([capacity](operations/capacity.md)).

- Durations are written as \`500ms\`, \`10s\`, \`1m30s\` or \`1.5h\`.
- Booleans are \`true\` or \`false\`; \`1\`, \`t\`, \`T\`, \`TRUE\`, \`True\` and \`0\`, \`f\`, \`F\`, \`FALSE\`, \`False\` are understood, too.
- Addresses are \`host:port\`, \`[IPv6 address]:port\` or \`:port\` (all IPv4 addresses of the machine).
- Relative paths start at the working directory.
`;

const CHANNELS = `## Channels

ORCHESTRATOR_CHANNEL_CONFIG names a YAML file that lists the channels and, for each, the organizations (by MSP id) that
are its members. The long form may also name the channel's chaincode, for distributed mode: it serves the
requests that have no header \`chaincode\`, and its events go to the broker. Where none is named, requests need the header.

\`\`\`yaml
channels:
  mychannel: [MyOrg1MSP, MyOrg2MSP]
  yourchannel:
    organizations: [MyOrg1MSP, MyOrg3MSP]
    chaincode: mycc
\`\`\`

Names are printable ASCII of at most 255 characters, without commas. The file is read again when it changes, also when
it is a mounted ConfigMap. A change that cannot be used is logged as a warning, and the channels stay as they were; at
start the same fault stops the server.

## The network file

ORCHESTRATOR_NETWORK_CONFIG names a YAML file with the parts of a Fabric connection profile that the server uses; the
other parts of a profile may stand in it. Paths start at the file's folder, and certificates may also be given as text
(\`pem\`). Peers are reached over TLS alone.

\`\`\`yaml
organizations:
  MyOrg1:
    mspid: MyOrg1MSP
    peers: [peer0.myorg1.test]
peers:
  peer0.myorg1.test:
    url: grpcs://10.0.0.1:7051
    tlsCACerts: { path: myorg1/tlsca.pem }
    grpcOptions: { ssl-target-name-override: peer0.myorg1.test }
identities:
  MyOrg1MSP: { cert: myorg1/user.pem, key: myorg1/user.key, peer: peer0.myorg1.test }
\`\`\`

A server in production has one identity, from ORCHESTRATOR_MSPID, ORCHESTRATOR_FABRIC_CERT and ORCHESTRATOR_FABRIC_KEY,
and uses the first peer of its organization. For development the file may hold several \`identities\`, each with the peer
of its organization (the first, unless one is named) and, for peers that ask for client certificates, \`tlsCert\` and
\`tlsKey\`; ORCHESTRATOR_MSPID alone picks one of them. Requests of any other organization are PERMISSION_DENIED.

## Client certificates

With ORCHESTRATOR_MTLS_ENABLED every client shows a certificate; with ORCHESTRATOR_VERIFY_CLIENT_MSP_ID it must be one of
the organization that the \`mspid\` header names. [Certificates](certificates.md) has the rules, and how to make some.
`;

/** The text of docs/configuration.md. */
export function renderConfigurationDocs(): string {
  return [HEAD, ...GROUPS.map(renderGroup), CHANNELS].join('\n');
}

function renderGroup(group: Group): string {
  const rows = settingsOf(group).map((setting) =>
    row([
      setting.name,
      setting.kind.name,
      setting.default === undefined ? (setting.otherwise ?? '') : `\`${setting.default}\``,
      `${setting.description}${limitsOf(setting)}${modeOf(setting)}`,
    ]),
  );
  return [
    `## ${group}`,
    '',
    row(['variable', 'kind', 'default', 'meaning']),
    row(['---', '---', '---', '---']),
    ...rows,
    '',
  ].join('\n');
}

/** The list for `--help`: the same facts for a terminal. */
export function renderSettingsHelp(): string {
  const groups = GROUPS.map((group) => {
    const entries = settingsOf(group).map((setting) => {
      const fallback = setting.default ?? setting.otherwise ?? 'unset';
      const text = `${setting.description}${modeOf(setting)} [${fallback}]`.replaceAll('`', '');
      return `  ${setting.name}\n${wrap(text, { width: 90, indent: '      ' })}`;
    });
    return `${group}:\n${entries.join('\n')}`;
  });
  return `Environment variables, with their defaults in brackets\n\n${groups.join('\n\n')}`;
}

function settingsOf(group: Group): readonly Setting<unknown>[] {
  return settingEntries.map(([, setting]) => setting).filter((setting) => setting.group === group);
}

function limitsOf({ kind: { limits } }: Setting<unknown>): string {
  return limits === undefined ? '' : ` ${limits.charAt(0).toUpperCase()}${limits.slice(1)}.`;
}

function modeOf({ mode, group }: Setting<unknown>): string {
  return mode === undefined || group === 'Distributed mode' ? '' : ` Only in ${mode} mode.`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function wrap(text: string, { width, indent }: { readonly width: number; readonly indent: string }): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(' ')) {
    if (line !== indent && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}
