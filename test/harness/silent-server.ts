import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** Takes connections and never says a word. */
export class SilentServer {
  connections = 0;
  /** By the port of the client. */
  readonly open = new Set<number | undefined>();

  static async start(): Promise<SilentServer> {
    const server = createServer();
    const silent = new SilentServer(server);
    server.on('connection', (socket) => {
      silent.connections++;
      const { remotePort } = socket;
      silent.open.add(remotePort);
      socket.on('error', () => undefined).on('close', () => silent.open.delete(remotePort));
      socket.resume();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return silent;
  }

  private constructor(private readonly server: Server) {}

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  has({ localPort }: Socket): boolean {
    return localPort !== undefined && this.open.has(localPort);
  }

  /** Takes no more connections; resolves once its clients have ended those that are open. */
  stop(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
