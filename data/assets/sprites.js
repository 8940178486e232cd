// A sprite of one-colour icons as distance fields: the style gives them colour and halo.

import { readFileSync, readdirSync, mkdirSync, writeFileSync } from 'node:fs';
import { png } from './png.js';
import svgpath from 'svgpath';
import { BUFFER, field, flatten } from './sdf.js';

const DRAWN = 21; // pixels of an icon, without the buffer; Maki's own grid has 15
const COLUMNS = 16;

function edges(svg, scale) {
    const box = /viewBox="([\d.\s-]+)"/.exec(svg)[1].split(/\s+/).map(Number);
    const out = [];
    for (const [, d] of svg.matchAll(/\sd="([^"]+)"/g)) {
        const commands = [];
        let x = 0, y = 0;
        // Some icons have line breaks in their paths, written as XML character references.
        const path = svgpath(d.replace(/&#x[0-9A-F]+;/gi, ' '));
        if (path.err) throw new Error(path.err);
        path.abs().unshort().unarc().iterate(([type, ...n]) => {
            if (type === 'H') [type, n] = ['L', [n[0], y]];
            if (type === 'V') [type, n] = ['L', [x, n[0]]];
            if (type !== 'Z' && type !== 'z') [x, y] = n.slice(-2);
            if (type === 'C') commands.push({ type, x1: n[0], y1: n[1], x2: n[2], y2: n[3], x, y });
            else if (type === 'Q') commands.push({ type, x1: n[0], y1: n[1], x, y });
            else commands.push(type === 'Z' || type === 'z' ? { type: 'Z' } : { type, x, y });
            if (type === 'M') edges.start = [x, y];
            if (type === 'Z' || type === 'z') [x, y] = edges.start;
        });
        out.push(...flatten(commands, scale * (15 / box[2]), -box[0], -box[1]));
    }
    return out;
}

export function build(source, target) {
    const names = readdirSync(source).filter((f) => f.endsWith('.svg')).map((f) => f.slice(0, -4)).sort();
    mkdirSync(target.replace(/\/[^/]+$/, ''), { recursive: true });
    for (const ratio of [1, 2]) {
        const size = DRAWN * ratio + 2 * BUFFER;
        const width = COLUMNS * size, height = Math.ceil(names.length / COLUMNS) * size;
        const pixels = Buffer.alloc(width * height * 4);
        const index = {};
        names.forEach((name, n) => {
            const x = (n % COLUMNS) * size, y = Math.floor(n / COLUMNS) * size;
            const values = field(edges(readFileSync(`${source}/${name}.svg`, 'utf8'), (DRAWN * ratio) / 15), -BUFFER, -BUFFER, size, size);
            values.forEach((value, i) => (pixels[((y + Math.floor(i / size)) * width + x + (i % size)) * 4 + 3] = value));
            index[name] = { x, y, width: size, height: size, pixelRatio: ratio, sdf: true };
        });
        const file = ratio === 1 ? target : `${target}@${ratio}x`;
        writeFileSync(`${file}.png`, png(width, height, pixels));
        writeFileSync(`${file}.json`, JSON.stringify(index));
    }
    return names.length;
}
