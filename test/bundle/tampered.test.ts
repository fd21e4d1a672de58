import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BundleLab } from '../support/bundles.ts';
import { TamperedBundles } from '../support/tampered-bundles.ts';
import { type Tampering, tamperings } from '../support/tampering.ts';

// A sample of bench/robustness/bundles.ts, which tries them all.

let lab: BundleLab;
let bundles: TamperedBundles;

beforeAll(async () => {
  lab = await BundleLab.start();
  bundles = await TamperedBundles.make(lab);
});
afterAll(() => lab?.stop());

const all = tamperings();
/** What load.plan, a list or a manifest says of artifacts, in a bundle whose digests are all right. */
const isOfArtifacts = ({ name, split, digest }: Tampering): boolean =>
  !split && !digest && /artifact|referrer|list/.test(name);
const sample = all.filter((it, index) => index % 8 === 0 || isOfArtifacts(it));

describe('a hostile medium', () => {
  test('there are enough ways', () => expect(all.length).toBeGreaterThanOrEqual(300));

  test.each(sample.map((it) => [`${it.name}${it.split ? ', in parts' : ''}`, it] as const))(
    '%s: rejected by load and by load.sh, and no registry is asked',
    async (_, tampering) => {
      expect(await bundles.faultsOf(tampering)).toEqual([]);
    },
  );
});
