import { groupBy } from '../../common/collections.ts';
import { type ContainerImage, containerName } from '../../digests/container-image.ts';
import { forListed } from '../../input/nearest.ts';
import { commandLine } from '../command.ts';
import { type Finding, type FindingCode, finding } from '../finding.ts';
import { nearestContainer } from '../nearest-container.ts';
import type { Checked } from './checked.ts';

/** Checks for entries of `exclude` and `copyOnly` that match nothing, and for containers that both lists select. */
export function checkSelection({ images, excluded, selection, config, place }: Checked): Finding[] {
  const suggest = forListed(nearestContainer);
  const unmatched = (key: 'exclude' | 'copyOnly', code: FindingCode): Finding[] =>
    config[key].flatMap((glob, index) => {
      if (selection.selectedBy(key, index, images).length > 0) return [];
      const meant = suggest(glob, images, 'any');
      return finding(code, {
        place: place?.(key, index),
        message: `${key} "${glob}" matches no component or container`,
        hint: meant
          ? `Did you mean ${meant}?`
          : 'Expected a component or component/container of the digests file. If the release no longer has it, remove the entry.',
      });
    });
  const contradictions = config.copyOnly.flatMap((glob, index) => {
    const both = selection.selectedBy('copyOnly', index, excluded);
    if (both.length === 0) return [];
    return finding('exclude-copy-only', {
      place: place?.('copyOnly', index),
      message: `copyOnly "${glob}" and exclude both select ${both.map(containerName).join(', ')}`,
      hint: 'Remove it from exclude if you need its image, otherwise from copyOnly.',
    });
  });
  return [
    ...unmatched('exclude', 'exclude-unmatched'),
    ...unmatched('copyOnly', 'copy-only-unmatched'),
    ...contradictions,
  ];
}

/**
 * Checks for containers that the ConfigMap does not override: they run from upstream unless they are configured
 * elsewhere.
 */
export function checkLeftAlone({ images, excluded, resolved, config, place }: Checked): Finding[] {
  const overridden = new Set(
    resolved.flatMap(({ image, treatment }) => (treatment === 'override' ? image.component : [])),
  );
  const copied = resolved.flatMap(({ image, treatment }) =>
    treatment === 'copyOnly' && !image.role ? image : [],
  );
  const { server } = config.registry;
  return [
    ...leftAlone(excluded, images).map(({ component, words, upstream, place }) =>
      finding(overridden.has(component) ? 'component-partly-excluded' : 'component-excluded', {
        place,
        message: `${words.are} excluded: ${words.images} ${words.verb} not copied, and ${words.they} would run from ${upstream}`,
        hint: `This is correct if you do not deploy ${words.them}. If you configure ${words.them} elsewhere, use copyOnly instead of exclude, which copies the image.`,
      }),
    ),
    ...leftAlone(copied, images).map(({ component, words, upstream, place: at }) =>
      finding(overridden.has(component) ? 'component-partly-copy-only' : 'component-copy-only', {
        place: at,
        message: `${words.are} only copied: the ConfigMap does not override ${words.images}, so ${words.they} would run from ${upstream} until you configure the copy on ${server}`,
        hint: 'To print the images to configure:',
        command: commandLine('wiring', place),
      }),
    ),
  ];
}

/** Describes the containers of each component that are not overridden. */
function leftAlone(containers: readonly ContainerImage[], images: readonly ContainerImage[]) {
  const sizes = groupBy(images, ({ component }) => component);
  return [...groupBy(containers, ({ component }) => component)].map(([component, group]) => {
    const whole = sizes.get(component)?.length === group.length;
    const many = !whole && group.length > 1;
    const name = whole ? component : group.map(containerName).join(', ');
    return {
      component,
      place: group[0]?.place,
      upstream: [...new Set(group.map(({ image }) => image.registry))].join(', '),
      words: {
        are: `${name} ${many ? 'are' : 'is'}`,
        they: many ? 'they' : 'it',
        them: many ? 'them' : 'it',
        verb: group.length > 1 ? 'are' : 'is',
        images: `${many ? 'their' : 'its'} ${group.length > 1 ? 'images' : 'image'}`,
      },
    };
  });
}
