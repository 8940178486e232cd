import type { FeatureCollection, Geometry } from 'geojson';
import type { GeoJSONSource, LayerSpecification, Map } from 'maplibre-gl';

type Paint = 'selection' | 'drawing' | 'circle';

/** Blue and white are no official land-use colours, so what we draw is never taken for data. */
const BLUE = '#0b3fb5';
const WHITE = '#ffffff';
const NOTHING: FeatureCollection = { type: 'FeatureCollection', features: [] };

/** Shapes on top of the map: the picked feature, the polygon being drawn, the searched circle. */
export class Overlay {
  private readonly source: string;

  constructor(
    private readonly map: Map,
    private readonly paint: Paint,
    owner: string,
  ) {
    this.source = `${owner}/${paint}`;
    if (map.isStyleLoaded() === true) this.add();
    else map.once('style.load', () => this.add());
  }

  show(geometries: Geometry[]): void {
    this.wanted = { type: 'FeatureCollection', features: geometries.map((geometry) => ({ type: 'Feature', geometry, properties: {} })) };
    this.map.getSource<GeoJSONSource>(this.source)?.setData(this.wanted);
  }

  clear(): void {
    this.show([]);
  }

  // What was asked to be shown before the style had come.
  private wanted: FeatureCollection = NOTHING;

  private add(): void {
    if (this.map.getSource(this.source)) return;
    this.map.addSource(this.source, { type: 'geojson', data: this.wanted });
    for (const layer of layersOf(this.source, this.paint)) this.map.addLayer(layer);
  }
}

function layersOf(source: string, paint: Paint): LayerSpecification[] {
  const dash = paint === 'selection' ? {} : { 'line-dasharray': [2, 1.5] };
  const areas: LayerSpecification[] = [
    {
      id: `${source}/fill`,
      source,
      type: 'fill',
      filter: ['==', '$type', 'Polygon'],
      paint: { 'fill-color': BLUE, 'fill-opacity': paint === 'drawing' ? 0.1 : 0.06 },
    },
  ];
  const lines: LayerSpecification[] = [
    {
      id: `${source}/casing`,
      source,
      type: 'line',
      filter: ['!=', '$type', 'Point'],
      layout: { 'line-join': 'round' },
      paint: { 'line-color': WHITE, 'line-width': 6, 'line-opacity': 0.9 },
    },
    {
      id: `${source}/line`,
      source,
      type: 'line',
      filter: ['!=', '$type', 'Point'],
      layout: { 'line-join': 'round' },
      paint: { 'line-color': BLUE, 'line-width': 2.5, ...dash },
    },
  ];
  const points: LayerSpecification[] = [
    {
      id: `${source}/point`,
      source,
      type: 'circle',
      filter: ['==', '$type', 'Point'],
      paint: {
        'circle-radius': paint === 'drawing' ? 5 : 8,
        'circle-color': paint === 'drawing' ? WHITE : 'rgba(255, 255, 255, 0)',
        'circle-stroke-color': BLUE,
        'circle-stroke-width': 2.5,
      },
    },
  ];
  return [...areas, ...lines, ...points];
}
