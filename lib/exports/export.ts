import type { Config } from '../config/schema.ts';
import type { ImageReference } from '../image/reference.ts';
import type { Relocation } from '../plan/model.ts';

/** The formats of image lists for other mirroring tools, as `plan --format` names them. */
export const EXPORT_FORMATS = ['images.txt', 'regsync', 'hauler', 'zarf', 'imageset'] as const;

export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** An image that is copied. */
export interface ExportedImage extends Relocation {
  readonly source: ImageReference;
}

/** The images that another tool is to copy. */
export interface ExportInput {
  /** In the order of the plans; an image that several deployments copy to the same place is there once. */
  readonly images: readonly ExportedImage[];
  /** Where they go, as {@link ExportFormatDefinition.destination} gives it; empty if the format names it per image. */
  readonly destination: string;
  /** The settings of the mirror of the first deployment that has one. */
  readonly mirror: Config['mirror'];
  /** What the file is made of: the beginning of its header. */
  readonly origin: string;
}

/** One format: a module, and a line in {@link EXPORT_FORMATS} and in `index.ts`. */
export interface ExportFormatDefinition {
  /**
   * The part of the local registry that one file is for; the tool gets it on its command line. Left out if the file
   * names the target of each image.
   */
  readonly destination?: (registry: Config['registry']) => string;
  /** The file. */
  readonly render: (input: ExportInput) => string;
}
