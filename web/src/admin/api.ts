import type { FeatureCollection } from 'geojson';
import { ApiError, isAbort } from '../api/client';
import type { Problem, Texts } from '../api/types';
import { root } from '../root';

// What docs/api.md says of /admin, in TypeScript. Everything goes with the key in a header, nothing by cookies.

export interface Upload {
  id: string;
  name: string;
  size: number;
  offset: number;
  whole: boolean;
  sha256: string | null;
  created: string;
  expires: string;
}

export interface Crs {
  srid: number | null;
  name: string;
  how: string;
}

export interface Candidate {
  srid: number;
  name: string;
  place: string;
  swap_xy: boolean;
  bounds: [number, number, number, number] | null;
  near: [string, number] | null;
}

export interface Reading {
  encoding: string;
  score: number;
  sample: string[];
}

export interface SourceField {
  name: string;
  title?: string;
  kind: string;
  samples: string[];
}

export interface Note {
  code: string;
  /** In English. */
  message: string;
  /** Reports of earlier versions have none. */
  message_vi?: string;
  count: number;
}

/** A raster, as its file has it and as it will be cut. */
export interface Picture {
  /** Pixels. */
  width: number;
  height: number;
  /** In the server's words: `RGB`, `palette of 12 colours`, … */
  bands: string;
  /** Metres on the ground across a pixel; 0 while nobody has said where it lies. */
  resolution: number;
  look: 'photo' | 'plan';
  zoom: number;
}

export interface Raster extends Picture {
  format: 'png' | 'webp';
  tiles: number;
  bytes: number;
}

export type Severity = 'error' | 'warning' | 'note';

/** Something in a planning package that is not as its circular has it. */
export interface Finding {
  severity: Severity;
  code: string;
  class?: string;
  field?: string;
  message: Texts;
  clause: Texts;
  count: number;
  examples?: { fid: number; value: string | null }[];
}

export interface Tally {
  errors: number;
  warnings: number;
  notes: number;
}

/** How a layer stands to its class of the circular. */
export interface Conformance extends Tally {
  circular: string;
  theme: string;
  dataset: string;
  class: string;
  title: Texts;
  conforms: boolean;
  fields: { name: string; title: string; state: 'present' | 'missing' | 'wrong_type' | 'too_short'; found: string | null }[];
  findings: Finding[];
}

export interface PlanClass extends Tally {
  theme: string;
  class: string;
  title: Texts;
  state: 'found' | 'empty' | 'missing';
  layer?: string;
  features?: number;
}

/** What a planning package holds of its circular, and what it lacks. */
export interface Plan extends Tally {
  id: string;
  title: string;
  circular: string;
  conforms: boolean;
  themes: { theme: string; title: Texts; found: boolean; classes: number; listed: number }[];
  classes: PlanClass[];
  findings: Finding[];
}

export interface SourceLayer {
  name: string;
  /** Where it is in the file: folders and file. */
  path: string;
  /** What the layer is called once it is in. */
  id: string;
  title: string | null;
  crs: Crs | null;
  crs_candidates?: Candidate[];
  geometry: { type: string } | null;
  raster?: Picture;
  fields: SourceField[];
  encoding: { name: string | null; how: string; candidates?: Reading[] };
  count: number | null;
  extent_lonlat: [number, number, number, number] | null;
  notes: Note[];
  /** Where it is a class of a planning package. */
  conformance?: Conformance;
}

export interface Found {
  driver: string;
  layers: SourceLayer[];
  notes: Note[];
  package?: Plan;
}

export type Question =
  | { ask: 'encoding'; layer: string; candidates: Reading[] }
  | { ask: 'srs'; layer: string; candidates: Candidate[] };

export interface Report {
  layer: string;
  title: string;
  edition: number;
  merged: { inserted: number; updated: number; unchanged: number } | null;
  dry_run: boolean;
  crs: Crs | null;
  srid: number | null;
  encoding: { name: string | null };
  read: number;
  imported: number;
  repaired: number;
  set_aside: number;
  bounds: [number, number, number, number] | null;
  notes: Note[];
  repairs: { fid: number; reason: string; reason_vi?: string }[];
  /** What is wrong in the layer, in numbers; none where there is no geometry. */
  quality?: Quality;
  raster?: Raster;
  conformance?: Conformance;
}

export interface Quality {
  /** m², before and after polygons were mended. */
  area: { before: number; after: number } | null;
  issues: Record<string, { count: number; atLeast?: boolean; area?: number; withinTolerance?: number; title?: Texts }>;
}

export type State = 'queued' | 'running' | 'asking' | 'done' | 'failed' | 'cancelled' | 'interrupted';

