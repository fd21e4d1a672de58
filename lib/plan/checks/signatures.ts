import { groupBy } from '../../common/collections.ts';
import { count, few, shellWord } from '../../common/text.ts';
import { formatReference, repositoryName } from '../../image/reference.ts';
import { forListed, nearest } from '../../input/nearest.ts';
import { commandLine } from '../command.ts';
import { type Finding, finding } from '../finding.ts';
import { lacksSignature, recordedSignatures } from '../signatures.ts';
import { describeSigner, expectedSigners } from '../signers.ts';
import type { Checked } from './checked.ts';

/** Images whose recorded signatures are not what `verify` wants, and rules of `verify` without effect. */
export function checkSignatures(checked: Checked): Finding[] {
  if (!checked.config.verify) return [];
  return [...missingSignatures(checked), ...withoutPolicy(checked), ...idleRules(checked)];
}

function missingSignatures({ plan, context, policy, config, place }: Checked): Finding[] {
  const digests = shellWord(config.digests);
  const relock = commandLine(`lock ${digests} --output ${digests}`, place);
  const lacking = plan.relocations.filter(({ signatures }) => lacksSignature(signatures));
  const byRule = groupBy(lacking, ({ source }) => (source ? policy.ruleFor(source) : undefined));
  return [...byRule].flatMap(([rule, relocations]) => {
    if (!rule) return [];
    const at = place?.('verify', 'images', rule.index, 'match');
    const expected = expectedSigners(rule);
    const recorded = relocations.filter((one) => recordedSignatures(one, context).length > 0);
    const unknown = relocations.filter((one) => !recorded.includes(one));
    const names = unknown.map(({ source }) => (source ? formatReference(source) : ''));
    return [
      ...recorded.map((one) => {
        const signers = recordedSignatures(one, context).map(
          ({ signer, logged }) => `${describeSigner(signer)}${logged ? '' : ' (not in a transparency log)'}`,
        );
        return finding('signature-missing', {
          place: at,
          message: `no signature that is recorded for ${one.source ? formatReference(one.source) : ''} is as verify wants: it is signed by ${few([...new Set(signers)])}; expected ${expected}`,
          hint: 'If the policy is right, check the signatures again:',
          command: relock,
        });
      }),
      ...(unknown.length > 0
        ? [
            finding('signature-missing', {
              place: at,
              message: `no signature is recorded for ${count(unknown.length, 'image')} that verify wants signed by ${expected}: ${few(names)}`,
              hint: 'Check the signatures upstream, which records those that are accepted:',
              command: relock,
            }),
          ]
        : []),
    ];
  });
}

function withoutPolicy({ plan, place }: Checked): Finding[] {
  const names = plan.relocations.flatMap(({ source, signatures }) =>
    source && signatures && signatures.policy === undefined ? repositoryName(source) : [],
  );
  if (names.length === 0) return [];
  return [
    finding('signature-no-policy', {
      place: place?.('verify', 'images'),
      message: `verify wants no signature of ${count(names.length, 'image')}, and none is checked: ${few([...new Set(names)])}`,
      hint: 'Write a rule for them if they are signed. This note is for the record.',
    }),
  ];
}

/** Rules that decide about no image: a mistyped rule must not look like a policy. */
function idleRules({ plan, policy, place }: Checked): Finding[] {
  const sources = plan.relocations.flatMap(({ source }) => source ?? []);
  const winning = new Set(sources.map((source) => policy.ruleFor(source)?.index));
  const names = sources.map(repositoryName);
  const suggest = forListed(nearest);
  return policy.rules.flatMap(({ index, match }) => {
    if (winning.has(index)) return [];
    const at = place?.('verify', 'images', index, 'match');
    if (sources.some((source) => policy.fits(index, source))) {
      return finding('verify-shadowed', {
        place: at,
        message: `the rule "${match}" of verify never counts: an earlier rule matches each of its images`,
        hint: 'Move it up, or remove it.',
      });
    }
    const meant = /[*?[{]/.test(match) ? undefined : suggest(match, names);
    return finding('verify-unmatched', {
      place: at,
      message: `the rule "${match}" of verify matches no image`,
      hint: meant
        ? `Did you mean ${meant}?`
        : 'A rule matches server/repository without tag; * stays within one path component, ** does not.',
    });
  });
}
