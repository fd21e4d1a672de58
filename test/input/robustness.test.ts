import fc from 'fast-check';
import { expect, test } from 'vitest';
import { groupBy } from '../../lib/common/collections.ts';
import { InputError, parseConfig, parseDigests, parseReference } from '../../lib/index.ts';
import { runBounded } from '../support/bounded-run.ts';
import { hostileInputs } from '../support/hostile-inputs.ts';

// A few inputs of each family, as processes; bench/robustness/inputs.ts runs more than a thousand.

const families = groupBy(hostileInputs(42), ({ family }) => family);

test.each([...families])('hostile input: %s', (_, inputs) => {
  const broken = inputs.flatMap((input) =>
    runBounded(input).broken.map((what) => `seed ${input.seed}: ${what}`),
  );
  expect(broken).toEqual([]);
});

test('any text is read, or refused as input', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom(
      ...['apiVersion: ess-airgap/v1\n', 'registry:', 'server: a.b\n', 'mirror:', 'overrides:', 'rules:\n'],
      ...[
        'images_digests:',
        ' |\n',
        '\n',
        '  ',
        '- ',
        ': ',
        '{',
        '}',
        '[',
        ']',
        ',',
        '&a ',
        '*a',
        '<<: ',
        '"',
      ],
      ...[
        'image_tag: 1\n',
        'image_repository_server: docker.io\n',
        'kind: ConfigMap\ndata:',
        '~',
        '---\n',
        '@',
      ],
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join('');
      for (const read of [parseConfig, parseDigests]) {
        try {
          read(text, 'file.yaml');
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }
      expect(['string', 'object']).toContain(typeof parseReference(text));
    }),
    { numRuns: 2000 },
  );
});