export interface Job {
  id: number;
  state: State;
  source: string;
  upload: string | null;
  who: string;
  progress: { step?: string; layer?: string | null; rows?: number; total?: number | null; layers?: number; done?: number };
  questions: Question[] | null;
  layers: string[];
  report?: Report[];
  package?: Plan;
  error: string | null;
  created: string;
  ended: string | null;
}

export interface Options {
  layer?: string;
  title?: string;
  source_layers?: string[];
  srs?: string | undefined;
  encoding?: string | undefined;
  how?: 'replace' | 'append' | { upsert: string };
  swap_xy?: boolean | undefined;
  drop_z?: boolean;
  dry_run?: boolean;
  strict?: boolean;
  /** What is said of single layers of the file. */
  each?: Record<string, Options>;
}

/** How a file, or a layer of it, is to be read. */
export interface Reads {
  srs?: string | undefined;
  encoding?: string | undefined;
  swap_xy?: boolean | undefined;
}

const KEY = 'dothi.key';

export const key = {
  get: () => sessionStorage.getItem(KEY),
  set: (value: string) => sessionStorage.setItem(KEY, value),
  clear: () => sessionStorage.removeItem(KEY),
};

export function authorization(): Record<string, string> {
  return { authorization: `Bearer ${key.get() ?? ''}` };
}

export async function call(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(root + path, { ...init, headers: { ...authorization(), ...(init.headers as Record<string, string>) } });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError({ type: '/problems/unreachable', title: 'unreachable', status: 0, detail: '' });
  }
  if (response.ok) return response;
  const status = response.status;
  const otherwise: Problem = {
    type: status >= 502 && status <= 504 ? '/problems/unavailable' : '/problems/internal',
    title: response.statusText,
    status,
    detail: `HTTP ${status}`,
  };
  const read = (await response.json().catch(() => ({}))) as Partial<Problem>;
  throw new ApiError(typeof read.type === 'string' ? { ...otherwise, ...read } : otherwise);
}

async function json<T>(path: string, init?: RequestInit): Promise<T> {
  return (await (await call(path, init)).json()) as T;
}

function post<T>(path: string, body: unknown): Promise<T> {
  return json(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
}

/** Asks until the file is read. */
async function seen<T>(path: string, signal: AbortSignal, waiting?: () => void): Promise<T> {
  for (;;) {
    const response = await call(path, { signal });
    if (response.status !== 202) return (await response.json()) as T;
    waiting?.();
  }
}

function query(values: Record<string, string | number | boolean | undefined>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== false);
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
}

export const uploads = () => json<{ uploads: Upload[]; largest: number }>('/admin/uploads');
export const upload = (id: string) => json<Upload>(`/admin/uploads/${id}`);
export const remove = (id: string) => call(`/admin/uploads/${id}`, { method: 'DELETE', headers: { 'tus-resumable': '1.0.0' } });
export const jobs = () => json<{ jobs: Job[] }>('/admin/jobs');
export const job = (id: number) => json<Job>(`/admin/jobs/${id}`);
export const create = (id: string, options: Options) => post<Job>('/admin/jobs', { upload: id, options });
export const answer = (id: number, said: Reads & { each?: Record<string, Reads> }) => post<Job>(`/admin/jobs/${id}/answer`, said);
export const cancel = (id: number) => post<Job>(`/admin/jobs/${id}/cancel`, {});

/** What is in a file; or only what is in one of its layers. */
export function layers(id: string, reads: Reads & { layer?: string }, signal: AbortSignal, waiting?: () => void): Promise<Found> {
  return seen(`/admin/uploads/${id}/layers?${query({ ...reads })}`, signal, waiting);
}

export function preview(id: string, layer: string, reads: Reads, signal: AbortSignal): Promise<FeatureCollection> {
  return seen(`/admin/uploads/${id}/preview?${query({ layer, ...reads })}`, signal);
}

export async function setAside(id: number, layer: string): Promise<Blob> {
  return (await call(`/admin/jobs/${id}/set-aside?${query({ layer })}`)).blob();
}

/** Tells the job whenever it is another, until it is over; a connection that breaks is opened again. */
export async function follow(id: number, told: (job: Job) => void, signal: AbortSignal): Promise<void> {
  for (;;) {
    let last: Job | undefined;
    try {
      const response = await call(`/admin/jobs/${id}/events`, { signal });
      const reader = (response.body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream()).getReader();
      let text = '';
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        text += part.value;
        const events = text.split('\n\n');
        text = events.pop() ?? '';
        for (const event of events) {
          const data = /^data: (.*)$/m.exec(event)?.[1];
          if (data) told((last = JSON.parse(data) as Job));
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.problem.status >= 400 && error.problem.status < 500) throw error;
    }
    if (last && isOver(last)) return;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    if (signal.aborted) return;
  }
}

export function isOver(job: Job): boolean {
  return ['done', 'failed', 'cancelled'].includes(job.state) || (job.state === 'interrupted' && job.ended !== null);
}
