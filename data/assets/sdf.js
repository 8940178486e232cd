// Signed distance fields of outlines: what MapLibre draws text and one-colour icons from.

export const BUFFER = 3; // pixels around the outline
const RADIUS = 8; // distance in pixels over which the value runs from 255 to 0
const CUTOFF = 0.25; // share of that which lies inside; the outline itself has the value 191

// Straight edges [x1, y1, x2, y2] of a path of commands {type, x, y, x1, y1, x2, y2} (M, L, Q, C, Z).
export function flatten(commands, scale = 1, dx = 0, dy = 0) {
    const edges = [];
    let x = 0, y = 0, startX = 0, startY = 0;
    const line = (nx, ny) => {
        if (nx !== x || ny !== y) edges.push([x, y, nx, ny]);
        x = nx;
        y = ny;
    };
    const place = (c, end = '') => [c[`x${end}`] * scale + dx, c[`y${end}`] * scale + dy];
    for (const c of commands) {
        if (c.type === 'Z') {
            line(startX, startY);
            continue;
        }
        const [ex, ey] = place(c);
        if (c.type === 'M') {
            line(startX, startY);
            [x, y, startX, startY] = [ex, ey, ex, ey];
        } else if (c.type === 'L') {
            line(ex, ey);
        } else {
            const from = [x, y];
            const [ax, ay] = place(c, '1');
            const [bx, by] = c.type === 'C' ? place(c, '2') : [];
            for (let i = 1; i <= 8; i++) {
                const t = i / 8, u = 1 - t;
                if (c.type === 'Q') line(u * u * from[0] + 2 * u * t * ax + t * t * ex, u * u * from[1] + 2 * u * t * ay + t * t * ey);
                else line(u ** 3 * from[0] + 3 * u * u * t * ax + 3 * u * t * t * bx + t ** 3 * ex, u ** 3 * from[1] + 3 * u * u * t * ay + 3 * u * t * t * by + t ** 3 * ey);
            }
        }
    }
    line(startX, startY);
    return edges;
}

// `width` × `height` values of the field whose first pixel has its corner at (left, top); y runs down.
export function field(edges, left, top, width, height) {
    const out = new Uint8Array(width * height);
    for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++) {
            const px = left + column + 0.5, py = top + row + 0.5;
            let least = Infinity, winding = 0;
            for (const [x1, y1, x2, y2] of edges) {
                const dx = x2 - x1, dy = y2 - y1;
                let t = ((px - x1) * dx + (py - y1) * dy) / (dx * dx + dy * dy);
                t = t < 0 ? 0 : t > 1 ? 1 : t;
                const ax = px - x1 - t * dx, ay = py - y1 - t * dy;
                const square = ax * ax + ay * ay;
                if (square < least) least = square;
                if (y1 > py !== y2 > py && px < x1 + ((py - y1) * dx) / dy) winding += y1 < y2 ? 1 : -1;
            }
            const distance = Math.sqrt(least) * (winding === 0 ? 1 : -1);
            out[row * width + column] = Math.max(0, Math.min(255, Math.round(255 - 255 * (distance / RADIUS + CUTOFF))));
        }
    }
    return out;
}

export function box(edges) {
    const at = [Infinity, Infinity, -Infinity, -Infinity];
    for (const [x1, y1, x2, y2] of edges) {
        at[0] = Math.min(at[0], x1, x2);
        at[1] = Math.min(at[1], y1, y2);
        at[2] = Math.max(at[2], x1, x2);
        at[3] = Math.max(at[3], y1, y2);
    }
    return at;
}
