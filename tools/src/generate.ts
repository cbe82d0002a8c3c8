/**
 * Generates the wire types of `@orchestrator/lib` from `proto/`: the message codecs (ts-proto) and the
 * descriptor set that server reflection hands out. `--check` writes nothing and fails when the tree is stale.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '../..');
const target = join(root, 'packages/lib/src/gen');

const tsProtoOptions = [
  'outputServices=none',
  'env=browser',
  'esModuleInterop=true',
  'importSuffix=.ts',
  'oneof=unions-value',
  'forceLong=bigint',
  'useExactTypes=false',
  'enumsAsLiterals=true',
  'useMapType=true',
  'outputJsonMethods=true',
  'outputPartialMethods=true',
  'useDate=false',
  'unrecognizedEnum=false',
  'removeEnumPrefix=false',
].join(',');

function protoFiles(): string[] {
  return readdirSync(join(root, 'proto/orchestrator'))
    .filter((name) => name.endsWith('.proto'))
    .toSorted()
    .map((name) => `orchestrator/${name}`);
}

function generateInto(directory: string): void {
  const bin = join(root, 'node_modules/.bin');
  const descriptors = join(directory, 'descriptors.binpb');
  execFileSync(
    join(bin, 'protoc'),
    [
      `--plugin=protoc-gen-ts_proto=${join(bin, 'protoc-gen-ts_proto')}`,
      `--ts_proto_out=${directory}`,
      `--ts_proto_opt=${tsProtoOptions}`,
      `--descriptor_set_out=${descriptors}`,
      '--include_imports',
      '-I',
      join(root, 'proto'),
      ...protoFiles(),
    ],
    { stdio: 'inherit' },
  );
  keepNegativeZero(directory);
  const encoded = readFileSync(descriptors).toString('base64');
  rmSync(descriptors);
  const lines = encoded.match(/.{1,110}/g) ?? [];
  writeFileSync(
    join(directory, 'descriptor-set.ts'),
    [
      '// Generated from proto/ by `npm run generate`: the FileDescriptorSet of the contract, imports included, in base64.',
      'export const descriptorSetBase64 =',
      ...lines.map((line, index) => `  '${line}'${index === lines.length - 1 ? ';' : ' +'}`),
      '',
    ].join('\n'),
  );
}

/**
 * ts-proto leaves out fields that equal their default by `!== 0`, which loses a performance of -0. Floats are kept
 * exactly, so that one comparison is made by identity.
 */
function keepNegativeZero(directory: string): void {
  const file = join(directory, 'orchestrator/performance.ts');
  const text = readFileSync(file, 'utf8');
  const kept = text.replaceAll('message.performanceValue !== 0', '!Object.is(message.performanceValue, 0)');
  if (kept === text) throw new Error('the generated code no longer compares performanceValue as expected');
  writeFileSync(file, kept);
}

function listFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .toSorted();
}

function differences(fresh: string): string[] {
  const names = new Set([...listFiles(fresh), ...listFiles(target)]);
  return [...names].filter((name) => {
    try {
      return readFileSync(join(fresh, name), 'utf8') !== readFileSync(join(target, name), 'utf8');
    } catch {
      return true;
    }
  });
}

const fresh = mkdtempSync(join(tmpdir(), 'orchestrator-gen-'));
try {
  generateInto(fresh);
  if (process.argv.includes('--check')) {
    const stale = differences(fresh);
    if (stale.length > 0) {
      console.error(`generated code is stale, run \`npm run generate\`: ${stale.join(', ')}`);
      process.exitCode = 1;
    }
  } else {
    rmSync(target, { recursive: true, force: true });
    cpSync(fresh, target, { recursive: true });
  }
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
