import { isAbort } from '../api/client';
import * as api from './api';
import { type Choices, keyOf, readsOf } from './choices';
import type { Page } from './page';
import type { Preview } from './preview';
import { count } from './words';

export interface Known {
  upload: api.Upload;
  /** The file as it was found. */
  found: api.Found;
  choices: Choices;
}

/** The layer that is looked at: as it was found, as it reads with what was chosen, and on the map. */
export class Sight {
  /** Layers as they read with what was chosen, and what that was. */
  private readonly read = new Map<string, { as: string; layer: api.SourceLayer }>();
  private drawing = new AbortController();

  constructor(
    private readonly page: Page,
    private readonly preview: Preview,
    private readonly known: Known,
  ) {
    page.signal.addEventListener('abort', () => this.drawing.abort());
  }

  /** As it was found. */
  first(): api.SourceLayer | undefined {
    const { found, choices } = this.known;
    return found.layers.find((one) => keyOf(one, found) === choices.shown);
  }

  /** As it reads now. */
  layer(): api.SourceLayer | undefined {
    const read = this.read.get(this.known.choices.shown);
    return read && read.as === JSON.stringify(this.told()) ? read.layer : this.first();
  }

  /** Reads the layer anew where what was chosen changes what is told of it; whether it did. */
  async refresh(): Promise<boolean> {
    const { upload, choices } = this.known;
    const [key, reads] = [choices.shown, this.told()];
    const as = JSON.stringify(reads);
    if (as === '{}' || this.read.get(key)?.as === as) return false;
    try {
      const { layers } = await api.layers(upload.id, { layer: key, ...reads }, this.page.signal);
      const [layer] = layers;
      // How it stands to its class does not change with its letters; a layer alone is no package.
      if (layer) this.read.set(key, { as, layer: { ...this.first(), ...layer, ...(this.first()?.conformance && { conformance: this.first()?.conformance }) } as api.SourceLayer });
      return key === choices.shown;
    } catch (error) {
      // Drawing it fails in the same words, and says them.
      if (!isAbort(error)) console.warn('a layer cannot be read so', error);
      return false;
    }
  }

  /** What of the choices changes what is told of the layer: its letters; a raster's system, its pixels' size. */
  private told(): api.Reads {
    const { encoding, srs } = this.known.choices.own.get(this.known.choices.shown) ?? {};
    return readsOf(this.first()?.raster ? { srs } : { encoding });
  }

  /** The layer as it would lie; boxes where nobody has said where that is. */
  async draw(): Promise<void> {
    const { say } = this.page;
    const { upload, choices } = this.known;
    this.drawing.abort();
    this.drawing = new AbortController();
    const { signal } = this.drawing;
    const layer = this.first();
    const own = choices.own.get(choices.shown);
    if (!layer?.geometry && !layer?.raster) return this.preview.caption(layer ? say('preview.none') : '');
    const candidates = layer.crs_candidates ?? [];
    if (layer.crs === null && !own?.srs) {
      this.preview.boxes(candidates);
      return this.preview.caption(candidates.length > 0 ? say('preview.boxes') : '');
    }
    if (layer.raster) {
      // Its pixels are cut by the import; here is where they will lie.
      const bounds = this.layer()?.extent_lonlat ?? null;
      this.preview.box(bounds);
      return this.preview.caption(say(bounds ? 'preview.outline' : 'preview.nowhere'));
    }
    this.preview.caption(say('preview.loading'));
    try {
      // Where the letters are not sure yet, the likeliest are good enough to see the place.
      const encoding = own?.encoding ?? (layer.encoding.name === null ? layer.encoding.candidates?.[0]?.encoding : undefined);
      const all = await api.preview(upload.id, choices.shown, { ...readsOf(own ?? {}), encoding }, signal);
      this.preview.features(all);
      const [n, total] = [all.features.length, layer.count ?? all.features.length];
      this.preview.caption(
        n < total ? say('preview.some', { n: count(n, say.lang), total: count(total, say.lang) }) : say('preview.all', { n: count(n, say.lang) }),
      );
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      this.preview.features({ type: 'FeatureCollection', features: [] });
      this.preview.caption(error instanceof Error ? error.message : String(error));
    }
  }
}
