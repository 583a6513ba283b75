// The script of all figures. It takes over the picture that Python drew,
// and draws its lines anew, from the traced formulas, when something moves.
window.lossFigures ??= (() => {
  "use strict";
  const style = document.createElement("style");
  style.textContent = "STYLE";
  document.head.append(style);
  const formulas = {};
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  // Small parts

  const three = (x) => (Number(x.toFixed(3)) + 0).toFixed(3);
  const pixels = (x) => String(Math.floor(x * 10 + 0.5) / 10 + 0);
  const clip = (x, low, high) => Math.min(Math.max(x, low), high);

  function grid([low, high], count) {
    const step = (high - low) / (count - 1);
    return Array.from({ length: count }, (_, i) => low + i * step);
  }

  // How numbers become pixels of an area, and back.
  function makeScale({ x, y }, area) {
    const { width, height } = area.viewBox.baseVal;
    const across = (v) => ((v - x[0]) / (x[1] - x[0])) * width;
    const down = (v) => ((y[1] - v) / (y[1] - y[0])) * height;
    const line = (xs, ys) =>
      "M" +
      xs
        .map((v, i) =>
          [across(v), down(ys[i])].map((p) => pixels(clip(p, -999, 999))).join(),
        )
        .join("L");
    const at = (event) => {
      const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(
        area.getScreenCTM().inverse(),
      );
      return [
        x[0] + (point.x / width) * (x[1] - x[0]),
        y[1] - (point.y / height) * (y[1] - y[0]),
      ];
    };
    return { across, down, line, at, height };
  }

  function arrow(x, y, dx, dy, longest) {
    let length = Math.hypot(dx, dy);
    const start = `M${pixels(x)},${pixels(y)}`;
    if (length < 1) return start;
    const [u, v] = [dx / length, dy / length];
    length = Math.min(length, longest);
    const corner = (back, side) =>
      pixels(x + (length - back) * u - side * v) +
      "," +
      pixels(y + (length - back) * v + side * u);
    const tip = corner(0, 0);
    return `${start}L${tip}M${corner(5, -3)}L${tip}L${corner(5, 3)}`;
  }

  function fill(table, rows) {
    [...table.tBodies[0].rows].forEach((row, i) =>
      rows[i].forEach((value, j) => (row.cells[j + 1].textContent = three(value))),
    );
  }

  // Moves something while a pointer holds it.
  function drag(target, scale, start, move) {
    target.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      target.setPointerCapture(event.pointerId);
      const from = scale.at(event);
      start(from);
      const follow = (next) => {
        const now = scale.at(next);
        move(now, [now[0] - from[0], now[1] - from[1]]);
      };
      const release = () => target.removeEventListener("pointermove", follow);
      target.addEventListener("pointermove", follow);
      target.addEventListener("pointerup", release, { once: true });
      target.addEventListener("pointercancel", release, { once: true });
    });
  }

  // Moves something by the arrow keys.
  function keys(target, move) {
    const ways = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, 1],
      ArrowDown: [0, -1],
    };
    target.addEventListener("keydown", (event) => {
      if (!ways[event.key] || event.altKey || event.ctrlKey || event.metaKey)
        return;
      event.preventDefault();
      move(ways[event.key], event.shiftKey);
    });
  }

  // What all kinds share: the controls, the words for screen readers.
  function operate(root, spec, draw, step) {
    const bar = root.querySelector(".controls");
    const inputs = [...bar.querySelectorAll("input, select")];
    const buttons = Object.fromEntries(
      [...bar.querySelectorAll("button")].map((button) => [button.name, button]),
    );
    const values = {};
    let live, timer, clock, count;

    function redraw() {
      for (const input of inputs) {
        if (input.type === "range") {
          values[input.name] = input.valueAsNumber;
          input.parentElement.nextElementSibling.value = input.value;
        } else values[input.name] = input.value;
      }
      const words = draw(values);
      clearTimeout(timer);
      // Not at first, when nobody has asked.
      if (live)
        timer = setTimeout(() => {
          root.querySelector(".said").textContent = words;
        }, 150);
      live = true;
    }
    function stop() {
      clearInterval(clock);
      clock = undefined;
      if (buttons.play) buttons.play.textContent = "Play";
    }
    function steps(times) {
      for (let i = 0; i < times; i++)
        if (!step(values) || ++count >= 200) {
          stop();
          break;
        }
      redraw();
    }
    function play() {
      if (clock) return stop();
      count = 0;
      if (calm.matches) return steps(50);
      buttons.play.textContent = "Pause";
      clock = setInterval(() => steps(1), 80);
    }
    bar.addEventListener("input", redraw);
    buttons.step?.addEventListener("click", () => {
      count = 0;
      steps(1);
    });
    buttons.play?.addEventListener("click", play);
    buttons.reset.addEventListener("click", () => {
      stop();
      for (const input of inputs)
        if (input.type === "range") input.value = input.defaultValue;
        else input.selectedIndex = 0;
      root.dispatchEvent(new Event("reset"));
      redraw();
    });
    bar.hidden = false;
    redraw();
    return { redraw, inputs };
  }

  // The three kinds

  function curves(root, spec) {
    const areas = [...root.querySelectorAll(".area")];
    const scales = areas.map((area, i) => makeScale(spec.panels[i], area));
    const losses = Object.entries(spec.losses);
    const xs = grid(spec.panels[0].x, spec.points);
    const [readout, numbers] = root.querySelectorAll("table");

    const leastOf = (results) =>
      results.reduce((best, [loss], i) => (loss < results[best][0] ? i : best), 0);

    function draw(values) {
      const at = ([name, { arguments: names }], x) =>
        formulas[name](...names.map((it) => (it === spec.variable ? x : values[it])));
      const x = values[spec.variable];
      const drawn = losses.map((loss) => xs.map((each) => at(loss, each)));
      const rows = losses.map((loss, i) => {
        const row = at(loss, x);
        if (!spec.minima) return row;
        // On a finer grid about the lowest point of the curve.
        const place = leastOf(drawn[i]);
        const ends = [xs[place - 1] ?? xs[0], xs[place + 1] ?? xs.at(-1)];
        const fine = grid(ends, spec.fine);
        const around = fine.map((each) => at(loss, each));
        const least = leastOf(around);
        const dot = areas[0].querySelectorAll("circle")[i];
        dot.setAttribute("cx", pixels(scales[0].across(fine[least])));
        dot.setAttribute("cy", pixels(scales[0].down(around[least][0])));
        return [...row, fine[least]];
      });
      areas.forEach((area, k) => {
        const lines = area.querySelectorAll(".curve");
        drawn.forEach((results, i) =>
          lines[i].setAttribute(
            "d",
            scales[k].line(xs, results.map((result) => result[k])),
          ),
        );
        const across = pixels(scales[k].across(x));
        area
          .querySelector(".cursor")
          .setAttribute("d", `M${across},0V${scales[k].height}`);
        if (spec.handle) {
          const place = pixels(scales[k].across(values[spec.handle]));
          area
            .querySelector(".handle")
            .setAttribute("transform", `translate(${place},${scales[k].height})`);
        }
      });
      fill(readout, rows);
      const every = (xs.length - 1) / (numbers.tBodies[0].rows.length - 1);
      fill(
        numbers,
        xs
          .filter((_, i) => i % every === 0)
          .map((_, i) => drawn.flatMap((results) => results[i * every])),
      );
      return (
        `At ${values[spec.variable]}: ` +
        losses
          .map(([, { label }], i) => {
            const [value, slope, lowest] = rows[i].map(three);
            const least = spec.minima ? `, lowest at ${lowest}` : "";
            return `${label} ${value}, slope ${slope}${least}`;
          })
          .join("; ")
      );
    }

    const { redraw, inputs } = operate(root, spec, draw);
    const input = (name) => inputs.find((it) => it.name === name);
    areas.forEach((area, k) => {
      let held;
      const follow = ([x]) => {
        held.value = x;
        redraw();
      };
      drag(
        area,
        scales[k],
        ([x, y]) => {
          held = input(spec.variable);
          if (spec.handle) {
            const handle = input(spec.handle);
            const away = scales[k].across(handle.valueAsNumber) - scales[k].across(x);
            if (Math.abs(away) < 15 && scales[k].down(y) > scales[k].height - 40)
              held = handle;
          }
          follow([x]);
        },
        follow,
      );
    });
  }

  function boxes(root, spec) {
    const area = root.querySelector(".area");
    const scale = makeScale(spec, area);
    const shapes = { box: area.querySelector(".box"), target: area.querySelector(".target") };
    const arrows = area.querySelectorAll(".arrow");
    const [readout, numbers] = root.querySelectorAll("table");
    const names = Object.keys(spec.losses);
    const corners = [
      [0, 1],
      [2, 1],
      [2, 3],
      [0, 3],
    ];
    let now;
    const reset = () => {
      now = { box: [...spec.box], target: [...spec.target] };
    };
    const results = (name) => formulas[name](...now.box, ...now.target);

    function draw({ loss }) {
      for (const name in shapes) {
        const [x1, y1, x2, y2] = now[name];
        const d = scale.line([x1, x2, x2, x1], [y1, y1, y2, y2]);
        shapes[name].setAttribute("d", `${d}Z`);
        shapes[name].nextElementSibling.setAttribute(
          "transform",
          `translate(${pixels(scale.across(x1))},${pixels(scale.down(y1))})`,
        );
      }
      const slopes = results(loss).slice(1);
      corners.forEach(([i, j], k) =>
        arrows[k].setAttribute(
          "d",
          arrow(
            scale.across(now.box[i]),
            scale.down(now.box[j]),
            -slopes[i] * spec.arrow,
            -slopes[j] * spec.arrow,
            spec.longest,
          ),
        ),
      );
      const rows = names.map((name) => [results(name)[0]]);
      fill(readout, rows);
      fill(numbers, [now.box, slopes, now.target]);
      return names
        .map((name, i) => `${spec.losses[name].label} ${three(rows[i][0])}`)
        .join(", ");
    }
    function step({ loss, rate }) {
      const slopes = results(loss).slice(1);
      now.box = now.box.map((x, i) => x - rate * slopes[i]);
      return Math.hypot(...slopes) > 1e-4;
    }

    reset();
    root.addEventListener("reset", reset);
    const { redraw } = operate(root, spec, draw, step);
    const words = { box: "predicted box", target: "true box" };
    for (const name in shapes) {
      // Shift, or a pointer at the lower right corner, moves that corner.
      const move = ([x1, y1, x2, y2], [dx, dy], resize) => {
        now[name] = resize
          ? [x1, y1, Math.max(x1 + 0.25, x2 + dx), Math.max(y1 + 0.25, y2 + dy)]
          : [x1 + dx, y1 + dy, x2 + dx, y2 + dy];
        redraw();
      };
      let from, resize;
      makeMovable(
        shapes[name],
        `${words[name]}: arrow keys move it, with Shift they resize it`,
      );
      drag(
        shapes[name],
        scale,
        ([x, y]) => {
          from = now[name];
          resize = Math.hypot(x - from[2], y - from[3]) < 0.6;
        },
        (_, by) => move(from, by, resize),
      );
      // Up is towards smaller y.
      keys(shapes[name], ([dx, dy], shift) =>
        move(now[name], [dx / 4, -dy / 4], shift),
      );
    }
    root.querySelector(".panels").setAttribute("role", "group");
  }

  function points(root, spec) {
    const areas = root.querySelectorAll(".area");
    const scale = makeScale(spec, areas[0]);
    const markers = areas[0].querySelectorAll(".point");
    const arrows = areas[0].querySelectorAll(".arrow");
    const [readout, numbers] = root.querySelectorAll("table");
    const names = Object.keys(spec.losses);
    let now, trail;
    const reset = () => {
      now = spec.points.map((point) => [...point]);
      trail = [...now];
    };

    // The mean loss of the groups, its slopes, and the groups that cost.
    function total(values) {
      const loss = values.loss ?? names[0];
      const slopes = now.map(() => [0, 0]);
      const active = [];
      let sum = 0;
      for (const [members, more] of spec.groups[loss]) {
        const settings = spec.losses[loss].arguments
          .slice(2 * members.length)
          .map((name) => more[name] ?? values[name]);
        const [value, ...slope] = formulas[loss](
          ...members.flatMap((i) => now[i]),
          ...settings,
        );
        sum += value;
        members.forEach((i, k) => {
          slopes[i][0] += slope[2 * k];
          slopes[i][1] += slope[2 * k + 1];
        });
        if (value > 0) active.push([members, more]);
      }
      const count = spec.active.includes(loss)
        ? Math.max(active.length, 1)
        : spec.groups[loss].length;
      const mean = slopes.map((slope) => slope.map((each) => each / count));
      return { loss, value: sum / count, slopes: mean, active };
    }

    function drawLinks(active) {
      const pulled = {};
      const pushed = {};
      for (const [[first, ...others], more] of active) {
        if (others.length === 2) {
          pulled[[first, others[0]]] = [first, others[0]];
          pushed[[first, others[1]]] = [first, others[1]];
        } else if (others.length === 1)
          (more.same ? pulled : pushed)[[first, others[0]]] = [first, others[0]];
      }
      for (const [name, pairs] of Object.entries({ pulled, pushed })) {
        const d = Object.values(pairs).map((pair) =>
          scale.line(...[0, 1].map((axis) => pair.map((i) => now[i][axis]))),
        );
        areas[0].querySelector(`.${name}`)?.setAttribute("d", d.join("") || "M0,0");
      }
    }

    function draw(values) {
      const { loss, value, slopes, active } = total(values);
      now.forEach(([x, y], i) => {
        const [across, down] = [scale.across(x), scale.down(y)];
        markers[i].setAttribute(
          "transform",
          `translate(${pixels(across)},${pixels(down)})`,
        );
        const [dx, dy] = slopes[i].map((slope) => slope * spec.arrow);
        arrows[i].setAttribute("d", arrow(across, down, -dx, dy, spec.longest));
      });
      drawLinks(active);
      if (spec.line) {
        const [slope, height] = now[0];
        const { x } = spec.line;
        root
          .querySelector(".fitted")
          .setAttribute(
            "d",
            makeScale(spec.line, areas[1]).line(x, x.map((v) => slope * v + height)),
          );
        const path = [0, 1].map((axis) => trail.map((point) => point[axis]));
        root.querySelector(".trail").setAttribute("d", scale.line(...path));
        for (const lines of root.querySelectorAll(".contours"))
          lines.setAttribute("display", lines.dataset.loss === loss ? "inline" : "none");
      }
      for (const input of root.querySelectorAll("input"))
        input.closest(".slider").hidden =
          input.name !== "rate" &&
          !spec.losses[loss].arguments.includes(input.name);
      const share = `, ${active.length} of ${spec.groups[loss].length} active`;
      const words =
        spec.losses[loss].label + (spec.active.includes(loss) ? share : "");
      readout.tBodies[0].rows[0].cells[0].textContent = words;
      fill(readout, [[value]]);
      fill(
        numbers,
        now.map((point, i) => [...point, ...slopes[i]]),
      );
      return `${words}: ${three(value)}`;
    }
    function step(values) {
      const { slopes } = total(values);
      now = now.map((point, i) => point.map((x, k) => x - values.rate * slopes[i][k]));
      trail.push(...now);
      return Math.hypot(...slopes.flat()) > 1e-4;
    }

    reset();
    root.addEventListener("reset", reset);
    const { redraw } = operate(root, spec, draw, step);
    markers.forEach((marker, i) => {
      let from;
      const move = ([x, y], [dx, dy]) => {
        now[i] = [x + dx, y + dy];
        trail = [...now];
        redraw();
      };
      makeMovable(marker, `${spec.names[i]}: arrow keys move it`);
      drag(
        marker,
        scale,
        () => {
          from = now[i];
        },
        (_, by) => move(from, by),
      );
      keys(marker, (way, shift) =>
        move(now[i], way.map((d) => d * (shift ? 0.5 : 0.1))),
      );
    });
    root.querySelector(".panels").setAttribute("role", "group");
  }

  function makeMovable(shape, words) {
    shape.classList.add("movable");
    shape.setAttribute("tabindex", "0");
    shape.setAttribute("role", "application");
    shape.setAttribute("aria-label", words);
  }

  const kinds = { curves, boxes, points };
  return {
    formulas,
    add(more) {
      Object.assign(formulas, more);
      for (const root of document.querySelectorAll(".loss-figure:not([data-live])")) {
        const spec = JSON.parse(root.dataset.figure);
        if (!Object.keys(spec.losses).every((name) => formulas[name])) continue;
        root.dataset.live = "";
        for (const image of root.querySelectorAll(".panels img")) {
          const svg = image.getAttribute("src").replace(/^[^,]*,/, "");
          image.outerHTML = decodeURIComponent(svg);
        }
        kinds[spec.kind](root, spec);
        // Keys are for what has the focus, and no commands to JupyterLab.
        const focusable = "input, select, button, summary, [tabindex]";
        for (const part of root.querySelectorAll(focusable))
          part.dataset.lmSuppressShortcuts = "";
      }
    },
  };
})();
