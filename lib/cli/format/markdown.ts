import { formatReference, type ImageReference } from '../../image/reference.ts';
import { printable } from '../../input/quote.ts';

/** A reference in Markdown. */
export function code(image: ImageReference): string {
  return `\`${formatReference(image)}\``;
}

/** A paragraph in Markdown, nothing of which is markup; a line that is indented goes on in the paragraph. */
export function markdownText(text: string): string {
  return text
    .split(/\n\s*/)
    .map((line) => printable(line).replace(/[\\`*_{}[\]<>|#]/g, '\\$&'))
    .join('<br>');
}
