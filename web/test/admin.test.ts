import { expect, test } from 'vitest';
import type { Found, SourceLayer } from '../src/admin/api';
import { alike, asks, fresh, optionsOf, twice } from '../src/admin/choices';
import { asOne } from '../src/admin/pack';
import { bandsIn } from '../src/admin/picture';
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

test('a picture goes with its world file, and not without one', async () => {
  const file = (name: string) => new File(['x'], name);
  expect(await asOne([file('Quy hoạch.jpg')])).toBe('picture');
  expect(((await asOne([file('anh.tif')])) as File).name).toBe('anh.tif');
  expect(((await asOne([file('Ảnh.jgw'), file('Ảnh.jpg'), file('Ảnh.jpg.aux.xml')])) as File).name).toBe('Ảnh.zip');
  expect(await asOne([file('a.jpg'), file('b.jgw')])).toBe('several');
});

test('what the bands of a raster are is said in both languages', () => {
  const said = 'palette of 12 colours and transparency, 16 bits';
  expect(bandsIn(said, sayIn('vi'))).toBe('bảng 12 màu, kênh trong suốt, 16 bit');
  expect(bandsIn(said, sayIn('en'))).toBe('palette of 12 colours, transparency, 16 bits');
  expect(bandsIn('gray, a value for nothing', sayIn('vi'))).toBe('thang xám, một giá trị là “không có dữ liệu”');
});

const layer = (name: string, more: Partial<SourceLayer> = {}): SourceLayer => ({
  name,
  path: '',
  id: name,
  title: null,
  crs: { srid: 9217, name: 'VN-2000', how: 'declared' },
  geometry: { type: 'Polygon' },
  fields: [],
  encoding: { name: 'UTF-8', how: 'declared' },
  count: 3,
  extent_lonlat: null,
  notes: [],
  ...more,
});

test('the import asks for what was chosen of each layer, and for no more', () => {
  const found: Found = { driver: 'GPKG', layers: [layer('thua'), layer('duong'), layer('moc')], notes: [] };
  const choices = fresh(found);
  Object.assign(choices.own.get('moc') ?? {}, { wanted: false });
  Object.assign(choices.own.get('thua') ?? {}, { id: 'thua_dat', title: 'Thửa đất', encoding: 'TCVN3' });
  Object.assign(choices.own.get('duong') ?? {}, { how: 'append' });
  expect(optionsOf(found, choices)).toEqual({
    source_layers: ['thua', 'duong'],
    each: {
      thua: { layer: 'thua_dat', title: 'Thửa đất', encoding: 'TCVN3' },
      duong: { layer: 'duong', title: 'duong', how: 'append' },
    },
  });
  const one: Found = { ...found, layers: [layer('thua')] };
  expect(optionsOf(one, fresh(one))).toEqual({ layer: 'thua', title: 'thua' });
});

test('layers of one name are told apart, and get different ids', () => {
  const found: Found = { driver: 'CSV', layers: [layer('x', { path: 'a/x.csv' }), layer('x', { path: 'b/x.csv' })], notes: [] };
  const choices = fresh(found);
  expect([...choices.own].map(([key, { id }]) => [key, id])).toEqual([
    ['a/x.csv:x', 'x'],
    ['b/x.csv:x', 'x_2'],
  ]);
  Object.assign(choices.own.get('b/x.csv:x') ?? {}, { id: 'x' });
  expect(twice(choices)).toBe('x');
});

test('what is chosen for a layer that is not sure is for those that are not sure either', () => {
  const found: Found = { driver: 'GPKG', layers: [layer('a', { crs: null }), layer('b'), layer('c', { crs: null })], notes: [] };
  const choices = fresh(found);
  const unsure = (one: SourceLayer) => one.crs === null;
  expect(alike(found, choices, 'a', unsure)).toEqual(['a', 'c']);
  expect(alike(found, choices, 'b', unsure)).toEqual(['a', 'b', 'c']);
  expect(alike(found, { ...choices, together: false }, 'a', unsure)).toEqual(['a']);
  expect(asks(found.layers[0] as SourceLayer, {})).toBe('place');
  expect(asks(found.layers[0] as SourceLayer, { srs: 'EPSG:9217' })).toBeUndefined();
});
