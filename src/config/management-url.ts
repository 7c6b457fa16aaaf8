import { environmentSchema, withoutEmpty } from './environment.js';

const schema = environmentSchema.pick({ MANAGEMENT_HOST: true, MANAGEMENT_PORT: true });

/** What listens on every address is asked on loopback. */
const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/**
 * Where a service of this environment answers on its management port, as seen from its own container.
 *
 * @throws ZodError if the environment has it wrong
 */
export function managementUrl(env: NodeJS.ProcessEnv = process.env): string {
  const { MANAGEMENT_HOST, MANAGEMENT_PORT } = schema.parse(withoutEmpty(env));
  const host = LOOPBACK[MANAGEMENT_HOST] ?? MANAGEMENT_HOST;
  return `http://${host.includes(':') ? `[${host}]` : host}:${MANAGEMENT_PORT}`;
}
