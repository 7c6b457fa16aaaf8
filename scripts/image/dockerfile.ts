export interface Instruction {
  /** Upper case. */
  readonly keyword: string;
  /** What follows it, on one line. */
  readonly text: string;
}

export interface Stage {
  /** The image that it starts from, its variables filled in with their defaults. */
  readonly base: string;
  readonly name: string | undefined;
  readonly platform: string | undefined;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  /** What stands before the first stage, by name. */
  readonly arguments: ReadonlyMap<string, string>;
  readonly stages: readonly Stage[];
}

/** Reads as much of the language as this project uses: no here-documents, no other escape character. */
export function parseDockerfile(text: string): Dockerfile {
  const given = new Map<string, string>();
  const stages: (Stage & { readonly instructions: Instruction[] })[] = [];
  for (const instruction of instructions(text)) {
    if (instruction.keyword === 'FROM') {
      stages.push({ ...parseFrom(instruction.text, given), instructions: [] });
    } else if (stages.length > 0) {
      stages.at(-1)?.instructions.push(instruction);
    } else if (instruction.keyword === 'ARG') {
      const [name = '', ...value] = instruction.text.split('=');
      given.set(name, value.join('='));
    }
  }
  return { arguments: given, stages };
}

/** What a command is made of if it is written as JSON, which needs no shell. */
export function execForm(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value) || value.length === 0) return undefined;
    return value.every((part) => typeof part === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

function instructions(text: string): Instruction[] {
  const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  const joined = lines.join('\n').replaceAll(/\\\n/g, ' ').split('\n');
  return joined.flatMap((line) => {
    const [keyword = '', ...rest] = line.trim().split(/\s+/);
    return keyword === '' ? [] : [{ keyword: keyword.toUpperCase(), text: rest.join(' ') }];
  });
}

function parseFrom(text: string, given: ReadonlyMap<string, string>) {
  const {
    platform,
    image = '',
    name,
  } = /^(?:--platform=(?<platform>\S+) )?(?<image>\S+)(?: AS (?<name>\S+))?$/i.exec(text)?.groups ??
  {};
  const base = image.replaceAll(/\$\{(\w+)\}|\$(\w+)/g, (_, braced: string, bare: string) => {
    return given.get(braced ?? bare) ?? '';
  });
  return { base, name, platform };
}
