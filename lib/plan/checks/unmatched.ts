import { containerName } from '../../digests/container-image.ts';
import { globMatcher } from '../../input/glob.ts';
import { type Finding, type FindingCode, finding } from '../finding.ts';
import type { Checked } from './checked.ts';

/** Parts of the configuration that nothing answers to: a typing error, or a container that a release dropped. */
export function checkUnmatched({ images, excluded, layout, config, place }: Checked): Finding[] {
  const findings: Finding[] = [];
  const unmatched = (
    code: FindingCode,
    path: readonly PropertyKey[],
    message: string,
    hint: string,
  ): void => {
    findings.push(finding(code, { place: place?.(...path), message, hint }));
  };
  config.exclude.forEach((glob, index) => {
    const matches = globMatcher(glob);
    if (images.some((image) => matches(image.component) || matches(containerName(image)))) return;
    unmatched(
      'exclude-unmatched',
      ['exclude', index],
      `exclude "${glob}" matches no component and no container`,
      'Remove it, or mend it: component, or component/container, as in the digests file.',
    );
  });
  const winning = new Set(images.map(({ image }) => layout.ruleFor(image)));
  config.rules.forEach(({ match }, index) => {
    if (winning.has(index)) return;
    const shadowed = images.some(({ image }) => layout.fits(index, image));
    unmatched(
      'rule-unmatched',
      ['rules', index, 'match'],
      shadowed ? `rule "${match}" never wins: an earlier rule does` : `rule "${match}" matches no image`,
      shadowed ? 'Move it up, or remove it.' : 'A rule matches upstream server/repository, without tag.',
    );
  });
  const names = new Set(images.map(containerName));
  const excludedNames = new Set(excluded.map(containerName));
  for (const name of Object.keys(config.overrides)) {
    if (names.has(name) && !excludedNames.has(name)) continue;
    const [found, hint] = excludedNames.has(name)
      ? ['names a container that exclude leaves alone', 'Remove it, or do not exclude the container.']
      : [
          'names no container of the digests file',
          'Write component/container as in the digests file, or remove it.',
        ];
    unmatched('override-unmatched', ['overrides', name], `override "${name}" ${found}`, hint);
  }
  return findings;
}
