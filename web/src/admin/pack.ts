// A shapefile is several files, and so is a picture with a world file; chosen together, they are packed into a zip without
// compression before they are sent.

const SHAPEFILE = ['shp', 'dbf', 'shx', 'prj', 'cpg', 'cst', 'qix', 'sbn', 'sbx'];
/** Pictures, and those of them that never say themselves where they lie. */
const PICTURES = ['tif', 'tiff', 'png', 'jpg', 'jpeg', 'jp2'];
const PLACELESS = ['png', 'jpg', 'jpeg'];
const BESIDE = ['tfw', 'tifw', 'pgw', 'pngw', 'jgw', 'jpgw', 'jpegw', 'j2w', 'wld', 'prj', 'xml', 'ovr'];

/** Why files are not sent as one: no one dataset; a shapefile without its parts; a picture without a place. */
export type Refused = 'several' | 'alone' | 'picture';

/** The files as one, or why they are not. */
export async function asOne(files: File[]): Promise<File | Refused> {
  const [first] = files;
  if (first && files.length === 1) {
    if (PLACELESS.includes(ending(first.name))) return 'picture';
    return ending(first.name) === 'shp' ? 'alone' : first;
  }
  // A zip of more would be of another kind, and a shapefile ends before.
  if (files.reduce((sum, { size }) => sum + size, 0) > 4_000_000_000) return 'several';
  const stems = new Set(files.map(({ name }) => stem(name)));
  const endings = files.map(({ name }) => ending(name));
  const only = (known: string[]) => endings.every((one) => known.includes(one));
  const picture = files.find(({ name }) => PICTURES.includes(ending(name)));
  if (stems.size !== 1 || !first) return 'several';
  if (picture && only([...PICTURES, ...BESIDE])) return packed(files, picture);
  if (!endings.includes('shp') || !only(SHAPEFILE)) return 'several';
  return endings.includes('dbf') && endings.includes('shx') ? packed(files, first) : 'alone';
}

/** A zip that is called after one of its files. */
async function packed(files: File[], after: File): Promise<File> {
  const name = `${after.name.replace(/\.[^.]*$/, '')}.zip`;
  return new File(await zip(files), name, { lastModified: Math.max(...files.map((file) => file.lastModified)) });
}

/** What the files of a dataset have in common: `a.tif`, `a.tfw`, `a.tif.aux.xml`, `a.tif.ovr`. */
function stem(name: string): string {
  return name
    .toLowerCase()
    .replace(/\.(aux\.xml|ovr)$/, '')
    .replace(/\.[^.]*$/, '');
}

function ending(name: string): string {
  return name.split('.').pop()?.toLowerCase() ?? '';
}

/** A zip of stored files (APPNOTE 4.3); names in UTF-8. */
async function zip(files: File[]): Promise<BlobPart[]> {
  const parts: BlobPart[] = [];
  const directory: BlobPart[] = [];
  let at = 0;
  let listed = 0;
  for (const file of files) {
    const name = new TextEncoder().encode(file.name);
    const facts = [20, 0x0800, 0, 0, 0x21] as const;
    const sizes = [await crc32(file), file.size, file.size] as const;
    const head = bytes([4, 0x04034b50], ...facts.map((n) => [2, n] as Sized), ...sizes.map((n) => [4, n] as Sized), [2, name.length], [2, 0]);
    parts.push(head, name, file);
    const entry = bytes(
      [4, 0x02014b50],
      [2, 20],
      ...facts.map((n) => [2, n] as Sized),
      ...sizes.map((n) => [4, n] as Sized),
      [2, name.length],
      [2, 0],
      [2, 0],
      [2, 0],
      [2, 0],
      [4, 0],
      [4, at],
    );
    directory.push(entry, name);
    listed += entry.length + name.length;
    at += head.length + name.length + file.size;
  }
  const n = files.length;
  return [...parts, ...directory, bytes([4, 0x06054b50], [2, 0], [2, 0], [2, n], [2, n], [4, listed], [4, at], [2, 0])];
}

/** How many bytes, and a number in them, the lowest first. */
type Sized = readonly [2 | 4, number];

function bytes(...values: Sized[]): Uint8Array<ArrayBuffer> {
  const out = new DataView(new ArrayBuffer(values.reduce((sum, [size]) => sum + size, 0)));
  let at = 0;
  for (const [size, value] of values) {
    if (size === 2) out.setUint16(at, value, true);
    else out.setUint32(at, value, true);
    at += size;
  }
  return new Uint8Array(out.buffer);
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

async function crc32(file: Blob): Promise<number> {
  let crc = 0xffffffff;
  const reader = file.stream().getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    for (const byte of part.value) crc = (TABLE[(crc ^ byte) & 255] as number) ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
