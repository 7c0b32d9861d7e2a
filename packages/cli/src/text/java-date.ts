// Dates as Java's SimpleDateFormat writes them (the perf consumer's --date-format) and as Kafka's reset tool reads them.

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

/** Formats in local time by a SimpleDateFormat pattern. Throws on a letter that has no meaning there. */
export function formatDate(timeMs: number, pattern: string): string {
  const date = new Date(timeMs);
  let text = '';
  for (const [token] of pattern.matchAll(/'(?:[^']|'')*'|([a-zA-Z])\1*|[^a-zA-Z']+/g)) {
    if (token.startsWith("'")) text += token === "''" ? "'" : token.slice(1, -1).replaceAll("''", "'");
    else if (/^[a-zA-Z]/.test(token)) text += dateField(date, token[0]!, token.length);
    else text += token;
  }
  return text;
}

function dateField(date: Date, letter: string, length: number): string {
  const padded = (value: number) => String(value).padStart(length, '0');
  switch (letter) {
    case 'y':
      return length === 2 ? String(date.getFullYear() % 100).padStart(2, '0') : padded(date.getFullYear());
    case 'u':
      return padded(date.getDay() || 7);
    case 'M': {
      const name = MONTHS[date.getMonth()]!;
      return length >= 4 ? name : length === 3 ? name.slice(0, 3) : padded(date.getMonth() + 1);
    }
    case 'd':
      return padded(date.getDate());
    case 'E': {
      const name = DAYS[date.getDay()]!;
      return length >= 4 ? name : name.slice(0, 3);
    }
    case 'H':
      return padded(date.getHours());
    case 'k':
      return padded(date.getHours() || 24);
    case 'K':
      return padded(date.getHours() % 12);
    case 'h':
      return padded(date.getHours() % 12 || 12);
    case 'm':
      return padded(date.getMinutes());
    case 's':
      return padded(date.getSeconds());
    case 'S':
      return padded(date.getMilliseconds());
    case 'a':
      return date.getHours() < 12 ? 'AM' : 'PM';
    case 'Z':
    case 'X':
    case 'z':
      return zone(date, letter, length);
    default:
      throw new Error(`Illegal pattern character '${letter}'`);
  }
}

function zone(date: Date, letter: string, length: number): string {
  const offset = -date.getTimezoneOffset();
  const sign = offset < 0 ? '-' : '+';
  const hours = String(Math.floor(Math.abs(offset) / 60)).padStart(2, '0');
  const minutes = String(Math.abs(offset) % 60).padStart(2, '0');
  if (letter === 'Z') return `${sign}${hours}${minutes}`;
  if (letter === 'z') return offset === 0 ? 'UTC' : `GMT${sign}${hours}:${minutes}`;
  if (offset === 0) return 'Z';
  return length === 1 ? sign + hours : length === 2 ? `${sign}${hours}${minutes}` : `${sign}${hours}:${minutes}`;
}

/**
 * `YYYY-MM-DDThh:mm:ss.sss`, with seconds, fraction and zone (`Z`, `+02`, `+0200`, `+02:00`) optional; UTC when no zone is
 * given, as Kafka's tools read it. Answers milliseconds since the epoch; throws with what is wrong.
 */
export function parseDateTime(text: string): number {
  const match =
    /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}(?::?\d{2})?)?$/.exec(text);
  if (!match) throw new Error(`Unparseable date: "${text}" (expected YYYY-MM-DDThh:mm:ss.sss, with a zone if not UTC)`);
  const [, year, month, day, hour, minute, second = '0', fraction = '', offset = 'Z'] = match;
  const millis = Number(fraction.padEnd(3, '0').slice(0, 3) || 0);
  const time = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    millis,
  );
  if (offset === 'Z') return time;
  const sign = offset.startsWith('-') ? -1 : 1;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3).replace(':', '') || 0);
  return time - sign * minutes * 60_000;
}

/** ISO-8601 duration as java.time.Duration reads it (`PnDTnHnMn.nS`), in milliseconds. Throws with what is wrong. */
export function parseDuration(text: string): number {
  const match = /^([-+]?)P(?:([-+]?\d+)D)?(T(?:([-+]?\d+)H)?(?:([-+]?\d+)M)?(?:([-+]?\d+(?:[.,]\d{0,9})?)S)?)?$/i.exec(
    text,
  );
  if (!match || (match[2] === undefined && (match[3] === undefined || match[3].length === 1))) {
    throw new Error(`Text cannot be parsed to a Duration: "${text}" (expected PnDTnHnMnS, for example PT1H30M)`);
  }
  const part = (index: number) => Number((match[index] ?? '0').replace(',', '.'));
  const seconds = part(2) * 86_400 + part(4) * 3_600 + part(5) * 60 + part(6);
  return Math.round(seconds * 1000) * (match[1] === '-' ? -1 : 1);
}
