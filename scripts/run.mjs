#!/usr/bin/env node
// Prepares a checkout and hands over to a command. Plain JavaScript without a dependency: on a fresh
// clone nothing is installed yet, and Node 20 runs no TypeScript.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const MIN_NODE = [20, 19];

const COMMANDS = {
  start: 'serve on an embedded PostgreSQL cluster, or on DATABASE_URL or SHARDS if set',
  test: 'lint, check types, run every test; further arguments go to Jest, which then runs alone',
  migrate: 'bring every shard to the schema of this version',
  import: 'store messages from a CSV or NDJSON file',
  seed: 'store made-up messages',
  bench: 'measure this version against simpler ones, as ratios',
  rehearse:
    'rehearse production: restarts and losses under load, with HAProxy before two processes',
  counts: 'compare the counts with the messages, or rebuild them',
  token: 'print an access token for development',
  deploy: 'deploy a version to a Kubernetes cluster, or undo that',
  'k8s-check': 'check the manifests of k8s against schemas and policy',
  generate: 'write openapi.json, .env.example and the alert manifests anew',
  smoke: 'use a running service as its users do, and say whether it is as promised',
  'image-check': 'build the production image, run it, and look at what it holds',
  'image-tree': 'copy what the production image holds to a folder',
  install: 'install the dependencies as locked, unless they are',
  build: 'install, generate and compile what is missing, no more',
};

const [command, ...args] = process.argv.slice(2);
if (!command || !(command in COMMANDS)) {
  const wanted = command === undefined || command === '--help' || command === '-h';
  const lines = Object.entries(COMMANDS).map(([name, does]) => `  ${name.padEnd(12)}${does}`);
  process.stderr.write(`Usage: npm run COMMAND -- [--help]\n\n${lines.join('\n')}\n`);
  process.exit(wanted ? 0 : 2);
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < MIN_NODE[0] || (major === MIN_NODE[0] && minor < MIN_NODE[1])) {
  fail(`Node ${MIN_NODE.join('.')} or newer is needed; this is ${process.versions.node}.`);
}

install();
if (command !== 'install') build();
if (command === 'test') {
  process.exitCode = test();
} else if (command !== 'install' && command !== 'build') {
  const { main } = await import(pathToFileURL(join(ROOT, 'build/scripts', `${command}.js`)).href);
  process.exitCode = await main(args);
}

function install() {
  const stamp = join(ROOT, 'node_modules/.installed');
  const wanted = digest(['package-lock.json']);
  if (stampIs(stamp, wanted)) return;
  say('installing dependencies (npm ci) ...');
  npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, wanted);
}

function build() {
  const stamp = join(ROOT, 'build/.built');
  const wanted = digest([
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'tsconfig.scripts.json',
    'prisma/schema.prisma',
    ...filesBelow('src').filter((path) => !path.startsWith('src/database/generated/')),
    ...filesBelow('scripts'),
    ...filesBelow('bench'),
  ]);
  const complete = ['dist/main.js', 'src/database/generated/client.ts'];
  if (complete.every((path) => existsSync(join(ROOT, path))) && stampIs(stamp, wanted)) return;
  say('generating the Prisma client ...');
  // Prisma's CLI downloads a schema engine before any command; generate never runs it.
  node('node_modules/prisma/build/index.js', ['generate'], {
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
  });
  say('compiling ...');
  for (const output of ['dist', 'build'])
    rmSync(join(ROOT, output), { recursive: true, force: true });
  node('node_modules/typescript/bin/tsc', ['-p', 'tsconfig.build.json']);
  node('node_modules/typescript/bin/tsc', ['-p', 'tsconfig.scripts.json']);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

function test() {
  if (args.length === 0) {
    say('linting ...');
    npm(['run', '--silent', 'lint']);
    say('checking types ...');
    npm(['run', '--silent', 'typecheck']);
  }
  say('running tests ...');
  return npm(['run', '--silent', 'jest', '--', ...args], { mayFail: true });
}

function npm(npmArgs, { mayFail = false } = {}) {
  // The npm that runs this script, where there is one: it need not be the first on the PATH.
  const cli = process.env.npm_execpath;
  return cli && /\.c?js$/.test(cli)
    ? run(process.execPath, [cli, ...npmArgs], {}, mayFail)
    : run('npm', npmArgs, {}, mayFail);
}

function node(script, scriptArgs, env = {}) {
  return run(process.execPath, [join(ROOT, script), ...scriptArgs], env, false);
}

function run(file, fileArgs, env, mayFail) {
  const quiet = file === process.execPath && fileArgs[0]?.includes('prisma');
  const { status, error, stdout, stderr } = spawnSync(file, fileArgs, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: quiet ? 'pipe' : ['ignore', 2, 2],
    encoding: 'utf8',
  });
  if (error) fail(`${file} could not be run: ${error.message}`);
  if (status !== 0 && !mayFail) {
    fail(`${stdout ?? ''}${stderr ?? ''}${[file, ...fileArgs].join(' ')} failed.`, status ?? 1);
  }
  return status ?? 1;
}

function digest(paths) {
  const hash = createHash('sha256').update(process.versions.node);
  for (const path of paths) hash.update(path).update(readFileSync(join(ROOT, path)));
  return hash.digest('hex');
}

function filesBelow(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .toSorted();
}

function stampIs(path, wanted) {
  return existsSync(path) && readFileSync(path, 'utf8') === wanted;
}

function say(message) {
  process.stderr.write(`[${command}] ${message}\n`);
}

function fail(message, status = 1) {
  process.stderr.write(`${message}\n`);
  process.exit(status);
}
