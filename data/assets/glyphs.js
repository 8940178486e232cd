// Glyph ranges of a font as MapLibre reads them: protocol buffers with 24-pixel distance fields.

import { readFileSync, mkdirSync, writeFileSync } from 'node:fs';
import opentype from 'opentype.js';
import { BUFFER, box, field, flatten } from './sdf.js';

const SIZE = 24;
const BASELINE = 25; // rows from a glyph's top line (its ascender) to the baseline

const varint = (n) => {
    const out = [];
    for (n >>>= 0; n > 127; n >>>= 7) out.push((n & 127) | 128);
    return Buffer.from([...out, n]);
};
const number = (key, value) => Buffer.concat([varint(key << 3), varint(value)]);
const bytes = (key, value) => Buffer.concat([varint((key << 3) | 2), varint(value.length), value]);
const signed = (n) => (n << 1) ^ (n >> 31);

function glyph(font, code) {
    const shape = font.charToGlyph(String.fromCodePoint(code));
    const scale = SIZE / font.unitsPerEm;
    // Glyph paths have y upwards; flipped here, so that rows run down from the baseline.
    const commands = shape.path.commands.map((c) => ({ ...c, y: -c.y, y1: -c.y1, y2: -c.y2 }));
    const edges = flatten(commands, scale);
    const parts = [number(1, code)];
    let left = 0, top = 0, width = 0, height = 0;
    if (edges.length) {
        const [x1, y1, x2, y2] = box(edges).map(Math.round);
        [left, top, width, height] = [x1, -y1, x2 - x1, y2 - y1];
        if (width > 0 && height > 0) {
            parts.push(bytes(2, field(edges, x1 - BUFFER, y1 - BUFFER, width + 2 * BUFFER, height + 2 * BUFFER)));
        }
    }
    parts.push(number(3, Math.max(0, width)), number(4, Math.max(0, height)), number(5, signed(left)), number(6, signed(top - BASELINE)));
    parts.push(number(7, Math.round((shape.advanceWidth || 0) * scale)));
    return Buffer.concat(parts);
}

// `files`: the font's subsets, the first that has a letter gives it. Returns how many letters there are.
export function build(name, files, folder) {
    const fonts = files.map((file) => {
        const data = readFileSync(file);
        return opentype.parse(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
    });
    const source = new Map();
    for (const font of fonts) {
        for (const code of Object.keys(font.tables.cmap.glyphIndexMap).map(Number)) {
            if (code < 65536 && !source.has(code)) source.set(code, font);
        }
    }
    mkdirSync(folder, { recursive: true });
    for (let start = 0; start < 65536; start += 256) {
        const range = `${start}-${start + 255}`;
        const parts = [bytes(1, Buffer.from(name)), bytes(2, Buffer.from(range))];
        for (let code = start; code < start + 256; code++) {
            if (source.has(code)) parts.push(bytes(3, glyph(source.get(code), code)));
        }
        writeFileSync(`${folder}/${range}.pbf`, bytes(1, Buffer.concat(parts)));
    }
    return source.size;
}
