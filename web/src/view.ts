import type { Geometry } from 'geojson';
import { LngLatBounds, type Map, Point } from 'maplibre-gl';
import type { Position } from './api';

// The map lies under the panels. What matters should be brought to where it can be seen.

/** As in the style sheets: below this width panels are sheets. */
export const NARROW = '(max-width: 1100px)';

export function isNarrow(): boolean {
  return window.matchMedia(NARROW).matches;
}

export interface Insets {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

/** How far header and panels reach over the map, in pixels from each edge. They mark themselves with `data-covers`. */
export function insets(map: Map): Insets {
  const whole = map.getContainer().getBoundingClientRect();
  const covered: Insets = { top: 0, right: 0, bottom: 0, left: 0 };
  for (const element of document.querySelectorAll<HTMLElement>('[data-covers]')) {
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    const side = sideOf(box, whole);
    if (side === 'top') covered.top = Math.max(covered.top, box.bottom - whole.top);
    if (side === 'bottom') covered.bottom = Math.max(covered.bottom, whole.bottom - box.top);
    if (side === 'left') covered.left = Math.max(covered.left, box.right - whole.left);
    if (side === 'right') covered.right = Math.max(covered.right, whole.right - box.left);
  }
  return covered;
}

function sideOf(box: DOMRect, whole: DOMRect): keyof Insets {
  // A bar or a strip lies along an edge even if it is short; a sheet is as wide as the screen.
  const band = box.height < 130 || box.width > whole.width * 0.6;
  if (band) return box.top - whole.top < whole.height / 4 ? 'top' : 'bottom';
  return (box.left + box.right) / 2 < whole.left + whole.width / 2 ? 'left' : 'right';
}

/** Shows all of a box, beside the panels. */
export function fit(map: Map, [west, south, east, north]: number[], { maxZoom = 18, animate = true } = {}): void {
  if (west === undefined || south === undefined || east === undefined || north === undefined) return;
  const bounds = new LngLatBounds([west, south], [east, north]);
  const camera = map.cameraForBounds(bounds, { padding: withMargin(insets(map), 40), maxZoom });
  // Not `fitBounds`: it would keep the padding, and the address would then name another centre than the screen has.
  if (camera) map.flyTo({ ...camera, padding: none(), duration: 700, animate });
}

/** Flies to a point, and puts it in the middle of what the panels leave free. */
export function goTo(map: Map, { lon, lat }: Position, zoom: number): void {
  map.flyTo({ center: [lon, lat], zoom, offset: freeMiddle(map), duration: 900 });
}

/** Moves the map only if a point is hidden. */
export function reveal(map: Map, { lon, lat }: Position): void {
  const point = map.project([lon, lat]);
  const { top, right, bottom, left } = withMargin(insets(map), 24);
  const { width, height } = map.getContainer().getBoundingClientRect();
  if (point.x >= left && point.x <= width - right && point.y >= top && point.y <= height - bottom) return;
  map.easeTo({ center: [lon, lat], offset: freeMiddle(map), duration: 400 });
}

/** West, south, east, north of a geometry. */
export function boundsOf(geometry: Geometry): number[] {
  const box = [Infinity, Infinity, -Infinity, -Infinity] as [number, number, number, number];
  const walk = (part: unknown): void => {
    if (!Array.isArray(part)) return;
    const [x, y] = part as unknown[];
    if (typeof x !== 'number' || typeof y !== 'number') return part.forEach(walk);
    box.splice(0, 4, Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x), Math.max(box[3], y));
  };
  if (geometry.type === 'GeometryCollection') geometry.geometries.forEach((one) => walk('coordinates' in one && one.coordinates));
  else walk(geometry.coordinates);
  return box;
}

/** Whether all of a geometry can be seen. */
export function inView(map: Map, geometry: Geometry): boolean {
  const [west = 0, south = 0, east = 0, north = 0] = boundsOf(geometry);
  const bounds = map.getBounds();
  return bounds.contains([west, south]) && bounds.contains([east, north]);
}

/** The corners of what can be seen, as a ring. */
export function freeRing(map: Map): [number, number][] {
  const { top, right, bottom, left } = insets(map);
  const { width, height } = map.getContainer().getBoundingClientRect();
  const corners = [
    [left, height - bottom],
    [width - right, height - bottom],
    [width - right, top],
    [left, top],
    [left, height - bottom],
  ] as const;
  return corners.map(([x, y]) => map.unproject(new Point(x, y)).toArray());
}

/** Metres on the ground that one pixel covers; tiles of MapLibre are 512 pixels wide. */
export function metresPerPixel(zoom: number, lat: number): number {
  return (40_075_016.686 * Math.cos((lat * Math.PI) / 180)) / (512 * 2 ** zoom);
}

function freeMiddle(map: Map): [number, number] {
  const { top, right, bottom, left } = insets(map);
  return [(left - right) / 2, (top - bottom) / 2];
}

function withMargin({ top, right, bottom, left }: Insets, margin: number): Insets {
  return { top: top + margin, right: right + margin, bottom: bottom + margin, left: left + margin };
}

function none(): Insets {
  return { top: 0, right: 0, bottom: 0, left: 0 };
}
