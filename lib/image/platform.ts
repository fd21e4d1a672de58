/** What a manifest of an index is for (OCI image specification, "Image Index": `platform`). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

const PART = /^[a-z0-9._-]{1,64}$/;

/** `os/architecture` or `os/architecture/variant`; undefined if a part is not a plain word. */
export function platformName({ os, architecture, variant }: Platform): string | undefined {
  const parts = [os, architecture, ...(variant ? [variant] : [])];
  return parts.every((part) => PART.test(part)) ? parts.join('/') : undefined;
}

/** Whether a text is such a name. */
export function isPlatformName(text: string): boolean {
  const parts = text.split('/');
  return (parts.length === 2 || parts.length === 3) && parts.every((part) => PART.test(part));
}
