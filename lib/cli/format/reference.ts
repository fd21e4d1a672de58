import { formatReference, type ImageReference } from '../../image/reference.ts';

/** A reference for a terminal: its digest is cut to 12 digits. */
export function short(image: ImageReference): string {
  return formatReference(image).replace(/(@sha256:[0-9a-f]{12})[0-9a-f]+$/, '$1');
}

/** A reference in Markdown. */
export function code(image: ImageReference): string {
  return `\`${formatReference(image)}\``;
}

/** A paragraph in Markdown, nothing of which is markup. */
export function markdownText(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|#]/g, '\\$&').replace(/\n\s*/g, '<br>');
}
