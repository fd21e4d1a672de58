import { type Answer, wouldFail } from '../../preflight/answer.ts';
import type { Terminal } from '../terminal.ts';

/** One line: what was seen, and what to do. */
export function formatAnswer({ about, check, result, message, hint }: Answer, { colors }: Terminal): string {
  const paint = { ok: colors.green, warning: colors.yellow, failed: colors.red };
  return `${paint[result](result.padEnd(7))}  ${about}: ${check}: ${message}${hint ? `. ${hint}.` : ''}\n`;
}

/** One line per answer with what to do, and whether the copy would succeed. */
export function formatAnswers(answers: readonly Answer[], terminal: Terminal): string {
  const lines = answers.map((answer) => formatAnswer(answer, terminal));
  const count = (result: Answer['result']): number =>
    answers.filter((answer) => answer.result === result).length;
  const [failed, warnings] = [count('failed'), count('warning')];
  const words = [
    `${failed} failed`,
    `${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`,
    `${count('ok')} ok`,
  ];
  const verdict = wouldFail(answers) ? 'The copy would fail' : 'The copy can start';
  return `${lines.join('')}${verdict}: ${words.join(', ')}\n`;
}

/** The same for scripts. */
export function answersValue(
  answers: readonly Answer[],
  size?: { readonly bytes: number; readonly images: number },
): object {
  const result = wouldFail(answers) ? 'failed' : 'ok';
  const copy = size && { images: size.images, bytes: size.bytes };
  return { result, ...(copy && { copy }), answers };
}
