// How is a map drawn, and what lies under the pointer? One canvas, its view, and its marks.
const mapPicture = (function () {
  "use strict";
  const COLOURS = 10, DISTORTED = 128, MARGIN = 0.94, FURTHEST = 64;
  const root = document.documentElement;

  // marks(): are distorted points hollow, are wrong ones crossed?
  return function (canvas, points, marks) {
    const { classes, codes, wrong, order } = points, n = codes.length, pen = canvas.getContext("2d");
    const few = classes.length <= COLOURS;
    const map = { panel: points.panels[0], found: null, chosen: -1, zoom: 1, wide: 0, tall: 0, printing: false };
    let middle = { x: 0.5, y: 0.5 }, ink = {}, sprites = new Map(), dense = 1, waiting = false;

    // ---- where things are

    const scale = () => Math.min(map.wide, map.tall) * MARGIN * map.zoom;
    const across = (i) => map.wide / 2 + (map.panel.places[2 * i] / 65535 - middle.x) * scale();
    const down = (i) => map.tall / 2 - (map.panel.places[2 * i + 1] / 65535 - middle.y) * scale();
    const radius = () => Math.min(7, Math.max(1.4, Math.min(3.2, 150 / Math.sqrt(n))) * map.zoom ** 0.4);

    function inView(i, edge) {
      const x = across(i), y = down(i);
      return x > edge && y > edge && x < map.wide - edge && y < map.tall - edge;
    }

    function shift(dx, dy) { // in pixels of the screen
      middle = {
        x: Math.min(1, Math.max(0, middle.x + dx / scale())),
        y: Math.min(1, Math.max(0, middle.y - dy / scale())),
      };
      soon();
    }

    function zoomTo(zoom, x, y) { // what lies at x, y stays there
      const before = scale();
      map.zoom = Math.min(FURTHEST, Math.max(1, zoom));
      const grown = scale() / before - 1;
      shift((x - map.wide / 2) * grown, (y - map.tall / 2) * grown);
      if (map.zoom === 1) middle = { x: 0.5, y: 0.5 };
    }

    function nearest(x, y, reach) {
      map.panel.grid = map.panel.grid || mapData.gridOf(map.panel.places);
      const px = (x - map.wide / 2) / scale() + middle.x, py = (map.tall / 2 - y) / scale() + middle.y;
      let best = -1, least = reach * reach;
      mapData.around(map.panel.grid, px, py, reach / scale(), function (i) {
        const far = (across(i) - x) ** 2 + (down(i) - y) ** 2;
        if (far <= least) { least = far; best = i; }
      });
      return best;
    }

    function inDirection(dx, dy) {
      const first = map.chosen < 0; // the first key takes the point nearest to the middle
      const x0 = first ? map.wide / 2 : across(map.chosen), y0 = first ? map.tall / 2 : down(map.chosen);
      let best = -1, least = Infinity;
      for (let i = 0; i < n; i++) {
        const x = across(i) - x0, y = down(i) - y0;
        const ahead = x * dx + y * dy, aside = Math.abs(x * dy) + Math.abs(y * dx);
        if (!first && (ahead < 4 || aside > ahead)) continue;
        const cost = first ? x * x + y * y : ahead + 2 * aside;
        if (cost < least) { least = cost; best = i; }
      }
      return best;
    }

    // ---- drawing

    function colours() {
      const kept = root.dataset.theme;
      if (map.printing) root.dataset.theme = "light"; // paper has no dark
      const style = getComputedStyle(root), value = (name) => style.getPropertyValue("--" + name).trim();
      ink = { ink: value("ink"), quiet: value("map-quiet"), surface: value("surface") };
      ink.classes = Array.from({ length: COLOURS }, (_, i) => value("class-" + i));
      ink.font = "600 13px " + getComputedStyle(document.body).fontFamily;
      if (map.printing && kept === undefined) delete root.dataset.theme;
      else if (map.printing) root.dataset.theme = kept;
    }

    function measure() {
      map.wide = canvas.clientWidth;
      map.tall = canvas.clientHeight;
      if (!map.wide) return; // folded away: nothing to draw on
      dense = Math.max(devicePixelRatio || 1, map.printing ? 2 : 1);
      canvas.width = Math.round(map.wide * dense);
      canvas.height = Math.round(map.tall * dense);
      draw();
    }

    // Thousands of dots are copies of a few pictures, which is many times faster than as many arcs.
    function sprite(colour, hollow, r) {
      const key = colour + hollow;
      if (!sprites.has(key)) {
        const made = document.createElement("canvas"), brush = made.getContext("2d");
        made.width = made.height = Math.ceil(2 * (r + 1.5) * dense);
        brush.arc(made.width / 2, made.width / 2, (hollow ? r - 0.2 : r) * dense, 0, 7);
        brush.fillStyle = brush.strokeStyle = colour;
        brush.lineWidth = Math.max(0.8, 0.35 * r) * dense;
        if (hollow) brush.stroke();
        else brush.fill();
        sprites.set(key, made);
      }
      return sprites.get(key);
    }

    function dots(known, r, hollow) {
      sprites = new Map();
      for (const i of order) {
        if ((!map.found || map.found.has(codes[i])) !== known || !inView(i, -9)) continue;
        const colour = known ? ink.classes[codes[i] % COLOURS] : ink.quiet;
        const dot = sprite(colour, hollow && map.panel.distortion[i] >= DISTORTED, r), half = dot.width / 2;
        pen.drawImage(dot, Math.round(across(i) * dense - half), Math.round(down(i) * dense - half));
      }
    }

    function crosses(r) {
      const a = r + 0.8, lines = new Path2D();
      for (let i = 0; i < n; i++) {
        if (!wrong[i] || !inView(i, -9) || (map.found && !map.found.has(codes[i]))) continue;
        const x = across(i), y = down(i);
        lines.moveTo(x - a, y - a);
        lines.lineTo(x + a, y + a);
        lines.moveTo(x - a, y + a);
        lines.lineTo(x + a, y - a);
      }
      for (const [colour, width] of [[ink.surface, 1.4], [ink.ink, 0]]) { // a rim sets them off dark dots
        pen.strokeStyle = colour;
        pen.lineWidth = Math.max(1.2, 0.4 * r) + width;
        pen.stroke(lines);
      }
    }

    function names() {
      const taken = [];
      map.panel.middles = map.panel.middles || mapData.middles(map.panel.places, codes, classes.length);
      Object.assign(pen, { font: ink.font, textAlign: "center", textBaseline: "middle", lineJoin: "round" });
      map.panel.middles.forEach(function (i, code) {
        if (i < 0 || !inView(i, 0) || (map.found && !map.found.has(code))) return;
        const name = classes[code], words = name.length > 18 ? name.slice(0, 17) + "…" : name;
        const half = pen.measureText(words).width / 2 + 3, y = down(i);
        const x = Math.min(map.wide - half, Math.max(half, across(i)));
        if (taken.some((t) => Math.abs(t.x - x) < t.half + half && Math.abs(t.y - y) < 17)) return;
        taken.push({ x, y, half });
        pen.strokeStyle = ink.surface;
        pen.lineWidth = 4;
        pen.strokeText(words, x, y);
        pen.fillStyle = ink.ink;
        pen.fillText(words, x, y);
      });
    }

    function draw() {
      waiting = false;
      const r = radius(), { hollow, crossed } = marks();
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.clearRect(0, 0, canvas.width, canvas.height);
      if (map.found) dots(false, r, hollow);
      dots(true, map.found ? r * 1.25 : r, hollow);
      pen.scale(dense, dense);
      if (crossed) crosses(r);
      if (few) names();
      if (map.chosen < 0) return;
      pen.beginPath();
      pen.arc(across(map.chosen), down(map.chosen), r + 4, 0, 7);
      pen.strokeStyle = ink.ink;
      pen.lineWidth = 2;
      pen.stroke();
    }

    function soon() {
      if (!waiting) requestAnimationFrame(draw);
      waiting = true;
    }

    function repaint() {
      colours();
      measure();
    }

    new ResizeObserver(measure).observe(canvas);
    const onScreen = () => { if (!map.printing) repaint(); };
    new MutationObserver(onScreen).observe(root, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onScreen);
    matchMedia("print").addEventListener("change", onScreen);
    addEventListener("beforeprint", function () { map.printing = true; repaint(); });
    addEventListener("afterprint", function () { map.printing = false; repaint(); });
    repaint();

    const distorted = () => map.panel.distortion.reduce((sum, value) => sum + (value >= DISTORTED), 0);
    return Object.assign(map, { across, down, inView, shift, zoomTo, nearest, inDirection, soon, distorted });
  };
})();
