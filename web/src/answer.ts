import type { AtAnswer, Feature } from './api';
import type { FeatureRef } from './state';

export type Found = AtAnswer['layers'];

/** The tolerance is there for points and lines; next to an area that holds the point, its neighbours are not “here”. */
export function withoutNeighbours(found: Found): Found {
  return found.map((layer) => {
    const held = layer.features.some((feature) => isArea(feature) && !feature.distance);
    return held ? { ...layer, features: layer.features.filter((feature) => !isArea(feature) || !feature.distance) } : layer;
  });
}

/** What a click most likely meant: the topmost feature that it touched (`touch` in metres), or else the nearest. */
export function meant(found: Found, touch: number): FeatureRef | null {
  let best: { ref: FeatureRef; distance: number } | null = null;
  for (const { layer, features } of found) {
    for (const feature of features) {
      const distance = (feature.distance ?? 0) <= touch ? 0 : (feature.distance ?? 0);
      if (!best || distance < best.distance) best = { ref: refOf(layer, feature), distance };
    }
  }
  return best?.ref ?? null;
}

export function refOf(layer: string, feature: Feature): FeatureRef {
  return { layer, id: String(feature.id) };
}

export function featureOf(found: Found, ref: FeatureRef | null): Feature | undefined {
  return found.find(({ layer }) => layer === ref?.layer)?.features.find(({ id }) => String(id) === ref?.id);
}

function isArea(feature: Feature): boolean {
  return feature.geometry?.type === 'Polygon' || feature.geometry?.type === 'MultiPolygon';
}
