import { formatReference, type ImageReference } from '../../image/reference.ts';

/** A reference in Markdown. */
export function code(image: ImageReference): string {
  return `\`${formatReference(image)}\``;
}

/** A paragraph in Markdown, nothing of which is markup. */
export function markdownText(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|#]/g, '\\$&').replace(/\n\s*/g, '<br>');
}
