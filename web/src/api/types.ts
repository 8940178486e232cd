// What docs/api.md promises, in TypeScript. Written by hand until the types are generated from /ogc/api.
import type { Feature as GeoJsonFeature, FeatureCollection, Geometry, MultiPolygon, Polygon } from 'geojson';

/** A text in both languages; Vietnamese is the one that is always there. */
export interface Texts {
  vi: string;
  en?: string;
}

export type GeometryKind = 'point' | 'line' | 'polygon' | 'mixed' | 'raster' | 'none';

export interface Field {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean';
  title?: string;
  format?: 'date' | 'date-time' | 'time' | 'binary' | 'json';
  /** What the codes of a coded field mean. */
  codes?: { code: string; title: string }[];
}

/** A layer: an OGC collection document with the members the map reads. */
export interface Collection {
  id: string;
  title: string;
  description?: string;
  /** CRS84: west, south, east, north. */
  extent?: { spatial?: { bbox?: number[][] } };
  itemCount?: number;
  titles?: Texts;
  group?: Texts;
  /** Its place in a planning package. */
  package?: { id: string; theme?: string | null; dataset?: string | null; class?: string | null };
  geometry: GeometryKind;
  /** Of a picture: pixels of the source, and metres on the ground across one of them. */
  raster?: { width: number; height: number; resolution: number };
  fields?: Field[];
  /** The field that carries official land-use codes. */
  classField?: string;
  labelField?: string;
  illustrative?: boolean;
  attribution?: string;
  licence?: string;
  visible?: boolean;
  position?: number;
  minZoom?: number;
  maxZoom?: number;
  /** The number of the edition that is served. */
  edition?: number;
  version?: number;
  updated?: string;
}

export interface Collections {
  collections: Collection[];
}

/** One official land-use code. `color` is `#RRGGBB`. */
export interface LandUseCode {
  code: string;
  vi: string;
  en: string;
  color: string | null;
  parent: string | null;
  rank: number;
}

/** What planned land is for (Circular 16/2025/TT-BXD). */
export interface PlanningFunction {
  vi: string;
  en: string;
  color: string;
}

export type Properties = Record<string, unknown>;
export type Feature = GeoJsonFeature<Geometry | null, Properties | null> & { id?: string | number; distance?: number; layer?: string };

/** WGS 84 degrees. */
export interface Position {
  lon: number;
  lat: number;
}

/** Easting and northing, metres. */
export interface GridPosition {
  e: number;
  n: number;
}

export interface AtAnswer {
  point: Position & GridPosition & { crs: string };
  layers: { layer: string; title: string; titles?: Texts; features: Feature[]; truncated: boolean }[];
}

export type NearAnswer = Omit<FeatureCollection<Geometry, Properties | null>, 'features'> & { features: Feature[]; numberMatched?: number };

export interface AreaClass {
  value: string | number | boolean | null;
  title?: Texts | null;
  color?: string | null;
  /** Square metres. */
  area: number;
  /** Of the posted polygon, 0 to 1. */
  share: number;
  features: number;
}

export interface AreaLayer {
  layer: string;
  title: string;
  titles?: Texts;
  by?: string | null;
  covered: number;
  classes: AreaClass[];
}

export interface AreaAnswer {
  area: number;
  crs: string;
  layers: AreaLayer[];
}

export type AreaBody = Polygon | MultiPolygon;

/** Something that is wrong in a layer; the properties are those of docs/api.md. */
export type Issue = GeoJsonFeature<Geometry | null, Properties>;

export interface Issues {
  features: Issue[];
  numberMatched: number;
}

/** RFC 9457. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  parameter?: string;
  value?: string;
  instance?: string;
}
