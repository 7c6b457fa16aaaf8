import { Client } from 'pg';
import { settlesWithin } from './wait-until.js';

const END_MS = 2_000;

/**
 * Connects as the superuser. Connecting and each query have a deadline, because a frozen server
 * (SIGSTOP) never answers; and a connection that breaks while idle must not end the process.
 */
export async function connectAdmin(
  connectionString: string,
  options: { connectMs?: number; queryMs?: number } = {},
): Promise<Client> {
  const client = new Client({
    connectionString,
    connectionTimeoutMillis: options.connectMs ?? 10_000,
    query_timeout: options.queryMs ?? 60_000,
    application_name: 'embedded-postgres',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    await endClient(client);
    throw error;
  }
  return client;
}

/** Closes the connection, and does not wait for a server that no longer answers. */
export async function endClient(client: Client): Promise<void> {
  await settlesWithin(
    client.end().catch(() => undefined),
    END_MS,
  );
}
