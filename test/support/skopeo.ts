import { spawnSync } from 'node:child_process';

const version = spawnSync('skopeo', ['--version'], { encoding: 'utf8' }).stdout;

/**
 * Whether the skopeo in PATH can push a list of referrers: 1.15 and newer. Debian's 1.9.3 cannot; .ci/registries/run puts
 * a later one in its place.
 */
export const pushesLists = !/version 1\.([0-9]|1[0-4])\./.test(version);
