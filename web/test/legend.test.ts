import { expect, test } from 'vitest';
import type { LandUseCode } from '../src/api';
import { LandUse, legendOf, UNKNOWN_COLOR } from '../src/landuse';
import { scaleOpacity, symbolsOf } from '../src/paint';

const code = (name: string, color: string | null, rank: number): LandUseCode => ({
  code: name,
  vi: `vi ${name}`,
  en: `en ${name}`,
  color,
  parent: null,
  rank,
});
const landUse = new LandUse([code('ODT', '#FFA0FF', 30), code('LUC', '#FFFC8C', 10), code('CLN', '#FFD2A0', 20), code('MCS', null, 40)]);

test('codes in the view come first, in the official order, each once', () => {
  const { present, rest } = legendOf(['ODT', 'LUC', 'ODT'], landUse);
  expect(present.map(({ value, color }) => [value, color])).toEqual([
    ['LUC', '#FFFC8C'],
    ['ODT', '#FFA0FF'],
  ]);
  expect(rest.map(({ value }) => value)).toEqual(['CLN', 'MCS']);
});

test('the first code of a combined label rules its colour, and the label stays whole', () => {
  const { present } = legendOf(['ODT+CLN'], landUse);
  expect(present[0]).toMatchObject({ value: 'ODT+CLN', color: '#FFA0FF' });
  expect(landUse.name('ODT+CLN', 'en')).toBe('en ODT + en CLN');
});

test('a label that is not official comes last and is grey', () => {
  const { present } = legendOf(['XYZ', '', 'ODT'], landUse);
  expect(present.map(({ value }) => value)).toEqual(['ODT', '', 'XYZ']);
  expect(present[2]).toMatchObject({ color: UNKNOWN_COLOR, official: undefined });
});

test('an official code without an official colour is grey but has its name', () => {
  expect(landUse.classOf('MCS').color).toBe(UNKNOWN_COLOR);
  expect(landUse.name('MCS', 'vi')).toBe('vi MCS');
});

test('the symbol of a plain layer is its colour, with its outline', () => {
  const layers = [
    { id: 'a/fill', type: 'fill', source: 'a', paint: { 'fill-color': '#2E8540' } },
    { id: 'a/outline', type: 'line', source: 'a', paint: { 'line-color': '#112233' } },
    { id: 'a/label', type: 'symbol', source: 'a' },
  ] as const;
  expect(symbolsOf([...layers])).toEqual([{ kind: 'fill', color: '#2E8540', outline: '#112233' }]);
});

test('a style that tells values apart gives a symbol for each and one for the rest', () => {
  const color = ['match', ['get', 'cap'], 'chinh', '#b0413e', ['phu', 'nhanh'], '#d98e04', '#777777'] as const;
  expect(symbolsOf([{ id: 'a/line', type: 'line', source: 'a', paint: { 'line-color': color as never } }])).toEqual([
    { kind: 'line', color: '#b0413e', value: 'chinh' },
    { kind: 'line', color: '#d98e04', value: 'phu, nhanh' },
    { kind: 'line', color: '#777777', value: null },
  ]);
});

test('a fainter opacity keeps an expression of the zoom outermost', () => {
  expect(scaleOpacity(undefined, 0.5)).toBe(0.5);
  expect(scaleOpacity(0.8, 0.5)).toBe(0.4);
  expect(scaleOpacity(['interpolate', ['linear'], ['zoom'], 10, 0.2, 14, 1], 0.5)).toEqual([
    'interpolate',
    ['linear'],
    ['zoom'],
    10,
    0.1,
    14,
    0.5,
  ]);
  expect(scaleOpacity(['step', ['zoom'], 0, 12, 1], 0.5)).toEqual(['step', ['zoom'], 0, 12, 0.5]);
  expect(scaleOpacity(['get', 'o'], 0.5)).toEqual(['*', ['get', 'o'], 0.5]);
});

test('a function of planned land has its own colour, before any code that its letters may spell', () => {
  const planned = new LandUse([code('ODT', '#FFA0FF', 30)], [{ vi: 'Nhóm nhà ở', en: 'Residential group', color: '#CC9900' }]);
  const { present } = legendOf(['NHÓM NHÀ Ở', 'ODT'], planned);
  expect(present.map(({ value, color }) => [value, color])).toEqual([
    ['ODT', '#FFA0FF'],
    ['NHÓM NHÀ Ở', '#CC9900'],
  ]);
  expect(planned.name('Nhóm nhà ở', 'en')).toBe('Residential group');
  expect(planned.name('Nhóm nhà ở', 'vi')).toBe('');
});
