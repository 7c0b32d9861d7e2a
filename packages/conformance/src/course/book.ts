// The text that the course sends through a topic: a book's worth of lines, the same on every machine. Every line begins
// with its number, so that it can be told who got which.

/** Lines of the book. */
export const BOOK_LINES = 120_000;

const WORDS = (
  'the river runs through seven countries and under a hundred bridges where boats carry coal grain stone glass and ' +
  'people who look at the water Vltava Moldau řeka most loď žába čáp štika über Fluß brücke été naïve café 川 橋 舟 🌊 ⛵'
).split(' ');

/** `BOOK_LINES` lines of one to fourteen words each, now and then an empty one but for its number. */
export function book(): string {
  // A linear congruential generator: enough for prose, and the same everywhere.
  let state = 20_261_121;
  const next = (bound: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % bound;
  };
  const lines: string[] = [];
  for (let i = 0; i < BOOK_LINES; i++) {
    const words = [String(i)];
    if (next(40) > 0) {
      for (let left = 1 + next(14); left > 0; left--) words.push(WORDS[next(WORDS.length)]!);
    }
    lines.push(words.join(' '));
  }
  return `${lines.join('\n')}\n`;
}
