import { ServiceProcess, type ServiceProcessOptions } from './service-process.js';

/** Several processes of the service with the same configuration. */
export class ServiceProcesses implements AsyncDisposable {
  static async start(
    count: number,
    env: NodeJS.ProcessEnv,
    options: ServiceProcessOptions = {},
  ): Promise<ServiceProcesses> {
    const starts = Array.from({ length: count }, () => ServiceProcess.start(env, options));
    const results = await Promise.allSettled(starts);
    const processes = new ServiceProcesses(
      results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    );
    const failure = results.find((result) => result.status === 'rejected');
    if (!failure) return processes;
    await processes[Symbol.asyncDispose]();
    throw failure.reason;
  }

  private constructor(readonly all: readonly ServiceProcess[]) {}

  get urls(): string[] {
    return this.all.map(({ url }) => url);
  }

  url(index: number): string {
    const process = this.all[index];
    if (!process) throw new Error(`there is no process ${index}`);
    return process.url;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((process) => process[Symbol.asyncDispose]()));
  }
}
