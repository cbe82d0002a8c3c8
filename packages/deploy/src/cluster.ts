import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { globSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPorts } from '@orchestrator/tools';
import { BackgroundProcess } from './process.ts';
import { run, runOk } from './run.ts';
import type { Result } from './run.ts';
import { goSources, goTools } from './tools.ts';
import { waitFor } from './wait.ts';

const START_TIMEOUT_MS = 120_000;
const TOKEN = 'admin-of-the-checks';

/** A real API server with scheduler and controllers; its nodes are made up (kwok), and so are the containers on them. */
export class Cluster implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #tools: Readonly<Record<string, string>>;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(stack: AsyncDisposableStack, tools: Readonly<Record<string, string>>, kubeconfig: string) {
    this.#stack = stack;
    this.#tools = tools;
    this.#env = { KUBECONFIG: kubeconfig };
  }

  /** @throws MissingTool when its programs are not to be had. */
  static async start(): Promise<Cluster> {
    const tools = { ...(await goTools('kubernetes')), ...(await goTools('etcd')), ...(await goTools('kwok')), ...(await goTools('helm')) };
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'orchestrator-cluster-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const [clientPort = 0, peerPort = 0, apiPort = 0] = await findPorts(3);
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, kubeconfigFor(apiPort));
    const start = (name: string, args: readonly string[]): BackgroundProcess => stack.use(new BackgroundProcess({ command: tools[name] ?? name, args }));
    const etcd = `http://127.0.0.1:${clientPort}`;
    start('etcd', etcdArgs({ folder, client: etcd, peer: `http://127.0.0.1:${peerPort}` }));
    const apiServer = start('kube-apiserver', await apiServerArgs({ folder, etcd, port: apiPort }));
    const cluster = new Cluster(stack.move(), tools, kubeconfig);
    try {
      await cluster.#complete({ apiServer, folder, kubeconfig });
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  async #complete({ apiServer, folder, kubeconfig }: { readonly apiServer: BackgroundProcess; readonly folder: string; readonly kubeconfig: string }): Promise<void> {
    await waitFor(async () => {
      apiServer.assertRunning();
      return (await this.kubectl(['get', '--raw', '/readyz'])).code === 0 ? true : undefined;
    }, { what: `the API server is ready ${apiServer.output.slice(-500)}`, timeoutMs: START_TIMEOUT_MS });
    const start = (name: string, args: readonly string[]): void => void this.#stack.use(new BackgroundProcess({ command: this.#tools[name] ?? name, args }));
    start('kube-controller-manager', [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0', '--controllers=*,-serviceaccount-token-controller']);
    start('kube-scheduler', [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0']);
    start('kwok', [`--kubeconfig=${kubeconfig}`, '--manage-all-nodes=true', '--config', await stages(folder)]);
    await this.apply(node);
  }

  /** The programs that work on it, by name, and the environment in which they find it. */
  get clients(): { readonly programs: Readonly<Record<string, string>>; readonly env: Readonly<Record<string, string>> } {
    const { kubectl = '', helm = '' } = this.#tools;
    return { programs: { kubectl, helm }, env: this.#env };
  }

  /** Runs kubectl, whatever comes of it. */
  kubectl(args: readonly string[], input?: string): Promise<Result> {
    return run({ command: this.#tools['kubectl'] ?? '', args, env: this.#env, ...(input !== undefined && { input }) });
  }

  /** @throws Error with kubectl's message */
  async apply(manifests: string, ...options: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.kubectl(['apply', '--server-side', ...options, '-f', '-'], manifests);
    if (code !== 0) throw new Error(stderr.trim());
    return `${stdout}${stderr}`;
  }

  /** @throws Error with helm's message */
  helm(args: readonly string[]): Promise<string> {
    return runOk({ command: this.#tools['helm'] ?? '', args, env: this.#env, timeoutMs: 180_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // In reverse order: the API server before etcd, or it would hold on to its port.
    await this.#stack.disposeAsync();
  }
}

function kubeconfigFor(port: number): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'checks', cluster: { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'admin', user: { token: TOKEN } }],
    contexts: [{ name: 'checks', context: { cluster: 'checks', user: 'admin' } }],
    'current-context': 'checks',
  });
}

function etcdArgs({ folder, client, peer }: { readonly folder: string; readonly client: string; readonly peer: string }): readonly string[] {
  return [
    `--data-dir=${folder}/etcd`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync',
    '--log-level=error',
  ];
}

async function apiServerArgs({ folder, etcd, port }: { readonly folder: string; readonly etcd: string; readonly port: number }): Promise<readonly string[]> {
  const [key, tokens] = [join(folder, 'service-account.pem'), join(folder, 'tokens.csv')];
  await runOk({ command: 'openssl', args: ['genrsa', '-out', key, '2048'] });
  await writeFile(tokens, `${TOKEN},admin,admin,system:masters\n`);
  return [
    `--etcd-servers=${etcd}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${folder}/certificates`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    `--token-auth-file=${tokens}`,
    '--authorization-mode=RBAC',
    '--disable-admission-plugins=ServiceAccount',
    '--endpoint-reconciler-type=none',
  ];
}

/** kwok's own rules of how nodes and pods become ready. */
async function stages(folder: string): Promise<string> {
  const sources = await goSources('sigs.k8s.io/kwok', 'kwok');
  const files = globSync('kustomize/stage/{node/fast,node/heartbeat-with-lease,pod/fast}/*.yaml', { cwd: sources }).filter((file) => !file.endsWith('kustomization.yaml'));
  const texts = await Promise.all(files.toSorted().map((file) => readFile(join(sources, file), 'utf8')));
  const target = join(folder, 'stages.yaml');
  await writeFile(target, texts.join('\n---\n'));
  return target;
}

const node = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node-1', labels: { 'kubernetes.io/arch': 'amd64', 'kubernetes.io/os': 'linux', 'kubernetes.io/hostname': 'node-1' } },
  status: { allocatable: { cpu: '8', memory: '32Gi', pods: '110' }, capacity: { cpu: '8', memory: '32Gi', pods: '110' } },
});
