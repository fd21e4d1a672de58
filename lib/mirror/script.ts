import faults from './faults.sh';
import image from './image.sh';
import mirror from './mirror.sh';
import report from './report.sh';
import workers from './workers.sh';

/** What is run; the other files of {@link SCRIPT} must lie beside it. */
export const SCRIPT_NAME = 'mirror.sh';

/** The mirror, a POSIX shell script: the text of each of its files, by name. */
export const SCRIPT: Readonly<Record<string, string>> = {
  [SCRIPT_NAME]: mirror,
  'workers.sh': workers,
  'image.sh': image,
  'faults.sh': faults,
  'report.sh': report,
};
