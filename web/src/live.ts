import type { Map, RasterTileSource } from 'maplibre-gl';
import { type Follow, followVersions } from './api';
import type { Catalog } from './catalog';

/** A layer that changes all the time is drawn anew this often, in milliseconds; a single change is drawn at once. */
const PACE = 1000;

/**
 * Keeps the picture as new as the data. While the page can be seen, the server says when a layer changes, and the tiles of
 * that layer are asked for again; those that are as before cost a 304.
 */
export function followChanges(map: Map, catalog: Catalog): void {
  const known = new globalThis.Map<string, string>();
  const paced = new Pace(PACE);
  const changed = (layer: string, version: string) => {
    // What was there when the page was loaded has been drawn from tiles that are no older.
    const before = known.get(layer) ?? `:${catalog.get(layer)?.version ?? ''}`;
    known.set(layer, version);
    if (before === version || (before.startsWith(':') && version.endsWith(before))) return;
    paced.run(layer, () => drawAnew(map, layer));
  };
  // MapLibre keeps what it cuts out of a tile by the tile's address. A fragment makes another address of it and is not sent.
  map.setTransformRequest((url, kind) => {
    const version = kind === 'Tile' ? known.get(/\/tiles\/([^/]+)\//.exec(url)?.[1] ?? '') : undefined;
    return { url: version ? `${url}#${version}` : url };
  });
  let following: Follow | undefined;
  // Browsers open few connections to one server, for all its pages together: one that is not looked at holds none.
  const look = () => {
    if (document.visibilityState === 'visible') following ??= followVersions(changed);
    else following = following?.end();
  };
  document.addEventListener('visibilitychange', look);
  look();
}

/** Another picture may reach deeper and lie elsewhere, which its description says; features are asked for tile by tile. */
function drawAnew(map: Map, layer: string): void {
  const source = map.getSource(layer);
  if (source?.type === 'raster') {
    const raster = source as RasterTileSource;
    raster.setUrl(raster.url);
  } else if (source) {
    map.refreshTiles(layer);
  }
}

/** Does a thing at once, and then not again for a while, however often it is wanted; the last wish is never lost. */
export class Pace {
  private readonly resting = new globalThis.Map<string, (() => void) | undefined>();

  constructor(private readonly rest: number) {}

  run(name: string, what: () => void): void {
    if (this.resting.has(name)) {
      this.resting.set(name, what);
      return;
    }
    this.resting.set(name, undefined);
    what();
    setTimeout(() => {
      const wanted = this.resting.get(name);
      this.resting.delete(name);
      if (wanted) this.run(name, wanted);
    }, this.rest);
  }
}
