"use strict";
(() => {
  const report = JSON.parse(document.getElementById("data").textContent);
  const blocks = new Map();
  for (const section of report.sections) for (const part of section.parts) for (const block of part.blocks) blocks.set(block.id, block);
  const all = (root, selector) => [...root.querySelectorAll(selector)];
  const within = (x, low, high) => Math.min(high, Math.max(low, x));

  // As Format::Short of the program.
  const short = x => {
    if (x === null || x === undefined || !Number.isFinite(x)) return "–";
    const size = Math.abs(x);
    if (size === 0) return "0";
    if (size < 1e-3 || size >= 1e4) {
      const [mantissa, power] = x.toExponential(1).split("e");
      const raised = String(Number(power)).replace(/./g, c => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] || "⁻");
      return (mantissa + " · " + (raised === "⁰" ? "1" : "10" + raised)).replace("-", "−");
    }
    return x.toFixed(within(2 - Math.floor(Math.log10(size)), 0, 5)).replace("-", "−");
  };

  // Curves: values at a place along the axis.
  for (const figure of all(document, "figure.curves")) {
    const { x, x_axis, series } = blocks.get(figure.id);
    const box = figure.querySelector(".box"), cursor = figure.querySelector(".cursor");
    const range = figure.querySelector(".scrub input"), told = figure.querySelector(".scrub output");
    const show = at => {
      range.value = at;
      told.textContent = x[at];
      cursor.hidden = false;
      cursor.style.left = 100 * (x[at] - x_axis.low) / (x_axis.high - x_axis.low) + "%";
      for (const entry of all(figure, ".legend li")) {
        entry.querySelector(".value").textContent = short(series[entry.dataset.series].y[at]);
        const theory = entry.querySelector(".in-theory output");
        if (theory) theory.textContent = short(series[theory.dataset.series].y[at]);
      }
    };
    const follow = event => {
      const frame = box.getBoundingClientRect();
      const wanted = x_axis.low + (event.clientX - frame.left) / frame.width * (x_axis.high - x_axis.low);
      let at = 0;
      for (let i = 1; i < x.length; i++) if (Math.abs(x[i] - wanted) < Math.abs(x[at] - wanted)) at = i;
      show(at);
    };
    box.addEventListener("pointermove", follow);
    box.addEventListener("pointerdown", follow);
    range.addEventListener("input", () => show(Number(range.value)));
    for (const entry of all(figure, ".legend li")) {
      const light = on => {
        const name = series[entry.dataset.series].name;
        figure.classList.toggle("dimmed", on);
        for (const line of all(figure, ".line")) line.classList.toggle("lit", on && series[line.dataset.series].name === name);
      };
      for (const event of ["pointerenter", "focus"]) entry.addEventListener(event, () => light(true));
      for (const event of ["pointerleave", "blur"]) entry.addEventListener(event, () => light(false));
    }
  }

  // Graphs: which method; nodes that can be dragged.
  for (const figure of all(document, "figure.graphs")) {
    const { layers, nodes, height } = blocks.get(figure.id);
    const stage = figure.querySelector(".stage"), readout = figure.querySelector(".readout");
    const circles = all(stage, ".node");
    const places = nodes.map(node => [1000 * node.x, 1000 * node.y]);
    let layer = 0;
    const say = (title, text) => {
      readout.firstElementChild.textContent = title;
      readout.lastElementChild.textContent = text;
    };
    const light = node => {
      for (const line of all(stage, "line")) line.classList.toggle("lit", node !== null && (Number(line.dataset.from) === node || Number(line.dataset.to) === node));
      const near = new Set();
      if (node !== null) for (const [a, b] of layers[layer].edges) { if (a === node) near.add(b); if (b === node) near.add(a); }
      circles.forEach((circle, i) => { circle.classList.toggle("lit", i === node); circle.classList.toggle("near", near.has(i)); });
      if (node === null) return say(layers[layer].name, layers[layer].note);
      const ties = layers[layer].edges.filter(([a, b]) => a === node || b === node).sort((a, b) => b[2] - a[2]);
      const names = ties.slice(0, 8).map(([a, b, w]) => nodes[a === node ? b : a].name + " " + short(w));
      say(nodes[node].name, ties.length ? `${ties.length} neighbours: ${names.join(", ")}${ties.length > 8 ? ", …" : ""}` : "no neighbours");
    };
    const place = node => {
      const [x, y] = places[node];
      circles[node].setAttribute("transform", `translate(${x} ${y})`);
      for (const line of all(stage, `line[data-from="${node}"]`)) { line.setAttribute("x1", x); line.setAttribute("y1", y); }
      for (const line of all(stage, `line[data-to="${node}"]`)) { line.setAttribute("x2", x); line.setAttribute("y2", y); }
    };
    for (const input of all(figure, ".choices input")) input.addEventListener("change", () => {
      layer = Number(input.value);
      for (const group of all(stage, ".layer")) group.classList.toggle("off", Number(group.dataset.layer) !== layer);
      light(null);
    });
    circles.forEach((circle, node) => {
      circle.addEventListener("pointerenter", () => light(node));
      circle.addEventListener("pointerdown", event => { circle.setPointerCapture(event.pointerId); light(node); });
      circle.addEventListener("pointermove", event => {
        if (!circle.hasPointerCapture(event.pointerId)) return;
        const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(stage.getScreenCTM().inverse());
        places[node] = [within(at.x, 0, 1000), within(at.y, 0, 1000 * height)];
        place(node);
      });
    });
    stage.addEventListener("pointerleave", () => light(null));
  }

  // Sliders: a border between two pictures.
  for (const figure of all(document, "figure.slider")) {
    const pair = figure.querySelector(".pair"), range = pair.querySelector("input");
    range.addEventListener("input", () => pair.style.setProperty("--at", range.value + "%"));
    const choose = () => {
      const side = name => Number(figure.querySelector(`[data-side="${name}"]`).value);
      const left = side("left"), right = side("right");
      for (const picture of all(pair, "svg")) {
        const photo = Number(picture.dataset.photo);
        const place = photo === left && left !== right ? "left" : photo === right ? "right" : "off";
        picture.setAttribute("class", place);
      }
    };
    for (const select of all(figure, "select")) select.addEventListener("change", choose);
  }

  // Neighbourhoods: the weights around a pixel.
  for (const figure of all(document, "figure.around")) {
    const { pixels, side, signed, maps, first } = blocks.get(figure.id);
    const picture = figure.querySelector(".photo svg"), frame = figure.querySelector(".frame");
    const cells = all(figure, ".cells").map(map => all(map, "i"));
    const readout = figure.querySelector(".readout");
    let chosen = first;
    const show = at => {
      chosen = at;
      const pixel = pixels[at], middle = (side * side - 1) / 2;
      frame.setAttribute("x", pixel.column - (side - 1) / 2);
      frame.setAttribute("y", pixel.row - (side - 1) / 2);
      const most = [];
      pixel.maps.forEach((weights, m) => {
        const largest = Math.max(1e-30, ...weights.map(Math.abs));
        weights.forEach((weight, i) => {
          const cell = cells[m][i], share = Math.abs(weight) / largest;
          cell.className = i === middle ? "middle" : "";
          const color = `rgb(var(${weight < 0 ? "--minus" : "--plus"}) / ${share.toFixed(3)})`;
          cell.style.background = share > 0 ? `linear-gradient(${color} 0 0), var(--sheet)` : "";
          cell.title = short(weight);
        });
        let top = 0;
        weights.forEach((weight, i) => { if (Math.abs(weight) > Math.abs(weights[top])) top = i; });
        most.push(`${maps[m]} ${short(weights[top])}`);
      });
      const strongest = signed ? "largest influence" : "strongest tie";
      readout.replaceChildren(Object.assign(document.createElement("b"), { textContent: `${pixel.why ? pixel.why + ": " : ""}row ${pixel.row}, column ${pixel.column}` }), ` ${strongest}: ${most.join(", ")}`);
    };
    const nearest = (row, column, allowed) => {
      let best = chosen, least = Infinity;
      pixels.forEach((pixel, i) => {
        const away = (pixel.row - row) ** 2 + (pixel.column - column) ** 2;
        if (away < least && (!allowed || allowed(pixel, i))) { best = i; least = away; }
      });
      return best;
    };
    picture.addEventListener("click", event => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM().inverse());
      show(nearest(at.y, at.x));
    });
    picture.addEventListener("keydown", event => {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (!step) return;
      event.preventDefault();
      const { row, column } = pixels[chosen];
      show(nearest(row + 6 * step[0], column + 6 * step[1], pixel => (pixel.row - row) * step[0] + (pixel.column - column) * step[1] > 0));
    });
    show(first);
  }
})();
