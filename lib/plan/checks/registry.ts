import { type Finding, finding } from '../finding.ts';
import { PROFILES } from '../profiles.ts';
import type { Checked } from './checked.ts';

/** Checks the rules of the registry product. docs/findings.md names the sources. */
export function checkProfile({ relocations, config, place }: Checked): Finding[] {
  const { server, pushServer = server, path, profile: kind, pullThrough } = config.registry;
  const profile = PROFILES[kind];
  const at = place?.('registry', 'profile');
  const findings: Finding[] = [];
  const toCreate = new Set<string>();
  for (const { target, containers } of relocations) {
    const components = target.repository.split('/');
    if (components.length < profile.minComponents) {
      findings.push(
        finding('profile-path', {
          place: at,
          message: `${target.repository} (${containers.join(', ')}) does not begin with a ${profile.creates}`,
          hint: `Set registry.path to the ${profile.creates}.`,
        }),
      );
    }
    const below = target.repository.startsWith(`${path}/`)
      ? target.repository.slice(`${path}/`.length).split('/').length
      : 0;
    if (profile.maxBelow && below > profile.maxBelow.components) {
      findings.push(
        finding('profile-depth', {
          place: at,
          message: `${target.repository} (${containers.join(', ')}) has ${below} components below ${path}; expected at most ${profile.maxBelow.components} below a ${profile.creates}`,
          hint: `Use layout flat, or rules such as { match: "**", to: "{path}/{name}" }. ${profile.maxBelow.refusal}`,
        }),
      );
    }
    const leading = profile.createFirst === 'all' ? components : components.slice(0, profile.createFirst);
    if (leading.length > 0) toCreate.add(leading.join('/'));
  }
  if (toCreate.size > 0 && !pullThrough) {
    const names = [...toCreate].sort();
    findings.push(
      finding('create-first', {
        place: at,
        message: `create before the first push (${profile.creates}): ${names.join(', ')}`,
        ...profile.howToCreate?.(names, pushServer),
      }),
    );
  }
  return findings;
}
