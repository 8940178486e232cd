type Child = Node | string | number | null | undefined | false;
type Listeners = { [E in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[E]) => void };

interface Props {
  on?: Listeners;
  /** CSS custom properties; colours of the data get into the page in no other way. */
  vars?: Record<`--${string}`, string>;
  [attribute: string]: unknown;
}

/**
 * An element with attributes, listeners and children. Texts always become text nodes: titles and attribute values
 * come from files of strangers and must never be read as HTML.
 */
export function h<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, props: Props = {}, ...children: Child[]): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  const { on = {}, vars = {}, ...attributes } = props;
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const [name, value] of Object.entries(vars)) element.style.setProperty(name, value);
  for (const [type, listener] of Object.entries(on)) element.addEventListener(type, listener as EventListener);
  element.append(
    ...children
      .filter((child) => child !== null && child !== undefined && child !== false)
      .map((child) => (child instanceof Node ? child : String(child))),
  );
  return element;
}

let last = 0;

/** An id for `aria-labelledby` and `for`. */
export function uid(prefix: string): string {
  last += 1;
  return `${prefix}-${last}`;
}

// Strokes on a 20 × 20 grid.
const ICONS = {
  layers: 'M10 3 2.5 7 10 11l7.5-4zM2.5 10.5l7.5 4 7.5-4M2.5 13.8l7.5 4 7.5-4',
  legend: 'M3 4h3v3H3zM9 5.5h8M3 8.5h3v3H3zM9 10h8M3 13h3v3H3zM9 14.5h8',
  area: 'M4 5l9-2 4 7-5 7-8-3zM4 5h.01M13 3h.01M17 10h.01M12 17h.01M4 14h.01',
  near: 'M10 10h.01M10 5.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10 2.2a7.8 7.8 0 1 1 0 15.6 7.8 7.8 0 0 1 0-15.6',
  search: 'M8.8 3.5a5.3 5.3 0 1 1 0 10.6 5.3 5.3 0 0 1 0-10.6M12.8 12.8 17 17',
  close: 'M5 5l10 10M15 5 5 15',
  more: 'M5 7.5l5 5 5-5',
  copy: 'M7 7h9v10H7zM4 13V3h9',
  check: 'M4 10.5l4 4 8-9',
  extent: 'M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4M7 7h6v6H7z',
  warning: 'M10 3 2 17h16zM10 8v4.5M10 14.8h.01',
  download: 'M10 3v10M6 9.5l4 4 4-4M3.5 17h13',
  undo: 'M7 4 3.5 7.5 7 11M4 7.5h8a4.5 4.5 0 0 1 0 9H8',
} as const;

export function icon(name: keyof typeof ICONS): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}
