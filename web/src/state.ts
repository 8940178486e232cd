import type { Position } from './api';
import type { Lang } from './locale';

export interface View {
  zoom: number;
  lat: number;
  lon: number;
}

/** A layer that is switched on, and how opaque it is drawn (0 to 1). */
export interface Shown {
  id: string;
  opacity: number;
}

export interface FeatureRef {
  layer: string;
  id: string;
}

export type Panel = 'layers' | 'legend' | 'here' | 'area' | 'near';

export interface State {
  /** `null` until the map has been placed. */
  view: View | null;
  /** `null`: as the catalog says. */
  layers: Shown[] | null;
  /** Layers of which everything that is wrong is shown. */
  issues: string[];
  lang: Lang;
  /** The point that was asked about. */
  at: Position | null;
  /** The feature that was picked among the answers. */
  feature: FeatureRef | null;
  /** The panels that are open; not part of the address. */
  panels: Panel[];
  /** While a polygon is being drawn a click is a corner and asks nothing. */
  drawing: boolean;
}

type Keys = readonly (keyof State)[];
type Listener = (state: Readonly<State>) => void;

/** The one thing all controls share. They never call each other: they set, and listen. */
export class Store {
  private readonly listeners = new Set<{ keys: Keys; run: Listener }>();

  constructor(private state: State) {}

  get(): Readonly<State> {
    return this.state;
  }

  /** Merges `patch` in and tells those who listen to a key whose value really became another. */
  set(patch: Partial<State>): void {
    const changed = (Object.keys(patch) as (keyof State)[]).filter((key) => !same(this.state[key], patch[key]));
    if (changed.length === 0) return;
    this.state = { ...this.state, ...patch };
    for (const listener of [...this.listeners]) {
      if (listener.keys.some((key) => changed.includes(key))) listener.run(this.state);
    }
  }

  /** Returns what ends the listening. */
  on(keys: Keys, run: Listener): () => void {
    const listener = { keys, run };
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

// The values are small and plain, so their text tells whether they are the same.
function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * The panels after `panel` is opened. On a narrow screen one sheet is open at a time; on a wide one the left side
 * (layers, legend) stays, and the right side holds one answer.
 */
export function open(panels: readonly Panel[], panel: Panel, narrow: boolean): Panel[] {
  if (narrow) return [panel];
  const left = panel === 'layers' || panel === 'legend';
  const kept = panels.filter((one) => one !== panel && (left || one === 'layers' || one === 'legend'));
  return [...kept, panel];
}

export function close(panels: readonly Panel[], panel: Panel): Panel[] {
  return panels.filter((one) => one !== panel);
}
