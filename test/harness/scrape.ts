import { get } from './http.js';

interface Sample {
  readonly series: string;
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/** What `/metrics` of a service tells now. */
export async function scrape(service: { readonly managementUrl: string }): Promise<Scrape> {
  const { status, body } = await get(service.managementUrl, '/metrics');
  if (status !== 200) throw new Error(`/metrics answers ${status}`);
  return new Scrape(body as string);
}

/** What `/metrics` told once. */
export class Scrape {
  private readonly samples: readonly Sample[];

  constructor(readonly text: string) {
    this.samples = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(parseSample);
  }

  /** By name, which of a histogram is the one without a suffix. */
  get metrics(): { readonly name: string; readonly type: string }[] {
    const types = this.text.matchAll(/^# TYPE (\S+) (\S+)$/gm);
    return Array.from(types, ([, name = '', type = '']) => ({ name, type })).toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    );
  }

  /** The value of every series of a metric. */
  series(name: string): Map<string, number> {
    return new Map(this.of(name).map(({ series, value }) => [series, value]));
  }

  /** Every series there is. */
  get allSeries(): string[] {
    return this.samples.map(({ series }) => series);
  }

  /** The sum of the samples of that name whose labels include these; undefined if there is none. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const found = this.samples.filter((sample) => sample.name === name).filter(isHaving(labels));
    return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
  }

  /** The labels that samples of a metric have, but for `le`. */
  labelNames(metric: string): string[] {
    const names = this.of(metric).flatMap(({ labels }) => [...labels.keys()]);
    return [...new Set(names)].filter((label) => label !== 'le').toSorted();
  }

  /** The values of a label of that metric, in series whose labels include these. */
  labelValues(
    metric: string,
    label: string,
    having: Readonly<Record<string, string>> = {},
  ): string[] {
    const samples = this.of(metric).filter(isHaving(having));
    return [...new Set(samples.map(({ labels }) => labels.get(label) ?? ''))].toSorted();
  }

  private of(metric: string): Sample[] {
    return this.samples.filter(({ name }) => name.replace(/_(bucket|count|sum)$/, '') === metric);
  }
}

const SAMPLE = /^((\w+)(?:\{(.*)\})?) (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

function isHaving(labels: Readonly<Record<string, string>>) {
  const wanted = Object.entries(labels);
  return (sample: Sample) => wanted.every(([label, value]) => sample.labels.get(label) === value);
}

function parseSample(line: string): Sample {
  const [, series = '', name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
  if (value === '') throw new Error(`this is no sample: ${line}`);
  return {
    series,
    name,
    labels: new Map(
      Array.from(labels.matchAll(LABEL), ([, label = '', text = '']) => [label, text]),
    ),
    value: value === '+Inf' ? Infinity : Number(value),
  };
}
