import { expect, test } from 'vitest';
import { formatDate, parseDateTime, parseDuration } from './java-date.ts';
import { javaDouble, javaFixed, padRow } from './java-text.ts';

test.each([
  [0, '0.0'],
  [-1, '-1.0'],
  [100, '100.0'],
  [1.5, '1.5'],
  [0.001, '0.001'],
  [0.0001, '1.0E-4'],
  [12_345_678, '1.2345678E7'],
  [1e21, '1.0E21'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
])('Double.toString(%d) is %s', (value, text) => {
  expect(javaDouble(value)).toBe(text);
});

test.each([
  [0.125, 2, '0.13'],
  [1.005, 2, '1.01'],
  [2.5, 0, '3'],
  [1e-7, 4, '0.0000'],
  [123456789.123456, 2, '123456789.12'],
  [-0.126, 2, '-0.13'],
  [9.999, 2, '10.00'],
  [3, 1, '3.0'],
  [Number.NaN, 4, 'NaN'],
])('%%.Nf of %d with %d digits is %s', (value, digits, text) => {
  expect(javaFixed(value, digits)).toBe(text);
});

test('cells are padded on the right, the last one only if it has a width', () => {
  expect(padRow(['a', 'bb', 'c'], [3, 1, 0])).toBe('a   bb c');
});

test('dates by a SimpleDateFormat pattern', () => {
  const time = new Date(2026, 0, 5, 7, 8, 9, 12).getTime();
  expect(formatDate(time, 'yyyy-MM-dd HH:mm:ss:SSS')).toBe('2026-01-05 07:08:09:012');
  expect(formatDate(time, "EEE d MMM yy 'at' h 'o''clock' a")).toBe("Mon 5 Jan 26 at 7 o'clock AM");
  expect(() => formatDate(time, 'Q')).toThrow("Illegal pattern character 'Q'");
});

test.each([
  ['2026-01-05T07:08:09.012', Date.UTC(2026, 0, 5, 7, 8, 9, 12)],
  ['2026-01-05T07:08:09.012Z', Date.UTC(2026, 0, 5, 7, 8, 9, 12)],
  ['2026-01-05T07:08:09.012+02:00', Date.UTC(2026, 0, 5, 5, 8, 9, 12)],
  ['2026-01-05T07:08:09.012-0130', Date.UTC(2026, 0, 5, 8, 38, 9, 12)],
  ['2026-01-05T07:08', Date.UTC(2026, 0, 5, 7, 8)],
])('%s is a time', (text, expected) => {
  expect(parseDateTime(text)).toBe(expected);
});

test.each(['2026-01-05', 'yesterday', '2026-01-05 07:08:09'])('%s is not', (text) => {
  expect(() => parseDateTime(text)).toThrow('Unparseable date');
});

test.each([
  ['PT1H', 3_600_000],
  ['P1DT2H3M4.5S', 93_784_500],
  ['-PT10S', -10_000],
  ['pt0.25s', 250],
])('%s is a duration', (text, expected) => {
  expect(parseDuration(text)).toBe(expected);
});

test.each(['P', 'PT', '1H', 'P1H', ''])('%j is not', (text) => {
  expect(() => parseDuration(text)).toThrow('Duration');
});
