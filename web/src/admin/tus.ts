import { ApiError } from '../api/client';
import { authorization, call } from './api';
import { root } from '../root';

// Uploads by tus 1.0.0: in pieces, and on from where the server is after anything that breaks.

const TUS = { 'tus-resumable': '1.0.0' };
const PIECE = 16 * 1024 * 1024;
/** Milliseconds between tries; the last is repeated. */
const PAUSES = [500, 1000, 2000, 5000, 10_000];

export interface Sending {
  /** How much is there, of how much. */
  told(offset: number, size: number): void;
  /** It goes on from what was sent before. */
  resumed(offset: number): void;
  /** The server cannot be reached. */
  waiting(): void;
  signal: AbortSignal;
}

/** Sends a file, or the rest of it; gives the upload's id. */
export async function send(file: Blob, name: string, mark: string, sending: Sending): Promise<string> {
  const { signal } = sending;
  let { path, offset } = (await known(mark, file.size)) ?? { path: await begin(file.size, name), offset: 0 };
  remember(mark, path);
  if (offset > 0) sending.resumed(offset);
  sending.told(offset, file.size);
  for (let tries = 0; offset < file.size; ) {
    signal.throwIfAborted();
    try {
      const piece = file.slice(offset, offset + PIECE);
      offset = await patch(path, offset, piece, (sent) => sending.told(offset + sent, file.size), signal);
      tries = 0;
      sending.told(offset, file.size);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ApiError && !isPassing(error)) throw error;
      sending.waiting();
      await new Promise((resolve) => setTimeout(resolve, PAUSES[Math.min(tries, PAUSES.length - 1)]));
      tries += 1;
      offset = (await offsetOf(path).catch((again: unknown) => {
        if (again instanceof ApiError && !isPassing(again)) throw again;
        return offset;
      })) as number;
    }
  }
  forget(mark);
  return path.split('/').pop() as string;
}

/** What a file is known by after a reload: browsers give no path. */
export function markOf(file: File): string {
  return `dothi.upload.${file.name}.${file.size}.${file.lastModified}`;
}

function isPassing(error: ApiError): boolean {
  const { status } = error.problem;
  return status === 0 || status === 409 || status === 423 || status >= 500;
}

async function begin(size: number, name: string): Promise<string> {
  const utf8 = Array.from(new TextEncoder().encode(name), (byte) => String.fromCharCode(byte)).join('');
  const headers = { ...TUS, 'upload-length': String(size), 'upload-metadata': `filename ${btoa(utf8)}` };
  const response = await call('/admin/uploads', { method: 'POST', headers });
  return new URL(response.headers.get('location') ?? '', location.href).pathname.slice(root.length);
}

async function offsetOf(path: string): Promise<number> {
  const response = await call(path, { method: 'HEAD', headers: TUS });
  return Number(response.headers.get('upload-offset'));
}

/** An upload of the same file that was begun before. */
async function known(mark: string, size: number): Promise<{ path: string; offset: number } | undefined> {
  const path = localStorage.getItem(mark);
  if (!path?.startsWith('/admin/uploads/')) return undefined;
  try {
    const offset = await offsetOf(path);
    return offset <= size ? { path, offset } : undefined;
  } catch (error) {
    if (error instanceof ApiError && error.problem.status === 404) return undefined;
    if (error instanceof ApiError && error.problem.status === 0) return undefined;
    // A HEAD has no body that would say more.
    if (error instanceof ApiError && error.kind === 'internal' && error.problem.status === 404) return undefined;
    throw error;
  }
}

function remember(mark: string, path: string): void {
  localStorage.setItem(mark, path);
}

function forget(mark: string): void {
  localStorage.removeItem(mark);
}

/** One piece; `fetch` does not tell how far it is. */
function patch(path: string, offset: number, piece: Blob, told: (sent: number) => void, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PATCH', root + path);
    const headers = { ...TUS, ...authorization(), 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset) };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener('progress', ({ loaded }) => told(loaded));
    const stop = () => request.abort();
    signal.addEventListener('abort', stop, { once: true });
    request.addEventListener('loadend', () => {
      signal.removeEventListener('abort', stop);
      const reached = Number(request.getResponseHeader('upload-offset'));
      if (request.status === 204 && reached > offset) resolve(reached);
      else reject(new ApiError(problemOf(request)));
    });
    request.send(piece);
  });
}

function problemOf(request: XMLHttpRequest) {
  const status = request.status;
  const otherwise = { type: status === 0 ? '/problems/unreachable' : '/problems/internal', title: request.statusText, status };
  try {
    return { ...otherwise, ...(JSON.parse(request.responseText) as object) };
  } catch {
    return otherwise;
  }
}
