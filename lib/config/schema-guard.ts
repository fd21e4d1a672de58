import * as z from 'zod/mini';
import { invalidRegistryReason } from '../image/reference.ts';
import { key, notEmpty, text } from './schema-parts.ts';

/** An image as a pod names it, or the beginning of one with a * at its end. Never a short name of Docker Hub. */
const allowed = (value: string): string | undefined => {
  const prefix = value.endsWith('*') ? value.slice(0, -1) : value;
  if (/[\s*,]/.test(prefix)) return 'expected an image, or the beginning of one with one * at its end';
  const slash = prefix.indexOf('/');
  if (slash < 0)
    return 'expected a registry, a slash and a repository: quay.io/mesh/proxy@sha256:… or quay.io/mesh/*';
  const why = invalidRegistryReason(prefix.slice(0, slash));
  if (why) return why;
  if (prefix === value && !/[:@]/.test(value.slice(slash)))
    return 'it has neither a tag nor a digest; an image is compared as the pod names it';
  return undefined;
};

/** The admission policy that refuses images which the plan does not know. */
export const guard = z.strictObject({
  mode: key(
    'off: no policy. audit: pods with other images are admitted, with a warning and an entry in the audit log. enforce: they are refused. Default: off.',
    z._default(z.enum(['off', 'audit', 'enforce']), 'off'),
  ),
  covers: key(
    'images: exactly the images of the plan, by digest. registry: everything in the folder registry.path of the server as well. Default: images.',
    z._default(z.enum(['images', 'registry']), 'images'),
  ),
  allow: key(
    'Other images that may run in the namespace: a sidecar of a service mesh, a database of your own. Each is an image as the pod names it, or the beginning of one with * at its end (quay.io/mesh/*). Default: none.',
    z._default(z.array(text(allowed)), []),
  ),
  since: key(
    "The previous release's images_digests.yml, relative to this file, or git:REV:path. Its images stay allowed, so that pods of that release can start during an upgrade. Default: none.",
    z.optional(text(notEmpty)),
  ),
});
