import { expect, test } from 'vitest';
import { type Found, meant, withoutNeighbours } from '../src/answer';
import type { Feature } from '../src/api';

const area = (id: number, distance: number): Feature => ({ type: 'Feature', id, distance, geometry: { type: 'Polygon', coordinates: [] }, properties: {} });
const point = (id: number, distance: number): Feature => ({ type: 'Feature', id, distance, geometry: { type: 'Point', coordinates: [] }, properties: {} });
const found = (layers: Record<string, Feature[]>): Found => Object.entries(layers).map(([layer, features]) => ({ layer, title: layer, features, truncated: false }));
const ids = (answer: Found) => answer.map(({ features }) => features.map(({ id }) => id));

test('beside a parcel that holds the point its neighbours are left out, points and lines are not', () => {
  expect(ids(withoutNeighbours(found({ places: [point(1, 8)], parcels: [area(2, 0), area(3, 4)] })))).toEqual([[1], [2]]);
});

test('when no parcel holds the point, the ones beside it are shown', () => {
  expect(ids(withoutNeighbours(found({ parcels: [area(2, 3), area(3, 4)] })))).toEqual([[2, 3]]);
});

test('a click on a point means the point, a click beside it the parcel below', () => {
  const on = found({ places: [point(1, 2)], parcels: [area(2, 0)] });
  const beside = found({ places: [point(1, 20)], parcels: [area(2, 0)] });
  expect(meant(on, 4)).toEqual({ layer: 'places', id: '1' });
  expect(meant(beside, 4)).toEqual({ layer: 'parcels', id: '2' });
});

test('where nothing is touched the nearest is meant', () => {
  expect(meant(found({ places: [point(1, 30)], roads: [point(2, 12)] }), 4)).toEqual({ layer: 'roads', id: '2' });
  expect(meant([], 4)).toBeNull();
});
