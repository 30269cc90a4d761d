// What lies where? The points of a map as typed arrays, in a grid, and shuffled.
const mapData = (function () {
  "use strict";
  const KINDS = { uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array };
  const CELLS = 64, SHIFT = 10; // 64 cells of 1024 places each way

  // Little-endian on both sides: no browser runs on anything else.
  function unpack(packed) {
    const text = atob(packed.data), bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return new KINDS[packed.kind](bytes.buffer);
  }

  function read(text) {
    const data = JSON.parse(text), codes = unpack(data.codes);
    return {
      classes: data.classes, codes, rows: unpack(data.rows), wrong: unpack(data.wrong),
      order: shuffled(codes.length),
      panels: data.panels.map((panel) => ({
        name: panel.name, facts: panel.facts,
        places: unpack(panel.places), distortion: unpack(panel.distortion),
      })),
    };
  }

  // Users' rows often stand class by class: a fixed shuffle, so that no class hides the others.
  function shuffled(n) {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1, seed = 1; i > 0; i--) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      const j = Math.floor((seed / 4294967296) * (i + 1)), kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
    return order;
  }

  // Points by cell, so that what is under the pointer is found without looking at all of them.
  function gridOf(places) {
    const n = places.length / 2, start = new Uint32Array(CELLS * CELLS + 1), items = new Uint32Array(n);
    const cell = (i) => (places[2 * i + 1] >> SHIFT) * CELLS + (places[2 * i] >> SHIFT);
    for (let i = 0; i < n; i++) start[cell(i) + 1]++;
    for (let c = 0; c < CELLS * CELLS; c++) start[c + 1] += start[c];
    const next = start.slice();
    for (let i = 0; i < n; i++) items[next[cell(i)]++] = i;
    return { start, items };
  }

  // Calls back with every point in the cells that touch a square around x, y (0 to 1).
  function around(grid, x, y, reach, each) {
    const cell = (v) => Math.min(CELLS - 1, Math.max(0, Math.floor(v * 65535) >> SHIFT));
    for (let row = cell(y - reach); row <= cell(y + reach); row++) {
      const from = grid.start[row * CELLS + cell(x - reach)];
      const to = grid.start[row * CELLS + cell(x + reach) + 1];
      for (let k = from; k < to; k++) each(grid.items[k]);
    }
  }

  // One point of each class, near its median: that of a class in two places lies in neither.
  function middles(places, codes, count) {
    const own = Array.from({ length: count }, () => []);
    codes.forEach((code, i) => own[code].push(i));
    return own.map(function (points) {
      const [x, y] = [0, 1].map(function (axis) {
        const values = points.map((i) => places[2 * i + axis]).sort((a, b) => a - b);
        return values[values.length >> 1];
      });
      const far = (i) => Math.abs(places[2 * i] - x) + Math.abs(places[2 * i + 1] - y);
      return points.reduce((best, i) => (best < 0 || far(i) < far(best) ? i : best), -1);
    });
  }

  return { read, gridOf, around, middles };
})();
