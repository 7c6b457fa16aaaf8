import { createServer } from 'node:http';

/*
 * The least that can answer pages: all of them are in its memory, as the service at BENCH_PAGES_OF
 * answered them, and nothing of a request is looked at but its address.
 */
const pages = new Map<string, Buffer>();

const server = createServer((request, response) => {
  const page = pages.get(request.url ?? '');
  if (page) answer(page);
  else void fetchPage(request.url ?? '').then(answer);

  function answer(body: Buffer): void {
    response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': body.length,
    });
    response.end(body);
  }
});
server.listen(Number(process.env['PORT']), process.env['HOST']);
process.on('SIGTERM', () => {
  server.closeAllConnections();
  server.close(() => process.exit(0));
});

async function fetchPage(path: string): Promise<Buffer> {
  const answer = await fetch(`${process.env['BENCH_PAGES_OF']}${path}`);
  const body = Buffer.from(await answer.arrayBuffer());
  if (answer.ok) pages.set(path, body);
  return body;
}
