// What the shrinker came to, for people: what still strikes, and the command that does it again.
import { rangesOf, type Shrunk } from '../shrink.ts';

/** `again`: what the command needs besides. */
export function printShrunk(small: Shrunk, again: string): void {
  const { seed, finding, failure, strikes, skip, calm, chaosMs, strikesAtFirst, runs } = small;
  const line = (text: string) => process.stdout.write(`${text}\n`);
  line(`seed ${seed} finds '${finding}' with ${strikes.length} of ${strikesAtFirst} strikes (${runs} runs)`);
  for (const { number, at, fault, target } of strikes) {
    line(`  ${String(number).padStart(4)}  ${at.toFixed(0).padStart(8)} ms  ${fault.padEnd(14)} ${target}`);
  }
  line(`  ${failure.split('\n', 1)[0]}`);
  const options = [
    again,
    ...(chaosMs === undefined ? [] : [` --chaos ${chaosMs / 1000}`]),
    ` --skip '${rangesOf(skip)}'`,
    ...(calm.length === 0 ? [] : [` --calm ${calm.join(',')}`]),
  ];
  line(`  again: npm run simulate -- --seed ${seed}${options.join('')} --trace`);
}
