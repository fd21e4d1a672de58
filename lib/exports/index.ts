import { count } from '../common/text.ts';
import type { Config } from '../config/schema.ts';
import { formatReference } from '../image/reference.ts';
import { InputError } from '../input/problem.ts';
import { assertNoErrors } from '../plan/finding.ts';
import type { Plan, Relocation } from '../plan/model.ts';
import type { ExportedImage, ExportFormat, ExportFormatDefinition } from './export.ts';
import { hauler } from './hauler.ts';
import { imagesTxt } from './images-txt.ts';
import { imageset } from './imageset.ts';
import { regsync } from './regsync.ts';
import { zarf } from './zarf.ts';

/** Every format: without its line here, the code does not compile. */
const FORMATS: Readonly<Record<ExportFormat, ExportFormatDefinition>> = {
  'images.txt': imagesTxt,
  regsync,
  hauler,
  zarf,
  imageset,
};

/**
 * Renders the images of one or several deployments for another mirroring tool.
 *
 * @throws InputError if a plan has an error, or if the deployments need a file each
 */
export function renderExport(
  format: ExportFormat,
  deployments: readonly { readonly config: Config; readonly plan: Plan }[],
): string {
  assertNoErrors(deployments.flatMap(({ plan }) => plan.findings));
  const { destination, render } = FORMATS[format];
  const images = distinct(deployments.flatMap(({ plan }) => plan.relocations).filter(hasSource));
  const hashes = deployments.map(({ plan }) => plan.hash).join(', ');
  return render({
    images,
    destination: destination
      ? oneOf(
          format,
          deployments.map(({ config }) => destination(config.registry)),
        )
      : '',
    mirror: deployments.find(({ config }) => config.mirror)?.config.mirror,
    origin: `${count(images.length, 'image')} of Element Server Suite, plan ${hashes}`,
  });
}

function oneOf(format: ExportFormat, destinations: readonly string[]): string {
  const [first = '', ...others] = new Set(destinations);
  if (others.length === 0) return first;
  throw new InputError([
    {
      message: `one file in the format ${format} is for one registry; the configurations name ${[first, ...others].join(', ')}`,
      hint: 'Run the command once per configuration.',
    },
  ]);
}

function hasSource(relocation: Relocation): relocation is ExportedImage {
  return relocation.source !== undefined;
}

function distinct(images: readonly ExportedImage[]): ExportedImage[] {
  const byNames = new Map(
    images.map((image) => [`${formatReference(image.source)} ${formatReference(image.target)}`, image]),
  );
  return [...byNames.values()];
}
