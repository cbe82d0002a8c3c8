import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DescFile } from '@bufbuild/protobuf';
import { anchorOf, blocks } from './markdown.ts';

/** What is in each folder of the library: the first sentence of its page. */
const subjects: Readonly<Record<string, string>> = {
  assets: 'Rules of each asset that need no store: validation, permissions, state machines, the order of tasks.',
  codec: 'Messages in their wire form, as JSON and back, pages of them, and strict decoding.',
  dbal: 'The port to the store: one interface per asset, and what a transaction is. A persistence layer implements it.',
  errors: 'The closed set of error codes and the one error that carries them.',
  events: 'The events of a request: which changes make them, and in what order.',
  invocation: 'How a call travels to the chaincode and back: names, arguments, results, failures and events as text.',
  procedures: 'The one table of procedures, and how one of them is called inside a transaction.',
  services: 'The business logic over the port, per asset.',
  time: 'Instants of a transaction.',
};

const head = '<!-- Made from the docstrings of packages/lib/src by `npm run docs`: change them there. -->';

const introduction = `What each folder of packages/lib/src offers to the rest of the library. Other packages import from
\`@orchestrator/lib\`, which hands on the part that packages/lib/src/index.ts names; they get the services through
\`callProcedure\` of [procedures](procedures.md). The messages themselves are described in the [API reference](../api.md).`;

interface LibReference {
  readonly root: string;
  /** The contract, for links to the messages. */
  readonly contract: readonly DescFile[];
}

/**
 * The pages of docs/reference/lib, by file name.
 *
 * @throws when the library does not compile, a docstring has a broken link, or a folder is not known here.
 */
export function renderLibReference({ root, contract }: LibReference): ReadonlyMap<string, string> {
  const directory = mkdtempSync(join(tmpdir(), 'orchestrator-docs-'));
  try {
    const output = join(directory, 'pages');
    const options = writeProject({ root, contract, directory, output });
    const typedoc = join(root, 'docs/typedoc/node_modules/typedoc/bin/typedoc');
    execFileSync(process.execPath, [typedoc, '--options', options], { cwd: directory, stdio: 'inherit' });
    return readPages(output);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Project extends LibReference {
  readonly directory: string;
  readonly output: string;
}

/** Writes an entry point per folder of the library; returns the path of TypeDoc's options. */
function writeProject({ root, contract, directory, output }: Project): string {
  const sources = join(root, 'packages/lib/src');
  const entries = join(directory, 'entries');
  mkdirSync(entries);
  for (const folder of foldersOf(sources)) writeFileSync(join(entries, `${folder}.ts`), entryPoint(sources, folder));
  writeJson(join(directory, 'tsconfig.json'), {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: {
      composite: false,
      noEmit: true,
      // The imports of the entry points are absolute, and nothing is emitted.
      rewriteRelativeImportExtensions: false,
      typeRoots: [join(root, 'node_modules/@types')],
    },
    include: ['entries'],
  });
  const options = join(directory, 'typedoc.json');
  writeJson(options, {
    extends: [join(root, 'docs/typedoc/typedoc.json')],
    entryPoints: [`${entries}/*.ts`],
    tsconfig: join(directory, 'tsconfig.json'),
    out: output,
    externalSymbolLinkMappings: { '@orchestrator/lib': messageLinks(contract) },
  });
  return options;
}

function foldersOf(sources: string): string[] {
  const folders = readdirSync(sources, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== 'gen');
  return folders.map(({ name }) => name).toSorted();
}

function entryPoint(sources: string, folder: string): string {
  const subject = subjects[folder];
  if (subject === undefined) throw new Error(`what is packages/lib/src/${folder} about? Say it in tools/src/docs/lib-reference.ts`);
  const files = readdirSync(join(sources, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts') && !name.startsWith('spec-support') && name !== 'index.ts')
    .toSorted();
  const reexports = files.map((name) => `export * from ${JSON.stringify(join(sources, folder, name))};`);
  return [`/**\n * ${subject}\n *\n * @module\n */`, ...reexports, ''].join('\n');
}

/** Where each message and enum is described. In the generated code `Function` has another name. */
function messageLinks(contract: readonly DescFile[]): Readonly<Record<string, string>> {
  const names = contract.flatMap(({ messages, enums }) => [...messages, ...enums]).map(({ name }) => name);
  return Object.fromEntries(
    names.map((name) => [name === 'Function' ? 'FunctionMessage' : name, `../api.md#${anchorOf(name)}`]),
  );
}

function readPages(output: string): ReadonlyMap<string, string> {
  const pages = Object.keys(subjects).map((folder): readonly [string, string] => {
    const [title = '', ...rest] = readFileSync(join(output, `${folder}.md`), 'utf8').split('\n\n');
    return [`${folder}.md`, blocks(title, head, ...rest)];
  });
  return new Map([['README.md', startPage()], ...pages]);
}

function startPage(): string {
  const list = Object.entries(subjects).map(([folder, subject]) => `- [${folder}](${folder}.md): ${subject}`);
  return `${blocks('# @orchestrator/lib', head, introduction, list.join('\n'))}\n`;
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, JSON.stringify(value));
}
