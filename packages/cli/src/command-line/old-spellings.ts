// Spellings that courses and scripts of earlier Kafka releases use. `--broker-list` of the producers still means what it
// meant; `--zookeeper` cannot, so it is answered with what to type instead.
import { CommandLineError, type OptionTable } from './option.ts';

/**
 * Rewrites `--broker-list` to `--bootstrap-server` and `--whitelist` to `--include`, but for tools that have options of
 * these names; throws CommandLineError on `--zookeeper`.
 */
export function rewriteOldSpellings(args: readonly string[], table: OptionTable = {}): string[] {
  const rewritten: string[] = [];
  for (const word of args) {
    const [name, inline] = [word.replace(/=.*$/s, ''), /=(.*)$/s.exec(word)?.[1]];
    if (name === '--zookeeper' || name === '-zookeeper') {
      throw new CommandLineError(
        '--zookeeper: tools talk to the brokers now. Give --bootstrap-server HOST:PORT of any broker instead, ' +
          'for example --bootstrap-server localhost:9092.',
        { usage: false },
      );
    }
    if (table[name!.replace(/^--?/, '')]) {
      rewritten.push(word);
      continue;
    }
    if (name === '--broker-list' || name === '-broker-list') {
      rewritten.push(inline === undefined ? '--bootstrap-server' : `--bootstrap-server=${inline}`);
    } else if (name === '--whitelist') {
      rewritten.push(inline === undefined ? '--include' : `--include=${inline}`);
    } else if (name !== '--new-consumer' && name !== '--new-producer') {
      rewritten.push(word);
    }
  }
  return rewritten;
}
