import type { GridPosition, Position } from './api';
import type { Key } from './locale';

export type Parsed = { position: Position } | { grid: GridPosition } | { error: Extract<Key, `search.error.${string}`> };

// Mainland, both archipelagos and the sea between.
const LON = [102, 118] as const;
const LAT = [6, 24] as const;
// Metres of any VN-2000 zone. The two ranges hardly meet, so E and N are told apart whatever their order:
// Vietnamese surveyors write X for the northing and Y for the easting.
const EAST = [100_000, 900_000] as const;
const NORTH = [660_000, 2_700_000] as const;

/** Reads what people paste: `lon, lat`, `lat, lon`, degrees-minutes-seconds, or metres of VN-2000, in any order. */
export function parseCoordinates(text: string): Parsed {
  if (text.trim() === '') return { error: 'search.error.empty' };
  const numbers = /°/.test(text) ? sexagesimal(text) : decimals(text);
  const [a, b] = numbers;
  if (a === undefined || b === undefined || numbers.length !== 2) return { error: 'search.error.two' };
  if (Math.abs(a) > 1000 || Math.abs(b) > 1000) {
    if (within(a, EAST) && within(b, NORTH)) return { grid: { e: a, n: b } };
    if (within(b, EAST) && within(a, NORTH)) return { grid: { e: b, n: a } };
    return { error: 'search.error.grid' };
  }
  if (within(a, LON) && within(b, LAT)) return { position: { lon: a, lat: b } };
  if (within(b, LON) && within(a, LAT)) return { position: { lon: b, lat: a } };
  return { error: 'search.error.outside' };
}

function within(value: number, [least, most]: readonly [number, number]): boolean {
  return value >= least && value <= most;
}

/** `E 580361,4; N 1.279.032,3`: names before a number are dropped; a decimal comma and thousands are understood. */
function decimals(text: string): number[] {
  const bare = text.replace(/[\p{L}=:()[\]]+/gu, ' ').trim();
  let words = bare.split(/[;\s]+|,\s+|,$/).filter((word) => word !== '' && word !== ',');
  // `108.9886,11.5648`: one word, and its only comma stands between the two numbers.
  if (words.length === 1) words = bare.split(',');
  return words.map(decimal);
}

function decimal(word: string): number {
  const text = word.replace(/,$/, '');
  if (/^-?\d{1,3}(\.\d{3}){2,}(,\d+)?$/.test(text) || /^-?\d{1,3}\.\d{3},\d+$/.test(text))
    return Number(text.replaceAll('.', '').replace(',', '.'));
  if (/^-?\d{1,3}(,\d{3}){2,}(\.\d+)?$/.test(text) || /^-?\d{1,3},\d{3}\.\d+$/.test(text)) return Number(text.replaceAll(',', ''));
  return /^-?\d+([.,]\d+)?$/.test(text) ? Number(text.replace(',', '.')) : NaN;
}

/** `11°33'53.3"N 108°59'19"E`; B and Đ are the Vietnamese north and east. */
function sexagesimal(text: string): number[] {
  const one = /(\d+(?:[.,]\d+)?)\s*°\s*(?:(\d+(?:[.,]\d+)?)\s*['’′]\s*)?(?:(\d+(?:[.,]\d+)?)\s*(?:["”″]|''|’’)\s*)?/g;
  return [...text.matchAll(one)].map(([, ...parts]) =>
    parts.reduce((sum, part, place) => sum + Number((part ?? '0').replace(',', '.')) / 60 ** place, 0),
  );
}
