import { expect, test } from 'vitest';
import { firstOf } from '../src/quality';

test('an issue is marked at the first position of whatever it is', () => {
  expect(firstOf([108.9, 11.5])).toEqual([108.9, 11.5]);
  expect(firstOf([[[[1, 2], [3, 4]]]])).toEqual([1, 2]);
  expect(firstOf(undefined)).toBeUndefined();
  expect(firstOf([])).toBeUndefined();
});
