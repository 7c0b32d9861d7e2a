import { describe, expect, test } from 'vitest';
import { brokerSettings } from './broker-settings.ts';
import { boolean, double, int, LONG_MAX, list, long, printSetting, readSetting, string } from './setting.ts';

describe('the table', () => {
  test('every default passes its own check and survives print and read', () => {
    for (const [name, setting] of brokerSettings()) {
      const text = printSetting(setting, setting.fallback);
      if (text === null) continue;
      expect(readSetting(name, setting, text), name).toEqual({ kind: 'value', value: setting.fallback });
    }
  });

  test('every setting has a sentence of documentation', () => {
    for (const [name, setting] of brokerSettings()) expect(setting.doc, name).toMatch(/^[A-Z0-9].*[.)]$/s);
  });
});

describe('readSetting', () => {
  const value = (setting: Parameters<typeof readSetting>[1], text: string) => readSetting('k', setting, text);
  test('numbers', () => {
    expect(value(int(0, ''), ' 12 ')).toEqual({ kind: 'value', value: 12 });
    expect(value(int(0, ''), '+12')).toEqual({ kind: 'value', value: 12 });
    expect(value(int(0, ''), '2147483648').kind).toBe('wrong');
    expect(value(int(0, ''), '1.5').kind).toBe('wrong');
    expect(value(int(0, ''), '').kind).toBe('wrong');
    expect(value(long(0, ''), '9223372036854775807')).toEqual({ kind: 'value', value: LONG_MAX });
    expect(value(long(0, ''), '-9223372036854775808')).toEqual({ kind: 'value', value: -LONG_MAX });
    expect(value(long(0, ''), '9223372036854775808').kind).toBe('wrong');
    expect(value(double(0, ''), '1e-3')).toEqual({ kind: 'value', value: 0.001 });
    expect(value(double(0, '', { min: 0, max: 1 }), '1.5')).toEqual({
      kind: 'wrong',
      detail: 'Invalid value 1.5 for configuration k: Value must be no more than 1',
    });
    expect(value(double(0, ''), 'NaN').kind).toBe('wrong');
  });
  test('one value outside the range', () => {
    const level = int(-1, '', { min: 1, max: 9, or: -1 });
    expect(value(level, '-1').kind).toBe('value');
    expect(value(level, '0')).toEqual({
      kind: 'wrong',
      detail: 'Invalid value 0 for configuration k: Value must be between 1 and 9 or equal to -1',
    });
  });
  test('booleans, texts and lists', () => {
    expect(value(boolean(true, ''), 'FALSE')).toEqual({ kind: 'value', value: false });
    expect(value(string('', ''), ' a b ')).toEqual({ kind: 'value', value: 'a b' });
    expect(value(list([], ''), ' a , b,c ')).toEqual({ kind: 'value', value: ['a', 'b', 'c'] });
    expect(value(list([], ''), ' ')).toEqual({ kind: 'value', value: [] });
    expect(value(list([], ''), 'a,a').kind).toBe('wrong');
    expect(value(list([], ''), 'a,,b').kind).toBe('wrong');
  });
});
