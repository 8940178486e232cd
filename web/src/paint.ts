import type { LayerSpecification } from 'maplibre-gl';

/** Which properties say how opaque a style layer is. */
export const OPACITIES: Partial<Record<LayerSpecification['type'], readonly string[]>> = {
  fill: ['fill-opacity'],
  line: ['line-opacity'],
  circle: ['circle-opacity', 'circle-stroke-opacity'],
  symbol: ['text-opacity', 'icon-opacity'],
  raster: ['raster-opacity'],
  heatmap: ['heatmap-opacity'],
  'fill-extrusion': ['fill-extrusion-opacity'],
};

/**
 * A style's opacity, made fainter. An expression of the zoom must stay outermost in a style,
 * so the factor goes to its outputs and not around it.
 */
export function scaleOpacity(value: unknown, factor: number): unknown {
  if (value === undefined) return factor;
  if (factor === 1) return value;
  if (typeof value === 'number') return value * factor;
  if (!Array.isArray(value)) return value;
  const [operator] = value as unknown[];
  if (operator === 'interpolate') return value.map((part, place) => (place >= 4 && place % 2 === 0 ? scaleOpacity(part, factor) : part));
  if (operator === 'step') return value.map((part, place) => (place >= 2 && place % 2 === 0 ? scaleOpacity(part, factor) : part));
  return ['*', value, factor];
}

/** How a layer that has no official classes looks, for the legend. */
export interface Symbol {
  kind: 'fill' | 'line' | 'point' | 'raster';
  color: string;
  outline?: string;
  /** The value that is drawn so, where the style tells values apart; `null` is all others. */
  value?: string | null;
}

/** Reads the symbols out of the style layers of one layer. Labels and outlines are part of another symbol. */
export function symbolsOf(layers: readonly LayerSpecification[]): Symbol[] {
  for (const layer of layers) {
    if (layer.type === 'raster') return [{ kind: 'raster', color: '#8a97a0' }];
    if (layer.type === 'fill')
      return symbols('fill', layer.paint?.['fill-color'], outlineOf(layers) ?? literal(layer.paint?.['fill-outline-color']));
    if (layer.type === 'line' && !layer.id.endsWith('/outline')) return symbols('line', layer.paint?.['line-color']);
    if (layer.type === 'circle') return symbols('point', layer.paint?.['circle-color'], literal(layer.paint?.['circle-stroke-color']));
  }
  const outline = outlineOf(layers);
  if (outline) return [{ kind: 'line', color: outline }];
  return [];
}

function symbols(kind: Symbol['kind'], color: unknown, outline?: string): Symbol[] {
  const edge = outline === undefined ? {} : { outline };
  const simple = literal(color);
  if (simple !== undefined) return [{ kind, color: simple, ...edge }];
  if (!Array.isArray(color) || color[0] !== 'match') return [{ kind, color: lastText(color) ?? '#8a97a0', ...edge }];
  // ["match", input, label, output, label, output, …, fallback]
  const rows: Symbol[] = [];
  for (let place = 2; place + 1 < color.length; place += 2) {
    const output = lastText(color[place + 1]);
    if (output) rows.push({ kind, color: output, value: [color[place]].flat().join(', '), ...edge });
  }
  const fallback = lastText(color[color.length - 1]);
  if (fallback) rows.push({ kind, color: fallback, value: null, ...edge });
  return rows;
}

function outlineOf(layers: readonly LayerSpecification[]): string | undefined {
  const outline = layers.find((layer) => layer.type === 'line' && layer.id.endsWith('/outline'));
  return outline?.type === 'line' ? literal(outline.paint?.['line-color']) : undefined;
}

function literal(color: unknown): string | undefined {
  return typeof color === 'string' ? color : undefined;
}

/** The innermost last text of an expression: its fallback, or what it shows at the nearest zoom. */
function lastText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? lastText(value[value.length - 1]) : undefined;
}
