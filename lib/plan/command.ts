import type { ConfigPlace } from '../config/load.ts';

/**
 * Returns a command of ess-airgap that can be pasted into a shell, for the configuration that a finding is about.
 *
 * @param command everything after `ess-airgap`
 */
export function commandLine(command: string, place: ConfigPlace | undefined): string {
  const file = place?.().file ?? 'airgap.yaml';
  return `ess-airgap ${command}${file === 'airgap.yaml' ? '' : ` --config ${shellWord(file)}`}`;
}

/** A text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
