import { count } from '../common/text.ts';
import type { ExportedImage } from './export.ts';

/** The loss of a tool that copies whole images: a choice of platforms. Empty if there is none. */
export function platformLoss(images: readonly ExportedImage[]): string[] {
  const limited = images.filter(({ platforms }) => platforms !== undefined);
  return limited.length > 0
    ? [`mirror.platforms: ${count(limited.length, 'image')} would be copied with all platforms`]
    : [];
}
