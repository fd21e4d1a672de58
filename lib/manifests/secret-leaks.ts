import { ApiObject, type Chart } from 'cdk8s';
import { type KnownSecret, leakSearch, type Searched } from '../credentials/leak-check.ts';
import { type Finding, finding } from '../plan/finding.ts';

/**
 * The secret leak check: searches the rendered objects of charts that git does not ignore for known passwords.
 *
 * @param charts all charts except those that hold Secrets on purpose
 * @returns errors that name the object and the field, never the value
 */
export function findLeaks(charts: readonly Chart[], secrets: readonly KnownSecret[]): Finding[] {
  return leakFinder(secrets)(charts);
}

/**
 * The same search for many calls, as cdk8s validates the whole app anew for each file that it writes: objects that
 * are rendered as they were the last time are not searched again. Besides charts it searches what else is written.
 */
export function leakFinder(
  secrets: readonly KnownSecret[],
): (charts: readonly Chart[], others?: readonly Searched[]) => Finding[] {
  const search = leakSearch(secrets);
  let searched: string | undefined;
  let found: Finding[] = [];
  return (charts, others = []) => {
    const objects = charts.flatMap((chart) => [
      { kind: 'chart', json: { name: chart.node.path } },
      ...chart.node
        .findAll()
        .filter((it) => it instanceof ApiObject)
        .map((object) => ({ kind: object.kind, name: object.metadata?.name, json: object.toJson() })),
    ]);
    const written = [...objects, ...others];
    const rendered = JSON.stringify(written);
    if (rendered !== searched) found = search(written).map(describeLeak);
    searched = rendered;
    return found;
  };
}

function describeLeak(leak: string): Finding {
  return finding('credential-leaked', {
    message: `${leak}, in a file that git does not ignore`,
    hint: 'Remove it from the configuration or the digests file. If this is a coincidence, choose a less common password.',
  });
}
