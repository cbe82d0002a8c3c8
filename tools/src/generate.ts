/**
 * Generates the wire types of `@orchestrator/lib` from `proto/`, and those of health and reflection: the message
 * codecs (ts-proto) and the descriptor sets that server reflection hands out. `--check` writes nothing and fails when
 * the tree is stale.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** What is generated from where; paths are below the root. */
interface Target {
  readonly protoRoot: string;
  /** The folder of its proto files, below `protoRoot`. */
  readonly folder: string;
  readonly output: string;
  /** The constant with the descriptor set. */
  readonly constant: string;
  readonly subject: string;
  readonly patches: readonly Patch[];
}

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

function protoFiles({ protoRoot, folder }: Target): string[] {
  return listFiles(join(root, protoRoot, folder))
    .filter((name) => name.endsWith('.proto'))
    .map((name) => `${folder}/${name}`);
}

function generateInto(directory: string, target: Target): void {
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
      join(root, target.protoRoot),
      ...protoFiles(target),
    ],
    { stdio: 'inherit' },
  );
  const encoded = readFileSync(descriptors).toString('base64');
  rmSync(descriptors);
  applyPatches(directory, target.patches);
  const lines = encoded.match(/.{1,110}/g) ?? [];
  writeFileSync(
    join(directory, 'descriptor-set.ts'),
    [
      `// Generated from ${target.protoRoot}/ by \`npm run generate\`: the FileDescriptorSet of ${target.subject}, imports included, in base64.`,
      `export const ${target.constant} =`,
      ...lines.map((line, index) => `  '${line}'${index === lines.length - 1 ? ';' : ' +'}`),
      '',
    ].join('\n'),
  );
}

interface Patch {
  /** Below the generated folder; every file with decoders when left out. */
  readonly file?: string;
  readonly from: string;
  readonly to: string;
}

/**
 * What ts-proto's output lacks. Each must still apply, or the generation fails.
 *
 * - A performance of -0 is left out by `!== 0`; floats are kept exactly.
 * - Decoders stop quietly at a tag of 0 or an end of a group, and do not notice when a nested message reads past its
 *   own end: such bytes are no message.
 */
const negativeZero: Patch = {
  file: 'orchestrator/performance.ts',
  from: 'message.performanceValue !== 0',
  to: '!Object.is(message.performanceValue, 0)',
};
const strictDecoders: readonly Patch[] = [
  {
    from: 'if ((tag & 7) === 4 || tag === 0) {\n          break;',
    to: 'if ((tag & 7) === 4 || tag === 0) {\n          throw new globalThis.Error("protobuf tag out of place");',
  },
  {
    from: 'reader.skip(tag & 7);\n      }\n      return message;',
    to:
      'reader.skip(tag & 7);\n      }\n      if (reader.pos !== end) {\n' +
      '        throw new globalThis.Error("protobuf message does not end where it should");\n      }\n      return message;',
  },
];

const targets: readonly Target[] = [
  {
    protoRoot: 'proto',
    folder: 'orchestrator',
    output: 'packages/lib/src/gen',
    constant: 'descriptorSetBase64',
    subject: 'the contract',
    patches: [negativeZero, ...strictDecoders],
  },
  {
    protoRoot: 'apps/orchestrator/src/grpc/proto',
    folder: 'grpc',
    output: 'apps/orchestrator/src/grpc/gen',
    constant: 'infrastructureDescriptorSetBase64',
    subject: 'health and reflection',
    patches: strictDecoders,
  },
];

function applyPatches(directory: string, patches: readonly Patch[]): void {
  for (const patch of patches) {
    const candidates = patch.file === undefined ? listFiles(directory) : [patch.file];
    const patched = candidates.filter((name) => {
      const file = join(directory, name);
      const text = readFileSync(file, 'utf8');
      writeFileSync(file, text.replaceAll(patch.from, patch.to));
      return text.includes(patch.from);
    });
    if (patched.length === 0) throw new Error(`the generated code no longer has: ${patch.from}`);
  }
}

function listFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .toSorted();
}

function differences(fresh: string, output: string): string[] {
  const names = new Set([...listFiles(fresh), ...listFiles(output)]);
  return [...names].filter((name) => {
    try {
      return readFileSync(join(fresh, name), 'utf8') !== readFileSync(join(output, name), 'utf8');
    } catch {
      return true;
    }
  });
}

function generate(target: Target): void {
  const output = join(root, target.output);
  const fresh = mkdtempSync(join(tmpdir(), 'orchestrator-gen-'));
  try {
    generateInto(fresh, target);
    if (process.argv.includes('--check')) {
      const stale = differences(fresh, output);
      if (stale.length === 0) return;
      console.error(`${target.output} is stale, run \`npm run generate\`: ${stale.join(', ')}`);
      process.exitCode = 1;
    } else {
      rmSync(output, { recursive: true, force: true });
      cpSync(fresh, output, { recursive: true });
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

for (const target of targets) generate(target);
