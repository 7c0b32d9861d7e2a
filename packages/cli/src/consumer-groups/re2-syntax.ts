// Subscriptions by regular expression are checked by the broker in RE2's syntax (KIP-848), which is JavaScript's without
// what needs backtracking. This says whether an expression is inside it.

const REASONS: readonly (readonly [javascript: RegExp, re2: string])[] = [
  [/unterminated group/i, 'missing closing )'],
  [/unmatched '\)'/i, 'unexpected )'],
  [/unterminated character class/i, 'missing closing ]'],
  [/nothing to repeat/i, 'missing argument to repetition operator'],
  [/out of order in character class/i, 'invalid character class range'],
  [/\\ at end of pattern/i, 'trailing \\'],
  [/numbers out of order/i, 'invalid repeat count'],
];

/** Why the expression is none of RE2's, in RE2's words where there are any; undefined when it is one. */
export function whyNoRe2(text: string): string | undefined {
  // Outside of character classes: look-around and backreferences.
  const bare = text.replace(/\[(?:\\.|[^\]])*\]/g, '');
  if (/\(\?(?:<?[=!]|>)/.test(bare)) return 'invalid or unsupported Perl syntax';
  if (/\\[1-9]|\\k</.test(bare)) return 'invalid escape sequence';
  try {
    new RegExp(text);
    return undefined;
  } catch (error) {
    const message = (error as Error).message;
    return (
      REASONS.find(([pattern]) => pattern.test(message))?.[1] ??
      message.replace(/^Invalid regular expression: .*: /s, '')
    );
  }
}
