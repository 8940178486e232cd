import type { Collection, GeometryKind } from './api';
import type { LandUse } from './landuse';
import { type Lang, type Speech, textOf } from './locale';
import type { Shown, State, Store } from './state';

/** What every control is given. */
export interface App {
  store: Store;
  catalog: Catalog;
  /** The words of the language that is on now. */
  say(): Speech;
}

export interface Group {
  title: string;
  layers: Collection[];
  /** The datasets of a plan that came in as a package. */
  parts: Group[];
}

/** The layers one can switch, in map order: the first is drawn on top. */
export class Catalog {
  readonly layers: readonly Collection[];
  private readonly byId: Map<string, Collection>;

  constructor(
    collections: readonly Collection[],
    readonly landUse: LandUse,
    drawn: ReadonlySet<string>,
  ) {
    // Tables without geometry are collections too, and so is what the base map draws as its land and coast.
    this.layers = collections.filter((one) => drawn.has(one.id)).sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
    this.byId = new Map(collections.map((one) => [one.id, one]));
  }

  get(id: string): Collection | undefined {
    return this.byId.get(id);
  }

  title(id: string, lang: Lang): string {
    const layer = this.get(id);
    return layer ? textOf(layer.titles, lang, layer.title) : id;
  }

  /** Groups in the order of their first layer. */
  groups(say: Speech): Group[] {
    const groups: Group[] = [];
    const within = (all: Group[], title: string): Group => {
      const known = all.find((one) => one.title === title);
      if (known) return known;
      const group = { title, layers: [], parts: [] };
      all.push(group);
      return group;
    };
    for (const layer of this.layers) {
      const title = textOf(layer.group, say.lang, say('layers.other'));
      // `Plan: dataset`; no dataset has a colon in its name.
      const colon = layer.package ? title.lastIndexOf(': ') : -1;
      const group = within(groups, colon < 0 ? title : title.slice(0, colon));
      (colon < 0 ? group : within(group.parts, title.slice(colon + 2))).layers.push(layer);
    }
    return groups;
  }

  /** The layers that are on: those of the address, or else those the catalog says. Unknown ids are left out. */
  shown(state: Pick<State, 'layers'>): Shown[] {
    const wanted = state.layers ?? this.layers.filter((one) => one.visible).map(({ id }) => ({ id, opacity: 1 }));
    return wanted.filter(({ id }) => this.layers.some((one) => one.id === id));
  }

  /** Of those the ones that are drawn at this zoom: what cannot be seen is not asked about by a click. */
  seenIds(state: Pick<State, 'layers' | 'view'>): string[] {
    const zoom = state.view?.zoom ?? 24;
    return this.shownIds(state).filter((id) => zoom >= (this.get(id)?.minZoom ?? 0));
  }

  shownIds(state: Pick<State, 'layers'>): string[] {
    return this.shown(state).map(({ id }) => id);
  }

  /** What the layer is called in a question about an area: the classified polygon layers, or else any polygon layer. */
  measurable(state: Pick<State, 'layers'>): string[] {
    const polygons = this.shownIds(state)
      .map((id) => this.get(id))
      .filter((one): one is Collection => one !== undefined && isAreal(one.geometry));
    const classified = polygons.filter((one) => one.classField);
    return (classified.length > 0 ? classified : polygons).map(({ id }) => id);
  }
}

/** The layers that are on after `id` is switched. The order of the address follows the order of switching. */
export function switched(shown: readonly Shown[], id: string, on: boolean): Shown[] {
  const others = shown.filter((one) => one.id !== id);
  return on ? [...others, { id, opacity: 1 }] : others;
}

export function faded(shown: readonly Shown[], id: string, opacity: number): Shown[] {
  return shown.map((one) => (one.id === id ? { id, opacity } : one));
}

function isAreal(geometry: GeometryKind): boolean {
  return geometry === 'polygon' || geometry === 'mixed';
}
