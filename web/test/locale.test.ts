import { expect, test } from 'vitest';
import { counted, speech, textOf } from '../src/locale';
import { en } from '../src/locale/en';
import { vi } from '../src/locale/vi';

test('both languages have the same keys', () => {
  expect(Object.keys(en).sort()).toEqual(Object.keys(vi).sort());
});

test('no text is empty', () => {
  for (const text of [...Object.values(vi), ...Object.values(en)]) expect(text.trim()).not.toBe('');
});

test('both languages leave the same places to fill in', () => {
  const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  for (const key of Object.keys(vi) as (keyof typeof vi)[]) expect(places(en[key]), key).toEqual(places(vi[key]));
});

test('Vietnamese letters are whole characters, not letters with loose marks', () => {
  for (const text of Object.values(vi)) expect(text).toBe(text.normalize('NFC'));
});

test('the legal notice says that the data has no legal value', () => {
  expect(vi['notice']).toBe('Dữ liệu minh họa – không có giá trị pháp lý');
});

test('values are filled in, also when they hold braces', () => {
  expect(speech('en')('layers.details', { title: '{n}' })).toBe('Details of layer {n}');
});

test('English tells one from many, Vietnamese does not', () => {
  expect(counted(speech('en'), 'layers.count', 1)).toBe('1 feature');
  expect(counted(speech('en'), 'layers.count', 3120)).toBe('3,120 features');
  expect(counted(speech('vi'), 'layers.count', 3120)).toBe('3.120 đối tượng');
});

test('a title without English is shown in Vietnamese', () => {
  expect(textOf({ vi: 'Đường' }, 'en', 'x')).toBe('Đường');
  expect(textOf(undefined, 'vi', 'x')).toBe('x');
});
