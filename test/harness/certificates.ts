import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const DAYS = '2';
const OPENSSL_MS = 20_000;

export interface CertificateFiles {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** A certificate authority of a test's own, made with openssl; its files are gone with `dispose`. */
export class CertificateAuthority implements AsyncDisposable {
  static async create(): Promise<CertificateAuthority> {
    const authority = new CertificateAuthority(await mkdtemp(join(tmpdir(), 'messages-ca-')));
    const { caFile, caKeyFile } = authority;
    const subject = ['-subj', '/CN=a test', '-days', DAYS];
    await openssl(['req', '-x509', ...KEY, ...subject, '-keyout', caKeyFile, '-out', caFile]);
    return authority;
  }

  private constructor(private readonly directory: string) {}

  get caFile(): string {
    return join(this.directory, 'ca.pem');
  }

  /** @param subjectAltName as openssl writes it, such as `IP:127.0.0.1` */
  async issue(name: string, subjectAltName: string): Promise<CertificateFiles> {
    const { caFile, caKeyFile } = this;
    const certFile = join(this.directory, `${name}.pem`);
    const keyFile = join(this.directory, `${name}.key`);
    const issuer = ['-CA', caFile, '-CAkey', caKeyFile];
    const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${subjectAltName}`];
    const files = ['-keyout', keyFile, '-out', certFile];
    await openssl(['req', '-x509', ...issuer, ...KEY, ...names, '-days', DAYS, ...files]);
    return { caFile, certFile, keyFile };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.directory, { recursive: true, force: true });
  }

  private get caKeyFile(): string {
    return join(this.directory, 'ca.key');
  }
}

async function openssl(args: string[]): Promise<void> {
  await run('openssl', args, { timeout: OPENSSL_MS });
}
