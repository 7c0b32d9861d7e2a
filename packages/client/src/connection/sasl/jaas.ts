// The one line of Java's login configuration that clients are given: `org…PlainLoginModule required username="u"
// password="p";`. Pure. Errors never show the text, because it holds the password.
import { KafkaError } from '../../errors.ts';

/** Options by name. Throws KafkaError INVALID_SETTING. */
export function parseJaas(text: string): ReadonlyMap<string, string> {
  const head = /^\s*([\w.]+)\s+(?:required|requisite|sufficient|optional)\b/i.exec(text);
  if (!head) throw malformed('it begins with a login module and "required"');
  const options = new Map<string, string>();
  const option = /\s*([\w.-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s;"']+))/y;
  option.lastIndex = head[0].length;
  let position = option.lastIndex;
  for (let found = option.exec(text); found; found = option.exec(text)) {
    const value = found[2] ?? found[3];
    options.set(found[1]!, value === undefined ? found[4]! : value.replaceAll(/\\(.)/g, '$1'));
    position = option.lastIndex;
  }
  if (!/^\s*;\s*$/.test(text.slice(position)))
    throw malformed('options are name="value", and it ends with a semicolon');
  return options;
}

function malformed(why: string): KafkaError {
  return new KafkaError('INVALID_SETTING', { message: `saslJaasConfig cannot be read: ${why}.` });
}
