import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseDockerfile } from './dockerfile.js';
import { DOCKERFILE_RULES, dockerfileFaults } from './dockerfile-rules.js';

const text = readFileSync('Dockerfile', 'utf8');

/** Changes to the Dockerfile, and the one rule that each of them breaks. */
const mutations: readonly (readonly [rule: string, was: string | RegExp, becomes: string])[] = [
  ['a base image has a tag', 'nodejs24-debian13:nonroot', 'nodejs24-debian13'],
  ['a base image has a tag', 'nodejs24-debian13:nonroot', 'nodejs24-debian13:latest'],
  ['a base image has a tag', 'debian13:nonroot', 'debian13:nonroot@sha256:0123'],
  ['a base image can be named', /ARG RUNTIME_IMAGE=\S+\n|\$\{RUNTIME_IMAGE\}/g, 'x:1'],
  ['the platform is', 'FROM ${BUILD_IMAGE}', 'FROM --platform=linux/amd64 ${BUILD_IMAGE}'],
  ['stages have names', /\bbuild\b(?= |\n)/g, 'scratch'],
  ['what is copied from another', '--from=build', '--from=0'],
  ['what is copied from another', '/app /app', '/ /'],
  ['files are copied', 'COPY . .', 'ADD . .'],
  ['WORKDIR is set', 'WORKDIR /build\n', ''],
  ['WORKDIR is set', 'WORKDIR /build', 'WORKDIR build'],
  ['no argument or variable', 'ARG BUILD_SOURCE=', 'ARG BUILD_SOURCE=\nARG NPM_TOKEN'],
  ['no argument or variable', 'NODE_ENV=production', 'DATABASE_PASSWORD=x'],
  ['nothing is installed', 'COPY . .', 'COPY . .\nRUN apt-get install -y curl'],
  ['nothing is installed', 'COPY . .', 'COPY . .\nRUN npm install typescript'],
  ['the build knows the time', 'ARG SOURCE_DATE_EPOCH=0\n', ''],
  ['the image is made without', 'USER 65532', 'RUN ["/nodejs/bin/node", "-e", "0"]\nUSER 65532'],
  ['it holds what the build', 'USER 65532', 'COPY README.md /app/\nUSER 65532'],
  ['commands are JSON', 'CMD ["serve"]', 'CMD serve'],
  ['commands are JSON', /ENTRYPOINT .*/, 'ENTRYPOINT /nodejs/bin/node'],
  ['its health is checked', /HEALTHCHECK .*\n.*\n/, ''],
  ['its health is checked', /CMD \["\/nodejs.*health.*\]/, 'CMD curl localhost:9090'],
  ['what may stand once', 'CMD ["serve"]', 'CMD ["serve"]\nCMD ["migrate"]'],
  ['it runs as a user', 'USER 65532:65532', 'USER nonroot'],
  ['it runs as a user', 'USER 65532:65532', 'USER 0:0'],
  ['it runs as a user', 'USER 65532:65532\n', ''],
  ['it says how it is stopped', 'STOPSIGNAL SIGTERM', 'STOPSIGNAL SIGKILL'],
  ['it carries the labels', /org\S+revision=\S+ \\\n/, ''],
  ['ports are named', 'EXPOSE 3000 9090', 'EXPOSE 22'],
  ['nobody keeps data', 'USER 65532', 'VOLUME /data\nUSER 65532'],
];

describe('the Dockerfile', () => {
  it('keeps every rule', () => {
    expect(dockerfileFaults(parseDockerfile(text))).toEqual([]);
  });

  it.each(mutations)('breaks "%s" when %s becomes %j', (rule, was, becomes) => {
    const mutated = text.replace(was, becomes);
    expect(mutated).not.toBe(text);
    const faults = dockerfileFaults(parseDockerfile(mutated));
    expect(faults).toEqual([expect.stringMatching(new RegExp(`^${rule}`))]);
  });

  it('has a change that breaks it for each rule', () => {
    const unproven = DOCKERFILE_RULES.filter(
      ({ name }) => !mutations.some(([rule]) => name.startsWith(rule)),
    );
    expect(unproven).toEqual([]);
  });

  it('takes a base image by its digest', () => {
    const pinned = text.replace('debian13:nonroot', `debian13:nonroot@sha256:${'0'.repeat(64)}`);
    expect(dockerfileFaults(parseDockerfile(pinned))).toEqual([]);
  });
});
