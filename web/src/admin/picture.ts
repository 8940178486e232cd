import { distance } from '../format';
import type { Picture, Raster } from './api';
import { bytes, count, type Say } from './words';

/** What a raster is, as names and values. */
export function pictureFacts(picture: Picture, say: Say): [string, string][] {
  const { width, height, resolution, look, zoom } = picture;
  const facts: [string, string][] = [
    [say('raster.size'), say('raster.pixels', { width: count(width, say.lang), height: count(height, say.lang) })],
    [say('raster.bands'), bandsIn(picture.bands, say)],
    [say('raster.look'), say(`raster.look.${look}`)],
  ];
  // Without a place there is no ground to measure on.
  if (resolution > 0) {
    facts.splice(1, 0, [say('raster.resolution'), say('raster.per-pixel', { length: ground(resolution, say) })]);
    facts.push([say('raster.zooms'), `0–${zoom}`]);
  }
  return facts;
}

/** The same, and what has become of it. */
export function rasterFacts(raster: Raster, say: Say): [string, string][] {
  return [
    ...pictureFacts(raster, say),
    [say('raster.tiles'), say('raster.tiles-as', { n: count(raster.tiles, say.lang), format: raster.format.toUpperCase() })],
    [say('raster.disk'), bytes(raster.bytes, say.lang)],
  ];
}

/** The server says what the bands are in English; it has only these words. */
export function bandsIn(bands: string, say: Say): string {
  return bands
    .replace(/palette of (\d+) colours/, (_, n: string) => say('raster.palette', { n: count(Number(n), say.lang) }))
    .replace('gray', say('raster.gray'))
    .replace(' and transparency', `, ${say('raster.alpha')}`)
    .replace('a value for nothing', say('raster.nothing'))
    .replace('16 bits', say('raster.wide'));
}

/** In two figures, as it is known: on a sphere the ground is measured to half a percent. Centimetres below a metre. */
function ground(metres: number, say: Say): string {
  const length = Number(metres.toPrecision(2));
  return length < 1 ? `${count(Number((length * 100).toPrecision(2)), say.lang)} cm` : distance(length, say.lang);
}
