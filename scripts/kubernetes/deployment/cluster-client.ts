import { kubectl } from '../kubectl.js';
import type { Manifest } from '../manifest.js';

const COMMAND_MS = 60_000;
const FIELD_MANAGER = 'messages-deploy';
/** What kubectl is given to say itself that it has waited long enough. */
const GRACE_MS = 10_000;

/** What a deployment asks of the Kubernetes API, in one namespace, by kubectl. */
export class ClusterClient {
  constructor(
    private readonly namespace: string,
    /** Of the kubeconfig; undefined for the current one. */
    private readonly context: string | undefined,
  ) {}

  /** Whoever else has set a field that the manifests set loses it. */
  async apply(manifests: readonly Manifest[]): Promise<void> {
    const list = { apiVersion: 'v1', kind: 'List', items: manifests };
    const how = ['--server-side', '--force-conflicts', `--field-manager=${FIELD_MANAGER}`];
    await this.run(['apply', ...how, '-f', '-'], { stdin: JSON.stringify(list) });
  }

  async delete(target: string): Promise<void> {
    await this.run(['delete', target, '--ignore-not-found', '--wait=true']);
  }

  /** @throws Error if the condition has not come about within the time */
  async waitFor(
    target: string,
    condition: string,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<void> {
    const args = ['wait', target, `--for=condition=${condition}`, seconds(timeoutMs)];
    await this.run(args, { timeoutMs: timeoutMs + GRACE_MS, ...(signal && { signal }) });
  }

  /** @throws Error if the new pods are not ready within the time */
  async rolledOut(target: string, timeoutMs: number): Promise<void> {
    const args = ['rollout', 'status', target, seconds(timeoutMs)];
    await this.run(args, { timeoutMs: timeoutMs + GRACE_MS });
  }

  async undo(target: string): Promise<void> {
    await this.run(['rollout', 'undo', target]);
  }

  /** Of the first container; undefined if there is no such Deployment. */
  async imageOf(target: string): Promise<string | undefined> {
    const path = 'jsonpath={.spec.template.spec.containers[0].image}';
    const image = await this.run(['get', target, '--ignore-not-found', '-o', path]);
    return image.trim() || undefined;
  }

  logs(target: string): Promise<string> {
    return this.run(['logs', target, '--all-containers', '--tail=50']);
  }

  private run(
    args: readonly string[],
    options: { stdin?: string; timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<string> {
    const where = [`--namespace=${this.namespace}`];
    if (this.context !== undefined) where.push(`--context=${this.context}`);
    return kubectl([...args, ...where], { timeoutMs: COMMAND_MS, ...options });
  }
}

function seconds(milliseconds: number): string {
  return `--timeout=${Math.ceil(milliseconds / 1_000)}s`;
}
