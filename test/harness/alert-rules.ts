import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { ruleFiles } from '../../scripts/prometheus-rules.js';

export interface Rule {
  /** Undefined for an alert. */
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export type AlertRule = Required<Omit<Rule, 'record'>>;

export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

/** All rules of the repository, in order. */
export function rules(): Rule[] {
  return ruleFiles()
    .map((path) => parse(readFileSync(path, 'utf8')) as RuleFile)
    .flatMap(({ groups }) => groups.flatMap((group) => group.rules));
}

export function alertRules(): AlertRule[] {
  return rules().filter((rule): rule is AlertRule => rule.alert !== undefined);
}
