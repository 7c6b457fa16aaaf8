import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findKubectl } from '../../scripts/kubernetes/kubectl.js';

export interface KubectlCall {
  readonly args: readonly string[];
  readonly stdin: string;
}

/** How the cluster behaves: by the words of a call, what it prints, or that it fails. */
export interface Behaviour {
  /** The first whose words are all among those of the call counts; else it succeeds. */
  readonly answers: readonly {
    readonly to: string;
    readonly prints?: string;
    readonly fails?: string;
    /** Never answers; it is up to the caller to give up. */
    readonly hangs?: boolean;
  }[];
}

/**
 * A kubectl that stands for a cluster, since there is none: it notes each call, and answers as it is
 * told. What asks no cluster (kustomize) is handed to the real one.
 */
export class StubKubectl {
  private constructor(
    private readonly folder: string,
    readonly path: string,
  ) {}

  static async create({ answers }: Behaviour): Promise<StubKubectl> {
    const folder = await mkdtemp(join(tmpdir(), 'stub-kubectl-'));
    const source = `#!${process.execPath}
const { appendFileSync, readFileSync } = require('node:fs');
const { spawnSync } = require('node:child_process');
const args = process.argv.slice(2);
if (args[0] === 'kustomize') {
  const { status } = spawnSync(${JSON.stringify(await findKubectl())}, args, { stdio: 'inherit' });
  process.exit(status);
}
const stdin = args.includes('-f') ? readFileSync(0, 'utf8') : '';
appendFileSync(${JSON.stringify(join(folder, 'calls'))}, JSON.stringify({ args, stdin }) + '\\n');
const answers = ${JSON.stringify(answers)};
const answer = answers.find(({ to }) => to.split(' ').every((word) => args.includes(word)));
if (answer?.hangs) setInterval(() => undefined, 60_000);
else if (answer?.fails) {
  process.stderr.write(answer.fails);
  process.exit(1);
} else process.stdout.write(answer?.prints ?? '');
`;
    await writeFile(join(folder, 'kubectl'), source, { mode: 0o755 });
    return new StubKubectl(folder, `${folder}${delimiter}${process.env['PATH'] ?? ''}`);
  }

  /** In their order. */
  async calls(): Promise<KubectlCall[]> {
    const text = await readFile(join(this.folder, 'calls'), 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as KubectlCall);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}
