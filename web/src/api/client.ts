import type { Problem } from './types';
import { root } from '../root';

/** Why an answer did not come. `type` is stable and has a text in both languages; `detail` is the server's own words. */
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
    this.name = 'ApiError';
  }

  /** The last part of the problem type: `not-found`, `busy`, … */
  get kind(): string {
    return this.problem.type.split('/').pop() ?? 'internal';
  }
}

export interface Ask {
  signal?: AbortSignal;
  body?: unknown;
}

/** GETs (or POSTs, when there is a body) and reads JSON. Throws `ApiError`, or the AbortError of `signal`. */
export async function ask<T>(path: string, { signal, body }: Ask = {}): Promise<T> {
  const init: RequestInit = { headers: { accept: 'application/json' }, signal: signal ?? null };
  if (body !== undefined) {
    init.method = 'POST';
    init.headers = { accept: 'application/json', 'content-type': 'application/geo+json' };
    init.body = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await fetch(root + path, init);
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError({ type: '/problems/unreachable', title: 'unreachable', status: 0, detail: '' });
  }
  if (!response.ok) throw new ApiError(await readProblem(response));
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError({ type: '/problems/internal', title: 'not JSON', status: response.status, detail: `${path}: not JSON` });
  }
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** A proxy in front may answer with a page of its own, so a failure need not be problem+json. */
async function readProblem(response: Response): Promise<Problem> {
  const fallback: Problem = {
    type: response.status === 404 ? '/problems/not-found' : response.status === 503 ? '/problems/unavailable' : '/problems/internal',
    title: response.statusText,
    status: response.status,
    detail: `HTTP ${response.status}`,
  };
  try {
    const read = (await response.json()) as Partial<Problem>;
    return typeof read.type === 'string' ? { ...fallback, ...read } : fallback;
  } catch {
    return fallback;
  }
}
