import { withSharedParts } from '../mirror/script.ts';
import script from './load.sh';

/** load.sh in one file, as a bundle carries it. */
export const LOAD_SCRIPT = withSharedParts(script);
