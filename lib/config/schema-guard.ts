import * as z from 'zod/mini';
import { invalidRegistryReason } from '../image/reference.ts';
import { key, notEmpty, text } from './schema-parts.ts';

/**
 * Validates an image as a pod names it, or the beginning of one followed by *. Short names of Docker Hub are not
 * allowed.
 */
const allowed = (value: string): string | undefined => {
  const prefix = value.endsWith('*') ? value.slice(0, -1) : value;
  if (/[\s*,]/.test(prefix)) return 'expected an image, or the beginning of one followed by a single *';
  const slash = prefix.indexOf('/');
  if (slash < 0)
    return 'expected a registry, a slash and a repository: quay.io/mesh/proxy@sha256:… or quay.io/mesh/*';
  const why = invalidRegistryReason(prefix.slice(0, slash));
  if (why) return why;
  if (prefix === value && !/[:@]/.test(value.slice(slash)))
    return 'it has no tag and no digest; the image must be written as the pod names it';
  return undefined;
};

/** The admission policy that rejects images that are not in the plan. */
export const guard = z.strictObject({
  mode: key(
    'off: no policy. audit: pods with other images are admitted with a warning and an entry in the audit log. enforce: such pods are rejected. Default: off.',
    z._default(z.enum(['off', 'audit', 'enforce']), 'off'),
  ),
  covers: key(
    'images: only the images of the plan, by digest. registry: also every image below registry.path on the server. Default: images.',
    z._default(z.enum(['images', 'registry']), 'images'),
  ),
  allow: key(
    'Other images that may run in the namespace, such as a service mesh sidecar or your own database. Each entry is an image as the pod names it, or the beginning of one followed by * (quay.io/mesh/*). Default: none.',
    z._default(z.array(text(allowed)), []),
  ),
  since: key(
    "Path of the previous release's images_digests.yml, relative to this file, or git:REV:path. Its images stay allowed, so that pods of that release can start during an upgrade. Default: none.",
    z.optional(text(notEmpty)),
  ),
});
