import { type Dockerfile, execForm, type Instruction, type Stage } from './dockerfile.js';

interface Rule {
  readonly name: string;
  /** Where the rule is from: hadolint (DL), dockle (CIS, DKL), or this project. */
  readonly source: string;
  readonly broken: (dockerfile: Dockerfile) => boolean;
}

const PINNED =
  /^(?:[^\s:@]+(?::\d+)?\/)?[^\s:@]+:(?!latest(?:@|$))\w[\w.-]*(?:@sha256:[0-9a-f]{64})?$/;
const LABELS = ['title', 'description', 'version', 'revision', 'created', 'source', 'base.name'];
const SECRET = /pass(word|wd)?|secret|token|credential|private|api_?key|auth/i;
const ONCE = ['CMD', 'ENTRYPOINT', 'HEALTHCHECK', 'STOPSIGNAL', 'USER'];

/** What hadolint and dockle would find, and what this image promises beyond. */
export const DOCKERFILE_RULES: readonly Rule[] = [
  {
    name: 'a base image has a tag that is not latest, and a digest is whole',
    source: 'DL3006, DL3007, DKL-DI-0006',
    broken: ({ stages }) => stages.some(({ base }) => !PINNED.test(base)),
  },
  {
    name: 'a base image can be named by whoever builds, who may pin it',
    source: 'this project',
    broken: (dockerfile) =>
      ['BUILD_IMAGE', 'RUNTIME_IMAGE'].some((name) => !dockerfile.arguments.get(name)),
  },
  {
    name: 'the platform is what the builder says',
    source: 'DL3029, DL3065',
    broken: ({ stages }) => stages.some(({ platform }) => platform !== undefined),
  },
  {
    name: 'stages have names of their own',
    source: 'DL3024, DL3063',
    broken: ({ stages }) => {
      const names = stages.flatMap(({ name }) => name ?? []);
      const reserved = names.some((name) => ['scratch', 'context'].includes(name));
      return reserved || new Set(names).size < names.length;
    },
  },
  {
    name: 'what is copied from another stage names it, and is not all of it',
    source: 'DL3022, DL3023, DL3067',
    broken: ({ stages }) =>
      stages.some((stage, index) =>
        every(stage, 'COPY').some(({ text }) => {
          const { from, path } =
            /--from=(?<from>\S+) (?:--\S+ )*(?<path>\S+)/.exec(text)?.groups ?? {};
          if (from === undefined) return false;
          return path === '/' || !stages.slice(0, index).some(({ name }) => name === from);
        }),
      ),
  },
  {
    name: 'files are copied, not added',
    source: 'DL3020, CIS-DI-0009',
    broken: ({ stages }) => stages.some((stage) => every(stage, 'ADD').length > 0),
  },
  {
    name: 'WORKDIR is set before a relative COPY, and absolute',
    source: 'DL3000, DL3045',
    broken: ({ stages }) =>
      stages.some(({ instructions }) => {
        const workdir = instructions.findIndex(({ keyword }) => keyword === 'WORKDIR');
        return instructions.some(
          ({ keyword, text }, index) =>
            (keyword === 'WORKDIR' && !text.startsWith('/')) ||
            (keyword === 'COPY' && !/ \/\S*$/.test(text) && (workdir < 0 || index < workdir)),
        );
      }),
  },
  {
    name: 'no argument or variable is for a secret',
    source: 'DL3064, CIS-DI-0010',
    broken: ({ stages, arguments: given }) =>
      [
        ...given.keys(),
        ...stages.flatMap((stage) =>
          [...every(stage, 'ARG'), ...every(stage, 'ENV')].flatMap(({ text }) =>
            [...text.matchAll(/(?:^|\s)(\w+)(?==|$)/g)].map(([, name = '']) => name),
          ),
        ),
      ].some((name) => SECRET.test(name)),
  },
  {
    name: 'nothing is installed past the lock file, and no package manager of a system is run',
    source: 'DL3008, DL3016, DL3018',
    broken: ({ stages }) =>
      stages.some((stage) =>
        every(stage, 'RUN').some(({ text }) =>
          /\b(apt|apt-get|apk|yum|dnf|curl|wget|sudo|npx)\b|\bnpm (i|install|update)\b/.test(text),
        ),
      ),
  },
  {
    name: 'the build knows the time of its sources',
    source: 'this project',
    broken: ({ stages }) =>
      !stages
        .slice(0, -1)
        .some((stage) =>
          every(stage, 'ARG').some(({ text }) => text.startsWith('SOURCE_DATE_EPOCH')),
        ),
  },
  {
    name: 'the image is made without running anything in it: it has no shell',
    source: 'this project',
    broken: ({ stages }) => every(stages.at(-1), 'RUN', 'SHELL').length > 0,
  },
  {
    name: 'it holds what the build stage made, and nothing of the context',
    source: 'DKL-LI-0003',
    broken: ({ stages }) =>
      every(stages.at(-1), 'COPY').some(({ text }) => !text.includes('--from=')),
  },
  {
    name: 'commands are JSON',
    source: 'DL3025',
    broken: ({ stages }) => {
      const commands = every(stages.at(-1), 'CMD', 'ENTRYPOINT').map(({ text }) => text);
      return commands.length < 2 || commands.some((text) => !execForm(text));
    },
  },
  {
    name: 'its health is checked by a program of the image, without a shell',
    source: 'DL3057, CIS-DI-0006',
    broken: ({ stages }) =>
      !every(stages.at(-1), 'HEALTHCHECK').some(({ text }) => {
        const command = /\bCMD (.*)$/.exec(text)?.[1] ?? '';
        return execForm(command)?.[0]?.startsWith('/') ?? false;
      }),
  },
  {
    name: 'what may stand once stands once',
    source: 'DL3012, DL4003, DL4004',
    broken: ({ stages }) => ONCE.some((keyword) => every(stages.at(-1), keyword).length > 1),
  },
  {
    name: 'it runs as a user by number that is not root',
    source: 'DL3002, DL3066, CIS-DI-0001',
    broken: ({ stages }) =>
      !/^[1-9]\d*:[1-9]\d*$/.test(every(stages.at(-1), 'USER').at(-1)?.text ?? ''),
  },
  {
    name: 'it says how it is stopped',
    source: 'this project',
    broken: ({ stages }) => every(stages.at(-1), 'STOPSIGNAL').at(-1)?.text !== 'SIGTERM',
  },
  {
    name: 'it carries the labels of the Open Container Initiative',
    source: 'DL3048 to DL3058',
    broken: ({ stages }) => {
      const labels = every(stages.at(-1), 'LABEL')
        .map(({ text }) => text)
        .join(' ');
      return LABELS.some((name) => !labels.includes(`org.opencontainers.image.${name}=`));
    },
  },
  {
    name: 'ports are named, none of them privileged',
    source: 'DL3011',
    broken: ({ stages }) => {
      const ports = every(stages.at(-1), 'EXPOSE').flatMap(({ text }) => text.split(' '));
      return (
        ports.length === 0 || ports.some((port) => !(Number(port) > 1023 && Number(port) < 65536))
      );
    },
  },
  {
    name: 'nobody keeps data in the container',
    source: 'this project',
    broken: ({ stages }) => every(stages.at(-1), 'VOLUME').length > 0,
  },
];

/** The rules that it breaks. */
export function dockerfileFaults(dockerfile: Dockerfile): string[] {
  return DOCKERFILE_RULES.filter(({ broken }) => broken(dockerfile)).map(
    ({ name, source }) => `${name} (${source})`,
  );
}

function every(stage: Stage | undefined, ...keywords: readonly string[]): Instruction[] {
  return stage?.instructions.filter(({ keyword }) => keywords.includes(keyword)) ?? [];
}
