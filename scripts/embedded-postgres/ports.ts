import { createServer } from 'node:net';

/**
 * A port on 127.0.0.1 that nobody listens on at this moment: the preferred one if it is free. It
 * may be taken before PostgreSQL binds it, so whoever uses it must be ready to ask again.
 */
export async function pickPort(preferred?: number): Promise<number> {
  if (preferred) {
    const same = await tryPort(preferred).catch(() => undefined);
    if (same) return same;
  }
  return tryPort(0);
}

function tryPort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address && typeof address === 'object') resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}
