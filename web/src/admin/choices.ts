import type { Found, Options, Reads, SourceLayer } from './api';

// What an administrator has chosen of a file, and the import that this asks for.

export type How = 'replace' | 'append' | 'upsert';

/** Of one layer of the file. */
export interface Own extends Reads {
  wanted: boolean;
  id: string;
  title: string;
  how: How;
  /** The field by which `upsert` knows its features. */
  key: string;
}

export interface Choices {
  /** By `keyOf`. */
  own: Map<string, Own>;
  /** The layer that is looked at. */
  shown: string;
  /** What is said of one layer's letters and place is said of the others too. */
  together: boolean;
  dropZ: boolean;
  dryRun: boolean;
  /** A planning package that does not conform is refused. */
  strict: boolean;
  /** What the ids of a planning package's layers begin with; what the plan is called, where its own boundary is not to say it. */
  plan: { id: string; title: string };
}

/** How the server knows a layer of the file: by its name, or with its path where two have the same. */
export function keyOf({ name, path }: SourceLayer, { layers }: Found): string {
  return layers.filter((one) => one.name === name).length > 1 ? `${path}:${name}` : name;
}

export function fresh(found: Found): Choices {
  const own = new Map<string, Own>();
  const ids = new Set<string>();
  for (const layer of found.layers) {
    let id = layer.id;
    for (let n = 2; ids.has(id); n += 1) id = `${layer.id.slice(0, 46)}_${n}`;
    ids.add(id);
    own.set(keyOf(layer, found), { wanted: true, id, title: layer.title ?? layer.name, how: 'replace', key: layer.fields[0]?.name ?? '' });
  }
  const [first] = own.keys();
  const plan = { id: found.package?.id ?? '', title: '' };
  return { own, shown: first ?? '', together: true, dropZ: false, dryRun: false, strict: false, plan };
}

/** Two layers that would get the same id; none, or the id. */
export function twice({ own }: Choices): string | undefined {
  const ids = [...own.values()].filter(({ wanted }) => wanted).map(({ id }) => id);
  return ids.find((id, at) => ids.indexOf(id) !== at);
}

/** Whether the server has to be told first how to read a layer's letters, or where it lies. */
export function asks(layer: SourceLayer, { encoding, srs }: Reads): 'text' | 'place' | undefined {
  if (layer.encoding.name === null && !encoding) return 'text';
  const lies = layer.geometry !== null || layer.raster !== undefined;
  return lies && layer.crs === null && layer.count !== 0 && !srs ? 'place' : undefined;
}

/** The layers that get what is chosen for `key`: those of which the same is asked, or else all. */
export function alike(found: Found, { together }: Choices, key: string, unsure: (layer: SourceLayer) => boolean): string[] {
  const asked = found.layers.find((one) => keyOf(one, found) === key);
  if (!together || !asked) return [key];
  return found.layers.filter((one) => one === asked || !unsure(asked) || unsure(one)).map((one) => keyOf(one, found));
}

export function optionsOf(found: Found, choices: Choices): Options {
  const wanted = [...choices.own].filter(([, { wanted: is }]) => is);
  const options: Options = {};
  if (wanted.length < found.layers.length) options.source_layers = wanted.map(([key]) => key);
  if (found.package) {
    options.layer = choices.plan.id;
    if (choices.plan.title) options.title = choices.plan.title;
    const read = wanted.map(([key, own]) => [key, readsOf(own)] as const).filter(([, reads]) => Object.keys(reads).length > 0);
    if (read.length > 0) options.each = Object.fromEntries(read);
  } else if (found.layers.length === 1) {
    for (const [, own] of wanted) Object.assign(options, saidOf(own));
  } else {
    options.each = Object.fromEntries(wanted.map(([key, own]) => [key, saidOf(own)]));
  }
  if (choices.dropZ) options.drop_z = true;
  if (choices.dryRun) options.dry_run = true;
  if (choices.strict && found.package) options.strict = true;
  return options;
}

function saidOf(own: Own): Options {
  const said: Options = { layer: own.id, title: own.title, ...readsOf(own) };
  if (own.how !== 'replace') said.how = own.how === 'upsert' ? { upsert: own.key } : 'append';
  return said;
}

/** Only what was chosen. */
export function readsOf({ encoding, srs, swap_xy }: Reads): Reads {
  return { ...(encoding && { encoding }), ...(srs && { srs }), ...(swap_xy && { swap_xy }) };
}

/** The id that the server gives a layer of this name. */
export function layerId(name: string): string {
  const plain = name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/đ/gi, 'd')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return (/^[a-z]/.test(plain) ? plain : `l_${plain}`).slice(0, 50).replace(/_+$/, '');
}
