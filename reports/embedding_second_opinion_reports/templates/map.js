// What does a reader do with a map? Point, move, enlarge, search, choose: by mouse, finger and keyboard.
(function () {
  "use strict";
  const whole = new Intl.NumberFormat("en");

  function start(home) {
    const part = (name) => home.querySelector(".map-" + name);
    const points = mapData.read(document.getElementById(home.dataset.points).textContent);
    const { classes, codes, rows, wrong, panels } = points;
    const canvas = home.querySelector("canvas"), tip = part("tip"), search = part("search");
    home.hidden = false; // before the picture measures itself
    const map = mapPicture(canvas, points, () => ({
      hollow: part("distorted").checked, crossed: part("wrong").checked,
    }));
    const say = (text) => { part("said").textContent = text; };

    // ---- one point

    function words(i) {
      return [
        classes[codes[i]],
        "row " + whole.format(rows[i]),
        "nearest enrolled row: " + (wrong[i] ? "✗ another class" : "its own class"),
        Math.round(map.panel.distortion[i] / 2.55) + " % of its neighbours here are false",
      ];
    }

    function choose(i, aloud) {
      map.chosen = i;
      map.soon();
      tip.hidden = i < 0;
      if (i < 0) return;
      tip.replaceChildren(...words(i).map(function (text, line) {
        const made = document.createElement(line ? "span" : "strong");
        made.dir = "auto";
        made.textContent = text;
        return made;
      }));
      const x = map.across(i), y = map.down(i), w = tip.offsetWidth, h = tip.offsetHeight;
      tip.style.left = Math.max(2, x + 14 + w > map.wide ? x - 14 - w : x + 14) + "px";
      tip.style.top = Math.max(2, Math.min(map.tall - h - 2, y - h / 2)) + "px";
      if (aloud) say(words(i).join(", "));
    }

    // ---- moving

    function moved() {
      home.dataset.zoom = map.zoom.toFixed(2);
      canvas.style.touchAction = map.zoom > 1 ? "none" : "pan-y"; // over a whole map a finger scrolls the page
      choose(map.chosen >= 0 && map.inView(map.chosen, 0) ? map.chosen : -1);
    }

    function zoomBy(factor) {
      const held = map.chosen >= 0 && map.inView(map.chosen, 0);
      map.zoomTo(map.zoom * factor, held ? map.across(map.chosen) : map.wide / 2, held ? map.down(map.chosen) : map.tall / 2);
      moved();
      say("Enlarged " + map.zoom.toFixed(1) + " times");
    }

    function step(dx, dy) {
      const next = map.inDirection(dx, dy);
      if (next < 0) return say("No point further this way");
      if (!map.inView(next, 8)) map.shift(map.across(next) - map.wide / 2, map.down(next) - map.tall / 2);
      choose(next, true);
    }

    const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const ZOOMS = { "+": 1.5, "=": 1.5, "-": 1 / 1.5, 0: 0 };
    canvas.addEventListener("keydown", function (event) {
      const arrow = ARROWS[event.key], zoom = ZOOMS[event.key];
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (arrow && event.shiftKey) {
        map.shift((arrow[0] * map.wide) / 6, (arrow[1] * map.tall) / 6);
        moved();
      } else if (arrow) step(arrow[0], arrow[1]);
      else if (zoom !== undefined) zoomBy(zoom);
      else if (event.key === "Escape") { choose(-1); find(""); }
      else if (event.key === "Enter" && map.chosen >= 0) find(classes[codes[map.chosen]]);
      else return;
      event.preventDefault();
    });
    canvas.addEventListener("blur", () => choose(-1));

    canvas.addEventListener("wheel", function (event) {
      // A wheel over a map that nobody chose scrolls the page.
      if (document.activeElement !== canvas && !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      map.zoomTo(map.zoom * Math.exp(-event.deltaY / (event.deltaMode ? 12 : 400)), event.offsetX, event.offsetY);
      moved();
    }, { passive: false });

    const held = new Map(); // pointers that are down
    function between() {
      const [a, b] = [...held.values()];
      return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: Math.hypot(a.x - b.x, a.y - b.y) || 1 };
    }
    canvas.addEventListener("pointerdown", function (event) {
      canvas.setPointerCapture(event.pointerId);
      held.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
      if (event.pointerType === "touch") choose(map.nearest(event.offsetX, event.offsetY, 18), true);
    });
    canvas.addEventListener("pointermove", function (event) {
      const last = held.get(event.pointerId), now = { x: event.offsetX, y: event.offsetY };
      if (!last) choose(map.nearest(now.x, now.y, 10));
      else if (held.size === 2) {
        const before = between();
        held.set(event.pointerId, now);
        const after = between();
        map.zoomTo((map.zoom * after.apart) / before.apart, before.x, before.y);
        map.shift(before.x - after.x, before.y - after.y);
        moved();
      } else if (map.zoom > 1 && Math.hypot(now.x - last.x, now.y - last.y) > 2) {
        held.set(event.pointerId, now);
        map.shift(last.x - now.x, last.y - now.y);
        moved();
      }
    });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, (event) => held.delete(event.pointerId));
    }
    canvas.addEventListener("pointerleave", function (event) {
      if (document.activeElement !== canvas && event.pointerType !== "touch") choose(-1);
    });
    canvas.addEventListener("dblclick", function () {
      if (map.chosen >= 0) find(classes[codes[map.chosen]]);
    });

    // ---- classes and maps

    function suggest(sought) {
      const fits = classes.filter((name) => name.toLowerCase().includes(sought)).slice(0, 50);
      home.querySelector("datalist").replaceChildren(...fits.map((name) => new Option("", name)));
    }

    function find(text) {
      if (search.value !== text) search.value = text;
      const sought = text.trim().toLowerCase(), lower = classes.map((name) => name.trim().toLowerCase());
      const all = [...classes.keys()], exact = all.filter((code) => lower[code] === sought);
      const fits = exact.length ? exact : all.filter((code) => lower[code].includes(sought));
      map.found = sought ? new Set(fits) : null;
      let count = 0, lost = 0;
      codes.forEach(function (code, i) {
        if (map.found && map.found.has(code)) { count++; lost += wrong[i]; }
      });
      const who = fits.length === 1 ? classes[fits[0]] : whole.format(fits.length) + " classes with these letters";
      part("found").textContent = !sought ? "" : !fits.length ? "No class drawn here has these letters; the map shows " + whole.format(classes.length) + " classes." :
        who + ": " + whole.format(count) + " points, " + whole.format(lost) + " nearest to another class.";
      home.querySelectorAll("[data-class]").forEach(function (button) {
        button.setAttribute("aria-pressed", String(Boolean(map.found && map.found.has(Number(button.dataset.class)))));
      });
      suggest(sought);
      map.soon();
    }

    function show(number) {
      map.panel = panels[number];
      home.querySelectorAll("[data-panel]").forEach(function (button) {
        button.setAttribute("aria-pressed", String(Number(button.dataset.panel) === number));
      });
      part("name").textContent = map.panel.name;
      part("facts").replaceChildren(...map.panel.facts.map(function (fact) {
        const made = document.createElement("div");
        made.appendChild(document.createElement("dt")).textContent = fact[0];
        made.appendChild(document.createElement("dd")).textContent = fact[1];
        return made;
      }));
      part("bent").textContent = whole.format(map.distorted());
      choose(-1);
    }

    home.addEventListener("click", function (event) {
      const button = event.target.closest("button");
      if (!button) return;
      if (button.dataset.zoom) zoomBy(Number(button.dataset.zoom));
      if (button.dataset.class) {
        find(button.getAttribute("aria-pressed") === "true" ? "" : classes[Number(button.dataset.class)]);
      }
      if (button.dataset.panel) {
        show(Number(button.dataset.panel));
        say(map.panel.name + ": " + map.panel.facts.map((fact) => fact.join(" ")).join(", "));
      }
    });
    search.addEventListener("input", () => find(search.value));
    home.addEventListener("change", map.soon);

    part("crossed").textContent = whole.format(wrong.reduce((sum, value) => sum + value, 0));
    suggest("");
    if (panels.length) show(0);
  }

  document.querySelectorAll(".map").forEach(start);
})();
