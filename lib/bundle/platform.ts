import type { Platform } from '../image/platform.ts';

/** Variants that run what was built for those behind them. */
const VARIANTS: Readonly<Record<string, readonly string[]>> = {
  arm: ['v8', 'v7', 'v6', 'v5'],
  arm64: ['v8'],
};

/**
 * The manifest that skopeo takes for a platform, so that a bundle holds the same one as the mirror copies.
 *
 * @param platform `os/architecture` or `os/architecture/variant`
 * @returns undefined if there is none
 */
export function manifestFor<T extends { readonly platform?: Platform }>(
  platform: string,
  manifests: readonly T[],
): T | undefined {
  const [os, architecture = '', wanted = ''] = platform.split('/');
  for (const variant of variantsOf(architecture, wanted)) {
    const found = manifests.find(
      ({ platform: of }) =>
        of?.os === os && of?.architecture === architecture && (of?.variant ?? '') === variant,
    );
    if (found) return found;
  }
  return undefined;
}

/** The variants to look for, the best first. A platform without a variant takes a manifest without one, or else any. */
function variantsOf(architecture: string, wanted: string): string[] {
  const known = VARIANTS[architecture] ?? [];
  if (wanted === '') return ['', ...known];
  return [...(known.includes(wanted) ? known.slice(known.indexOf(wanted)) : [wanted]), ''];
}
