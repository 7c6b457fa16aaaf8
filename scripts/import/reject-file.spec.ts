import { describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RejectFile } from './reject-file.js';

const newPath = () => join(mkdtempSync(join(tmpdir(), 'rejects-')), 'rejected.ndjson');

describe(RejectFile.name, () => {
  it('leaves no file if nothing was rejected, not even an old one', async () => {
    const path = newPath();
    writeFileSync(path, 'old');
    await (await RejectFile.replacing(path)).close();
    expect(existsSync(path)).toBe(false);
  });

  it('replaces an old file, and cuts long rows', async () => {
    const path = newPath();
    writeFileSync(path, 'old');
    const file = await RejectFile.replacing(path);
    file.add({ line: 3, reason: 'bad', row: 'a,"b\nc' });
    await file.flush();
    file.add({ line: 9, reason: 'long', row: 'x'.repeat(5000) });
    await file.close();
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
      { line: 3, reason: 'bad', row: 'a,"b\nc' },
      { line: 9, reason: 'long', row: `${'x'.repeat(1000)}…` },
    ]);
    expect(file.count).toBe(2);
  });
});
