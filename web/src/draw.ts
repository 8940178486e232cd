import type { Position as Coordinate } from 'geojson';
import type { LngLat, Map, MapMouseEvent } from 'maplibre-gl';
import type { AreaBody } from './api';
import { Overlay } from './overlay';

interface Told {
  /** After every corner that came or went. */
  changed(corners: number): void;
  finished(polygon: AreaBody): void;
  cancelled(): void;
}

/** How near, in pixels, a click counts as the same place: the second click of a double-click, or the first corner. */
const SAME = 4;
const CLOSING = 10;

/** Drawing one polygon with mouse, finger or keys. */
export class Drawing {
  private corners: Coordinate[] = [];
  private cursor: Coordinate | null = null;
  private active = false;
  private readonly overlay: Overlay;

  constructor(
    private readonly map: Map,
    private readonly told: Told,
  ) {
    this.overlay = new Overlay(map, 'drawing', 'area');
  }

  start(): void {
    this.stop();
    this.active = true;
    this.corners = [];
    this.show();
    this.map.on('click', this.onClick);
    this.map.on('mousemove', this.onMove);
    this.map.on('dblclick', this.onDoubleClick);
    this.map.doubleClickZoom.disable();
    this.map.getCanvas().classList.add('drawing');
    this.map.getCanvas().focus();
    window.addEventListener('keydown', this.onKey);
    this.told.changed(0);
  }

  /** Shows a polygon that came from elsewhere. */
  set(ring: Coordinate[]): void {
    this.stop();
    this.overlay.show([{ type: 'Polygon', coordinates: [ring] }]);
  }

  add({ lng, lat }: LngLat): void {
    this.corners.push([lng, lat]);
    this.show();
    this.told.changed(this.corners.length);
  }

  undo(): void {
    this.corners.pop();
    this.show();
    this.told.changed(this.corners.length);
  }

  finish(): void {
    const first = this.corners[0];
    if (!first || this.corners.length < 3) return;
    const ring = [...this.corners, first];
    this.set(ring);
    this.told.finished({ type: 'Polygon', coordinates: [ring] });
  }

  cancel(): void {
    this.clear();
    this.told.cancelled();
  }

  clear(): void {
    this.stop();
    this.overlay.clear();
  }

  private stop(): void {
    if (!this.active) return;
    this.active = false;
    this.cursor = null;
    this.map.off('click', this.onClick);
    this.map.off('mousemove', this.onMove);
    this.map.off('dblclick', this.onDoubleClick);
    this.map.getCanvas().classList.remove('drawing');
    window.removeEventListener('keydown', this.onKey);
    // Not at once: the double-click that finished the drawing is still on its way to the zoom.
    setTimeout(() => this.active || this.map.doubleClickZoom.enable(), 300);
  }

  private readonly onClick = (event: MapMouseEvent): void => {
    const first = this.corners[0];
    const last = this.corners.at(-1);
    if (last && this.near(last, event, SAME)) return;
    if (first && this.corners.length >= 3 && this.near(first, event, CLOSING)) this.finish();
    else this.add(event.lngLat);
  };

  private readonly onMove = (event: MapMouseEvent): void => {
    this.cursor = event.lngLat.toArray();
    this.show();
  };

  private readonly onDoubleClick = (event: MapMouseEvent): void => {
    event.preventDefault();
    this.finish();
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const onControl = event.target instanceof HTMLElement && event.target.closest('button, input, a') !== null;
    if (event.key === 'Escape') this.cancel();
    else if (event.key === 'Enter' && !onControl) this.finish();
    else if (event.key === 'Backspace' && !onControl) this.undo();
    else if (event.key === 'z' && (event.ctrlKey || event.metaKey)) this.undo();
    else return;
    event.preventDefault();
  };

  private near(corner: Coordinate, event: MapMouseEvent, pixels: number): boolean {
    return this.map.project(corner as [number, number]).dist(event.point) <= pixels;
  }

  private show(): void {
    const open = this.cursor ? [...this.corners, this.cursor] : this.corners;
    const [first] = open;
    this.overlay.show([
      ...(first && open.length >= 3 ? [{ type: 'Polygon' as const, coordinates: [[...open, first]] }] : []),
      ...(open.length === 2 ? [{ type: 'LineString' as const, coordinates: open }] : []),
      ...this.corners.map((coordinates) => ({ type: 'Point' as const, coordinates })),
    ]);
  }
}
