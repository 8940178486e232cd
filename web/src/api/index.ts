import type { StyleSpecification } from 'maplibre-gl';
import { ask } from './client';
import type { AreaAnswer, AreaBody, AtAnswer, Collections, Feature, GridPosition, Issues, LandUseCode, NearAnswer, PlanningFunction, Position } from './types';

export { ApiError, isAbort } from './client';
export { type Follow, followVersions } from './events';
export type * from './types';

// One function an address; the paths of docs/api.md are written here and nowhere else.

export const style = (signal?: AbortSignal) => ask<StyleSpecification>('/styles/default', pass(signal));

export const collections = (signal?: AbortSignal) => ask<Collections>('/ogc/collections', pass(signal));

export const landUse = (signal?: AbortSignal) => ask<LandUseCode[]>('/land-use', pass(signal));

export const planningFunctions = (signal?: AbortSignal) => ask<PlanningFunction[]>('/planning-functions', pass(signal));

export function item(layer: string, id: string, signal?: AbortSignal): Promise<Feature> {
  return ask(`/ogc/collections/${encodeURIComponent(layer)}/items/${encodeURIComponent(id)}`, pass(signal));
}

/** What is wrong in a layer, and where. */
export function issues(layer: string, signal?: AbortSignal): Promise<Issues> {
  return ask(`/ogc/collections/${encodeURIComponent(layer)}/quality/items?limit=10000`, pass(signal));
}

/** What is at a point, given in degrees or in the metres of EPSG:9217. `tolerance` in metres. */
export function at(
  where: Position | GridPosition,
  options: { layers?: string[]; tolerance?: number; limit?: number },
  signal?: AbortSignal,
): Promise<AtAnswer> {
  return ask(`/query/at?${query({ ...where, ...options })}`, pass(signal));
}

/** What lies within `distance` metres, nearest first. */
export function near(
  where: Position,
  options: { distance: number; layers?: string[]; limit?: number },
  signal?: AbortSignal,
): Promise<NearAnswer> {
  return ask(`/query/near?${query({ lon: where.lon, lat: where.lat, ...options })}`, pass(signal));
}

/** What a polygon cuts, class by class. */
export function area(polygon: AreaBody, layers: string[] | undefined, signal?: AbortSignal): Promise<AreaAnswer> {
  const parameters = query({ layers });
  return ask(`/query/area${parameters && `?${parameters}`}`, { ...pass(signal), body: polygon });
}

function pass(signal?: AbortSignal) {
  return signal ? { signal } : {};
}

function query(parameters: object): string {
  return Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${(Array.isArray(value) ? value : [value]).map((one) => encodeURIComponent(String(one))).join(',')}`)
    .join('&');
}
