// Spellings that courses and scripts of earlier Kafka releases use. `--broker-list` of the producers still means what it
// meant; `--zookeeper` cannot, so it is answered with what to type instead.
import { CommandLineError } from './option.ts';

/** Rewrites `--broker-list` to `--bootstrap-server` and `--whitelist` to `--include`; throws CommandLineError on `--zookeeper`. */
export function rewriteOldSpellings(args: readonly string[]): string[] {
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
