import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Counts how often clients have sent a text through a proxy. */
export interface Sightings {
  readonly count: number;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * A port of loopback that leads to a server and misbehaves on demand. It reads no protocol: what it
 * is to look for are bytes, such as the name of a prepared statement.
 */
export class TcpProxy implements AsyncDisposable {
  private readonly links = new Set<Link>();
  private readonly watched: { readonly text: string; count: number }[] = [];
  private held = false;
  private fatal: string | undefined;
  private cut = 0;

  static async to(host: string, port: number): Promise<TcpProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, { host, port });
  }

  private constructor(
    private readonly server: Server,
    private address: Address,
  ) {
    server.on('connection', (client) => this.accept(client));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Connections that `cutAfterSend` has cut. */
  get cuts(): number {
    return this.cut;
  }

  /** Leads connections that are made from now on to another server; those open stay. */
  upstream(host: string, port: number): void {
    this.address = { host, port };
  }

  /** Resets every open connection, towards both sides. */
  cutAll(): void {
    for (const link of this.links) link.cut();
  }

  /** While on, nothing passes in either direction, and new connections get no further. */
  blackhole(on: boolean): void {
    this.held = on;
    for (const link of this.links) link.hold(on);
  }

  /**
   * Cuts the next connection on which a client sends `text` (ASCII), and drops the answer. The
   * client is cut off when the server begins to answer: PostgreSQL answers a statement after its
   * commit, so by then it was executed. To cut earlier would have the server roll it back.
   */
  cutAfterSend(text: string): void {
    this.fatal = text;
  }

  watch(text: string): Sightings {
    const watched = { text, count: 0 };
    this.watched.push(watched);
    return watched;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.cutAll();
    await closed;
  }

  private accept(client: Socket): void {
    const link = new Link(client, {
      address: () => this.address,
      isLast: (sent) => this.isLast(sent),
      onCut: () => this.cut++,
      onClose: () => this.links.delete(link),
    });
    this.links.add(link);
    link.hold(this.held);
  }

  private isLast(sent: string): boolean {
    for (const watched of this.watched) watched.count += occurrences(sent, watched.text);
    if (this.fatal === undefined || !sent.includes(this.fatal)) return false;
    this.fatal = undefined;
    return true;
  }
}

interface LinkOptions {
  readonly address: () => Address;
  /** Told what the client has just sent; whether the connection is to be cut after it. */
  readonly isLast: (sent: string) => boolean;
  readonly onCut: () => void;
  readonly onClose: () => void;
}

/** A client's connection and the one to the server that belongs to it. */
class Link {
  private server: Socket | undefined;
  private doomed = false;

  constructor(
    private readonly client: Socket,
    private readonly options: LinkOptions,
  ) {
    client.on('data', (chunk: Buffer) => this.forward(chunk));
    this.closeWith(client);
  }

  hold(on: boolean): void {
    if (on) {
      this.client.pause();
      this.server?.pause();
      return;
    }
    this.server ??= this.open();
    this.server.resume();
    this.client.resume();
  }

  cut(): void {
    reset(this.client);
    reset(this.server);
  }

  private open(): Socket {
    const server = connect(this.options.address());
    server.setNoDelay(true);
    this.client.setNoDelay(true);
    server.on('data', (chunk: Buffer) => this.answer(chunk));
    this.closeWith(server);
    return server;
  }

  private forward(chunk: Buffer): void {
    // A text that straddles two chunks is not seen, but what a driver sends at once arrives so.
    if (this.options.isLast(chunk.toString('latin1'))) this.doomed = true;
    this.server?.write(chunk);
  }

  private answer(chunk: Buffer): void {
    if (!this.doomed) {
      this.client.write(chunk);
      return;
    }
    this.options.onCut();
    this.cut();
  }

  /** Whatever ends one side ends the other, in the same way. */
  private closeWith(socket: Socket): void {
    socket.on('error', () => undefined);
    socket.on('close', (broken) => {
      for (const each of [this.client, this.server]) {
        if (broken) reset(each);
        else each?.destroySoon();
      }
      this.options.onClose();
    });
  }
}

/** A socket that is shutting down cannot be reset; asked to, it would stay open for ever. */
function reset(socket: Socket | undefined): void {
  if (socket?.writableEnded) socket.destroy();
  else socket?.resetAndDestroy();
}

function occurrences(of: string, text: string): number {
  return of.split(text).length - 1;
}
