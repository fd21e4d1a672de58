import { formatReference } from '../image/reference.ts';
import type { ExportFormatDefinition } from './export.ts';

/** One source image per line, with tag and digest. The format has no comments. */
export const imagesTxt: ExportFormatDefinition = {
  render: ({ images }) => {
    const lines = new Set(images.map(({ source }) => `${formatReference(source)}\n`));
    return [...lines].join('');
  },
};
