import ts from 'typescript';
import { type Manifest, named } from '../manifest.js';
import { modelModule } from './models.js';

const FILE = 'manifests.check.ts';

/**
 * Fields that their kinds do not have. The validators of kubernetes-models let them pass, as the
 * Kubernetes API does with a warning, so that a typing error is a setting that has no effect. The
 * same packages' types do not: each manifest is compiled as a literal of its kind's interface.
 *
 * @returns by manifest, as `Deployment/messages`
 */
export function unknownFields(manifests: readonly Manifest[]): Map<string, string[]> {
  const lines = manifests.map(
    (manifest, index) =>
      `export const m${index}: import('${modelModule(manifest)}').I${manifest.kind} = ` +
      `${JSON.stringify(manifest)};`,
  );
  const faults = new Map<string, string[]>();
  for (const { start, messageText } of diagnose(`${lines.join('\n')}\n`)) {
    const line = lines.join('\n').slice(0, start).split('\n').length - 1;
    const owner = named(manifests[line] as Manifest);
    const message = ts.flattenDiagnosticMessageText(messageText, ' ');
    faults.set(owner, [...(faults.get(owner) ?? []), message]);
  }
  return faults;
}

function diagnose(text: string): readonly ts.Diagnostic[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  };
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (path) => path === FILE || disk.fileExists(path),
    readFile: (path) => (path === FILE ? text : disk.readFile(path)),
    getSourceFile: (path, ...more) =>
      path === FILE
        ? ts.createSourceFile(FILE, text, ts.ScriptTarget.ES2023)
        : disk.getSourceFile(path, ...more),
  };
  const program = ts.createProgram([FILE], options, host);
  return program.getSemanticDiagnostics(program.getSourceFile(FILE));
}
