import { expect, test } from 'vitest';
import type { AreaAnswer } from '../src/api';
import { areaCsv } from '../src/csv';
import { speech } from '../src/locale';

const answer = (value: string): AreaAnswer => ({
  area: 100_000,
  crs: 'EPSG:9217',
  layers: [
    {
      layer: 'a',
      title: 'Quy hoạch',
      by: 'maDat',
      covered: 40_000,
      classes: [{ value, title: { vi: 'Đất ở, đô thị', en: 'Urban' }, area: 40_000.04, share: 0.4, features: 12 }],
    },
  ],
});

test('a table for spreadsheets begins with the UTF-8 mark and quotes commas', () => {
  expect(areaCsv(answer('ODT'), speech('vi'))).toBe(
    '\ufeffLớp,Mã,Tên,Diện tích (m²),Diện tích (ha),Tỷ lệ (%),Số đối tượng\r\nQuy hoạch,ODT,"Đất ở, đô thị",40000.0,4.0000,40.00,12\r\nVùng vẽ,,,100000.0,10.0000,100.00,\r\n',
  );
});

test.each(['=1+1', '+x', '@x', '-x'])('a value that a spreadsheet would run is made harmless: %s', (value) => {
  expect(areaCsv(answer(value), speech('en'))).toContain(`,'${value},`);
});
