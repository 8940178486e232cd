import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Pace } from '../src/live';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a thing that is wanted often is done at once, then at its pace, and the last wish is not lost', () => {
  const pace = new Pace(1000);
  const done: string[] = [];
  for (const wish of ['a', 'b', 'c']) pace.run('x', () => done.push(wish));
  pace.run('y', () => done.push('y'));
  expect(done).toEqual(['a', 'y']);
  vi.advanceTimersByTime(1000);
  expect(done).toEqual(['a', 'y', 'c']);
  vi.advanceTimersByTime(5000);
  pace.run('x', () => done.push('d'));
  expect(done).toEqual(['a', 'y', 'c', 'd']);
});
