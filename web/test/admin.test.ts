import { expect, test } from 'vitest';
import { asOne } from '../src/admin/pack';
import { bytes, en, sayOr, sayIn, vi } from '../src/admin/words';

test('both languages have the same words and places', () => {
  expect(Object.keys(en)).toEqual(Object.keys(vi));
  const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  for (const key of Object.keys(vi) as (keyof typeof vi)[]) {
    expect(places(en[key]), key).toEqual(places(vi[key]));
    expect(vi[key]).toBe(vi[key].normalize('NFC'));
  }
});

test('sizes are written as each language writes numbers', () => {
  expect(bytes(999, 'en')).toBe('999 B');
  expect(bytes(72_345, 'vi')).toBe('72,3 kB');
  expect(bytes(8_589_934_592, 'en')).toBe('8.6 GB');
  expect(sayOr(sayIn('vi'), 'job.nothing', '–')).toBe('–');
});

test('the files of a shapefile are packed into one zip that unzips to the same', async () => {
  const file = (name: string, text: string) => new File([text], name);
  const packed = (await asOne([file('Thửa.shp', 'abc'), file('Thửa.dbf', 'đ'), file('Thửa.shx', '')])) as File;
  expect(packed.name).toBe('Thửa.zip');
  const view = new DataView(await packed.arrayBuffer());
  expect(view.getUint32(0, true)).toBe(0x04034b50);
  // The sum of `abc`, as every zip has it.
  expect(view.getUint32(14, true)).toBe(0x352441c2);
  const end = view.byteLength - 22;
  expect([view.getUint32(end, true), view.getUint16(end + 10, true)]).toEqual([0x06054b50, 3]);
  expect(view.getUint32(view.getUint32(end + 16, true), true)).toBe(0x02014b50);
});

test('a shapefile without its parts, and files that are no shapefile together, are told apart', async () => {
  const file = (name: string) => new File(['x'], name);
  expect(await asOne([file('a.shp')])).toBe('alone');
  expect(await asOne([file('a.shp'), file('a.prj')])).toBe('alone');
  expect(await asOne([file('a.csv'), file('b.csv')])).toBe('several');
  expect(((await asOne([file('a.gpkg')])) as File).name).toBe('a.gpkg');
});
