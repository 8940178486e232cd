import { expect, test } from 'vitest';
import { parseCoordinates } from '../src/coordinates';

const here = { position: { lon: 108.9886, lat: 11.5648 } };
const grid = { grid: { e: 580361.43, n: 1279032.27 } };

test.each([
  '108.9886, 11.5648',
  '11.5648, 108.9886',
  '108.9886,11.5648',
  '11.5648 108.9886',
  '108,9886 11,5648',
  '108,9886; 11,5648',
  '108,9886, 11,5648',
  '(11.5648, 108.9886)',
  ' lat: 11.5648  lon: 108.9886 ',
  'Kinh độ 108,9886 Vĩ độ 11,5648',
])('degrees in either order and with either decimal sign: %s', (text) => expect(parseCoordinates(text)).toEqual(here));

test.each([
  '580361.43 1279032.27',
  '1279032.27 580361.43',
  '580361,43 1279032,27',
  'E 580361.43, N 1279032.27',
  'X=1279032.27 Y=580361.43',
  '580.361,43; 1.279.032,27',
  '580,361.43 1,279,032.27',
])('metres of VN-2000, whatever the surveyor calls X and Y: %s', (text) => expect(parseCoordinates(text)).toEqual(grid));

test.each([`11°33'53.28"N 108°59'18.96"E`, `108°59′18,96″Đ, 11°33′53,28″B`, '11.5648° B, 108.9886° Đ'])(
  'degrees, minutes and seconds: %s',
  (text) => {
    const parsed = parseCoordinates(text);
    if (!('position' in parsed)) throw new Error(JSON.stringify(parsed));
    expect(parsed.position.lon).toBeCloseTo(108.9886, 6);
    expect(parsed.position.lat).toBeCloseTo(11.5648, 6);
  },
);

test.each([
  ['', 'search.error.empty'],
  ['   ', 'search.error.empty'],
  ['Phan Rang', 'search.error.two'],
  ['108.9886', 'search.error.two'],
  ['108.9886, 11.5648, 12', 'search.error.two'],
  ['10.2, 50', 'search.error.outside'],
  ['-108.9886, 11.5648', 'search.error.outside'],
  ['5803 12790', 'search.error.grid'],
  ['580361 99999999', 'search.error.grid'],
])('%s is refused with a reason', (text, error) => expect(parseCoordinates(text)).toEqual({ error }));
