import { expect, test } from 'vitest';
import type { Field } from '../src/api';
import { attribute, date, dateTime, degrees, distance, hectares, metres, number, percent, squareMetres } from '../src/format';
import { speech } from '../src/locale';

const [vi, en] = [speech('vi'), speech('en')];
const field = (more: Partial<Field> = {}): Field => ({ name: 'x', type: 'string', ...more });

test('numbers are written as the language writes them', () => {
  expect(number(12345.678, 'vi')).toBe('12.345,678');
  expect(number(12345.678, 'en')).toBe('12,345.678');
});

test('a year kept as a whole number stays a year', () => {
  expect(number(2030, 'vi')).toBe('2030');
  expect(number(1234.5, 'vi')).toBe('1.234,5');
});

test('a house lot does not read zero hectares', () => {
  expect(hectares(120, 'vi')).toBe('0,0120 ha');
  expect(hectares(123456.7, 'vi')).toBe('12,35 ha');
  expect(squareMetres(123456.78, 'en')).toBe('123,456.8 m²');
});

test('shares are per cent with two decimals', () => {
  expect(percent(0.0324, 'vi')).toBe('3,24%');
  expect(percent(1, 'en')).toBe('100.00%');
});

test('distances change to kilometres', () => {
  expect(distance(6.66, 'vi')).toBe('6,7 m');
  expect(distance(999, 'vi')).toBe('999 m');
  expect(distance(1500, 'en')).toBe('1.5 km');
});

test('coordinates keep the decimal point, because they are pasted into programs', () => {
  expect(degrees(108.9886, 11.5648)).toBe('108.988600, 11.564800');
  expect(metres(580361.4269, 1279032.2689)).toBe('580361.43, 1279032.27');
});

test('a date is the same day in every time zone, a moment is told in the time of Vietnam', () => {
  expect(date('2024-11-24', 'vi')).toBe('24/11/2024');
  expect(dateTime('2026-11-24T20:00:00Z', 'en')).toContain('25/11/2026');
  expect(date('không rõ', 'vi')).toBe('không rõ');
});

test('attributes of every kind become text', () => {
  expect(attribute(null, field(), vi)).toBe('–');
  expect(attribute(true, field({ type: 'boolean' }), vi)).toBe('Có');
  expect(attribute(false, field({ type: 'boolean' }), en)).toBe('No');
  expect(attribute('2024-11-24', field({ format: 'date' }), en)).toBe('24/11/2024');
  expect(attribute('2024-11-24', field(), en)).toBe('2024-11-24');
  expect(attribute({ a: 1 }, field({ format: 'json' }), vi)).toBe('{"a":1}');
  expect(attribute('<b>x</b>', undefined, vi)).toBe('<b>x</b>');
});

test('a code is shown with what it means', () => {
  const coded = field({ codes: [{ code: '1', title: 'Giữ lại' }] });
  expect(attribute(1, coded, vi)).toBe('1 – Giữ lại');
  expect(attribute('2', coded, vi)).toBe('2');
});
