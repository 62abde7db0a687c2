"use strict";
// The map: rows are models, columns checks (or hardware). Only rows in view are in the document.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const [MODEL, CHECK, HARDWARE, STATE, REASON, AT, MACHINE, WAS, TESTS] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const ROW = 21;
  const states = data.states.map(([word, words]) => ({ word, words }));
  const number = Object.fromEntries(states.map((one, at) => [one.word, at]));
  const glyphs = { passed: "", failed: "✕", flaky: "~", xfailed: "!", skipped: "–", stale: "↻", missing: "?", "not-run": "·", "not-generated": "" };
  // Of several cells in one square the first of these is shown.
  const attention = ["failed", "flaky", "missing", "stale", "xfailed", "passed", "skipped", "not-run", "not-generated"];
  const rank = states.map((one) => attention.indexOf(one.word));
  const count = new Intl.NumberFormat("en");
  const text = (at) => (at < 0 ? "" : data.texts[at]);

  // Cells by model; what can be searched of a model.
  const ofModel = data.models.map(() => []);
  data.cells.forEach((cell) => ofModel[cell[MODEL]].push(cell));

  const view = { search: "", family: "", task: "", hardware: "", columns: "checks", order: "name", only: new Set(), row: 0, col: 0, pick: "" };
  let rows = [], cols = [];

  function make(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "class") node.className = value;
      else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child != null));
    return node;
  }
  const mark = (state) => make("span", { class: `mark ${states[state].word}`, "aria-hidden": "true" }, glyphs[states[state].word]);
  const tally = (cells) => cells.reduce((sum, cell) => (sum[cell[STATE]]++, sum), states.map(() => 0));
  function share(sum) {
    const wanted = sum.reduce((a, b) => a + b, 0) - sum[number["not-generated"]];
    if (!wanted) return ["–", 0];
    const permille = Math.floor((sum[number.passed] * 1000) / wanted);
    return [permille === 1000 ? "100 %" : `${(permille / 10).toFixed(1)} %`, wanted];
  }
  function bar(node, sum) {
    node.replaceChildren(...states.flatMap((one, at) => {
      if (!sum[at]) return [];
      const part = make("i", { class: one.word, title: `${one.words}: ${count.format(sum[at])}` });
      part.style.flex = String(sum[at]);
      return [part];
    }));
    return node;
  }

  const modelHolds = (at) => {
    const [, family, tasks] = data.models[at];
    return (!view.family || family === view.family) && (!view.task || tasks.includes(view.task));
  };
  const hardwareHolds = (cell) => !view.hardware || data.hardware[cell[HARDWARE]][0] === view.hardware;

  // What is shown, from the filters.
  function compute() {
    const words = view.search.toLowerCase().split(/\s+/).filter(Boolean);
    const named = words.filter((word) => data.models.some(([key]) => key.toLowerCase().includes(word)));
    const rest = words.filter((word) => !named.includes(word));
    const found = (cell) => rest.every((word) =>
      data.checks[cell[CHECK]][0].toLowerCase().includes(word) || text(cell[REASON]).toLowerCase().includes(word)
      || cell[TESTS].some((test) => text(test[0]).toLowerCase().includes(word) || text(test[2]).toLowerCase().includes(word)));
    const sum = states.map(() => 0);
    const used = new Set();
    rows = [];
    data.models.forEach(([key], at) => {
      if (!modelHolds(at) || !named.every((word) => key.toLowerCase().includes(word))) return;
      const cells = ofModel[at].filter((cell) => hardwareHolds(cell) && (!rest.length || found(cell)));
      if (!cells.length) return;
      const own = tally(cells);
      own.forEach((value, state) => (sum[state] += value));
      if (view.only.size && !cells.some((cell) => view.only.has(states[cell[STATE]].word))) return;
      cells.forEach((cell) => used.add(view.columns === "checks" ? cell[CHECK] : cell[HARDWARE]));
      rows.push({ at, cells, sum: own });
    });
    cols = (view.columns === "checks" ? data.checks : data.hardware).map((_, at) => at).filter((at) => used.has(at));
    const place = new Map(cols.map((at, index) => [at, index]));
    for (const row of rows) {
      row.squares = cols.map(() => null);
      for (const cell of row.cells) {
        const col = place.get(view.columns === "checks" ? cell[CHECK] : cell[HARDWARE]);
        (row.squares[col] ??= []).push(cell);
      }
    }
    const bad = (row) => row.sum[number.failed] * 1e6 + row.sum[number.flaky] * 1e5 + row.sum[number.missing] + row.sum[number.stale];
    const family = (row) => data.models[row.at][1];
    if (view.order === "family") rows.sort((a, b) => family(a).localeCompare(family(b)) || a.at - b.at);
    if (view.order === "worst") rows.sort((a, b) => bad(b) - bad(a) || a.at - b.at);
    view.row = Math.min(view.row, Math.max(0, rows.length - 1));
    view.col = Math.min(view.col, Math.max(0, cols.length - 1));
    return sum;
  }

  function shown(square) {
    return square.reduce((worst, cell) => (rank[cell[STATE]] < rank[worst] ? cell[STATE] : worst), square[0][STATE]);
  }

  // 17/20: what passed of one model on one hardware.
  function passed(square) {
    const sum = tally(square);
    const [, wanted] = share(sum);
    return sum[number.passed] ? `${sum[number.passed]}/${wanted}` : glyphs[states[shown(square)].word];
  }

  function header(sum) {
    const [percent, wanted] = share(sum);
    $("percent").textContent = percent;
    $("of").textContent = `${count.format(sum[number.passed])} of ${count.format(wanted)} cells passed · transformers ${data.transformers}`;
    bar($("bar"), sum);
    $("legend").replaceChildren(...states.map((one, at) => make("button", {
      type: "button", "aria-pressed": String(view.only.has(one.word)), disabled: !sum[at] && !view.only.has(one.word), "data-state": one.word,
      onclick: () => { view.only.has(one.word) ? view.only.delete(one.word) : view.only.add(one.word); update(); document.querySelector(`[data-state="${one.word}"]`)?.focus(); },
    }, mark(at), one.words, make("b", {}, count.format(sum[at])))));
  }

  function columns() {
    const grid = $("grid");
    grid.classList.toggle("wide-columns", view.columns === "hardware");
    const list = view.columns === "checks" ? data.checks : data.hardware;
    $("head").replaceChildren(
      make("div", { class: "corner", role: "columnheader" }, `${count.format(rows.length)} models`),
      ...cols.map((at, index) => make("button", {
        class: "col", type: "button", role: "columnheader", tabindex: "-1", title: `${list[at][0]}: ${list[at][1]}`, "data-col": index,
        onclick: () => columnPanel(at),
      }, make("span", {}, list[at][0]))));
    grid.setAttribute("aria-rowcount", String(rows.length + 1));
    grid.setAttribute("aria-colcount", String(cols.length + 1));
    $("rows").style.height = `${rows.length * ROW}px`;
  }

  // Draws the rows in view, and a few around.
  function draw() {
    const grid = $("grid");
    const first = Math.max(0, Math.floor((grid.scrollTop - 148) / ROW) - 4);
    const last = Math.min(rows.length, first + Math.ceil(grid.clientHeight / ROW) + 14);
    const list = view.columns === "checks" ? data.checks : data.hardware;
    const nodes = [];
    for (let index = first; index < last; index++) {
      const row = rows[index];
      const [key, family] = data.models[row.at];
      const node = make("div", { class: `row${index === view.row ? " here" : ""}`, role: "row", "aria-rowindex": index + 2 });
      node.style.top = `${index * ROW}px`;
      node.append(make("button", { class: "name", type: "button", role: "rowheader", tabindex: "-1", title: `${key}, ${family}`, "data-row": index, "data-model": "" },
        make("span", {}, key), make("small", {}, share(row.sum)[0])));
      row.squares.forEach((square, col) => {
        const here = index === view.row && col === view.col;
        if (!square) {
          node.append(make("div", { class: `c none${here ? " here" : ""}`, id: here ? "here" : null, role: "gridcell", "aria-colindex": col + 2, "aria-label": `${key}, ${list[cols[col]][0]}: does not apply`, "data-row": index, "data-col": col }));
          return;
        }
        const state = shown(square);
        const faded = view.only.size && !square.some((cell) => view.only.has(states[cell[STATE]].word));
        const why = square.length === 1 ? text(square[0][REASON]) : "";
        const label = `${key}, ${list[cols[col]][0]}: ${states[state].words}${why ? `, ${why}` : ""}`;
        node.append(make("div", {
          class: `c ${states[state].word}${faded ? " faded" : ""}${here ? " here" : ""}`, id: here ? "here" : null, role: "gridcell",
          "aria-colindex": col + 2, "aria-label": label, title: label, "data-row": index, "data-col": col,
        }, view.columns === "hardware" ? passed(square) : glyphs[states[state].word]));
      });
      nodes.push(node);
    }
    if (!rows.length) nodes.push(make("p", { class: "empty" }, "Nothing matches. Reset shows everything."));
    $("rows").replaceChildren(...nodes);
    for (const head of document.querySelectorAll(".col")) head.classList.toggle("here", Number(head.dataset.col) === view.col);
    grid.setAttribute("aria-activedescendant", "here");
  }

  // ------------------------------------------------------------------ the panel
  const outcomeState = { passed: "passed", skipped: "skipped", xfailed: "xfailed", flaky: "flaky" };
  function cellCard(cell, title) {
    const facts = [];
    if (cell[WAS] >= 0) facts.push(["was", states[cell[WAS]].words]);
    if (cell[AT] >= 0) facts.push(["ran", text(cell[AT]).replace("T", " ").replace("Z", " UTC")]);
    const machine = data.machines[cell[MACHINE]];
    if (machine) {
      const { torch, transformers, python, ...others } = machine.versions;
      const main = Object.entries({ torch, transformers, python }).filter(([, value]) => value).map(([name, value]) => `${name} ${value}`);
      const device = Object.entries(others).filter(([name]) => /^(cpu|device|machine)/.test(name)).map(([, value]) => value);
      facts.push(["on", [...device, ...main].join(", ")]);
      if (machine.from) facts.push(["from", machine.from]);
    }
    const tests = cell[TESTS].map(([cls, outcome, reason, ms]) => {
      const word = text(outcome);
      return make("tr", {},
        make("td", {}, mark(number[outcomeState[word] ?? "failed"])),
        make("td", {}, text(cls) || "the model", reason >= 0 && text(reason) !== text(cell[REASON]) ? make("small", {}, text(reason)) : null),
        make("td", {}, `${(ms / 1000).toFixed(2)} s`));
    });
    return make("div", { class: "cell" },
      make("div", { class: "line" }, mark(cell[STATE]), make("b", {}, states[cell[STATE]].words), make("em", {}, title)),
      cell[REASON] >= 0 ? make("p", { class: "why" }, text(cell[REASON])) : null,
      facts.length ? make("dl", {}, ...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])) : null,
      tests.length ? make("table", {}, make("tbody", {}, ...tests)) : null);
  }
  function panel(title, sub, ...children) {
    $("panel").replaceChildren(make("h2", {}, title), make("p", { class: "sub" }, sub), ...children);
    $("panel").scrollTop = 0;
  }
  function cellPanel() {
    const row = rows[view.row];
    const square = row?.squares[view.col];
    if (!row) return welcome();
    const [key] = data.models[row.at];
    const [name, title] = (view.columns === "checks" ? data.checks : data.hardware)[cols[view.col]] ?? ["", ""];
    if (!square) return panel(`${key} · ${name}`, title, make("p", { class: "quiet" }, "This check is not about this model."));
    const label = (cell) => (view.columns === "checks" ? data.hardware[cell[HARDWARE]][0] : data.checks[cell[CHECK]][0]);
    const order = [...square].sort((a, b) => rank[a[STATE]] - rank[b[STATE]]);
    panel(`${key} · ${name}`, title, ...order.slice(0, 60).map((cell) => cellCard(cell, label(cell))));
  }
  function reasons(cells, label) {
    const groups = new Map();
    for (const cell of cells) {
      if (states[cell[STATE]].word === "passed") continue;
      const key = `${cell[STATE]} ${cell[REASON]}`;
      const group = groups.get(key) ?? { cell, names: new Set(), size: 0 };
      group.names.add(label(cell)); group.size++;
      groups.set(key, group);
    }
    const sorted = [...groups.values()].sort((a, b) => rank[a.cell[STATE]] - rank[b.cell[STATE]] || b.size - a.size);
    return sorted.slice(0, 40).map(({ cell, names, size }) => make("div", { class: "cell" },
      make("div", { class: "line" }, mark(cell[STATE]), make("b", {}, states[cell[STATE]].words), make("em", {}, count.format(size))),
      cell[REASON] >= 0 ? make("p", { class: "why" }, text(cell[REASON])) : null,
      make("p", { class: "quiet" }, [...names].slice(0, 12).join(", ") + (names.size > 12 ? ` and ${names.size - 12} more` : ""))));
  }
  function modelPanel(row) {
    const [key, family, tasks] = data.models[row.at];
    const one = view.hardware || data.hardware.length === 1;
    const label = (cell) => data.checks[cell[CHECK]][0] + (one ? "" : ` on ${data.hardware[cell[HARDWARE]][0]}`);
    const sum = make("div", { class: "bar" });
    panel(key, `${family} · ${share(row.sum)[0]} of ${share(row.sum)[1]} cells`, bar(sum, row.sum),
      make("p", {}, make("br"), ...tasks.map((task) => make("span", { class: "tag" }, task))), ...reasons(row.cells, label));
  }
  function columnPanel(at) {
    const [name, title] = (view.columns === "checks" ? data.checks : data.hardware)[at];
    const index = cols.indexOf(at);
    const cells = rows.flatMap((row) => row.squares[index] ?? []);
    const sum = tally(cells);
    panel(name, `${title} · ${share(sum)[0]} of ${count.format(share(sum)[1])} cells`, bar(make("div", { class: "bar" }), sum),
      ...reasons(cells, (cell) => data.models[cell[MODEL]][0]));
  }
  function welcome() {
    panel("Details", "Choose a square, a model or a column.", make("p", { class: "quiet" },
      "A square is one check of one model; of several pieces of hardware it shows what most needs a look. Passed counts only what ran and passed: skipped, stale, missing and not run do not."));
  }

  // ------------------------------------------------------------------ groups
  function groups() {
    const by = (title, id, names, of) => {
      const sums = new Map(names.map((name) => [name, states.map(() => 0)]));
      data.cells.forEach((cell) => of(cell).forEach((name) => { const sum = sums.get(name); if (sum) sum[cell[STATE]]++; }));
      const lines = [...sums].filter(([, sum]) => sum.some(Boolean)).map(([name, sum]) => make("button", {
        type: "button", onclick: () => { $(id).value = view[id] = view[id] === name ? "" : name; update(); },
      }, make("span", {}, name), bar(make("span", { class: "bar" }), sum), make("span", {}, share(sum)[0])));
      return make("section", {}, make("h2", {}, title), ...lines);
    };
    $("tables").replaceChildren(
      by("Hardware", "hardware", data.hardware.map(([name]) => name), (cell) => [data.hardware[cell[HARDWARE]][0]]),
      by("Family", "family", families, (cell) => [data.models[cell[MODEL]][1]]),
      by("Task", "task", tasks, (cell) => data.models[cell[MODEL]][2]));
  }

  // ------------------------------------------------------------------ events
  function scrollTo() {
    const grid = $("grid");
    const top = view.row * ROW, high = grid.clientHeight - 148 - ROW;
    if (top < grid.scrollTop) grid.scrollTop = top;
    else if (top > grid.scrollTop + high) grid.scrollTop = top - high;
    const wide = view.columns === "hardware" ? 76 : 21;
    const left = view.col * wide, room = grid.clientWidth - 232 - wide;
    if (left < grid.scrollLeft) grid.scrollLeft = left;
    else if (left > grid.scrollLeft + room) grid.scrollLeft = left - room;
  }
  function remember() {
    const words = new URLSearchParams();
    for (const name of ["search", "family", "task", "hardware"]) if (view[name]) words.set(name, view[name]);
    if (view.columns !== "checks") words.set("columns", view.columns);
    if (view.order !== "name") words.set("order", view.order);
    if (view.only.size) words.set("only", [...view.only].join(","));
    try { history.replaceState(null, "", `#${words}`); } catch { /* a page from a file may not */ }
  }
  function recall() {
    const words = new URLSearchParams(location.hash.slice(1));
    for (const name of ["search", "family", "task", "hardware", "columns", "order"]) if (words.get(name)) view[name] = words.get(name);
    view.only = new Set((words.get("only") ?? "").split(",").filter((word) => word in number));
  }
  function update() {
    header(compute());
    columns();
    draw();
    remember();
  }
  function theme(next) {
    document.documentElement.dataset.theme = next;
    $("theme").textContent = next === "dark" ? "Light" : "Dark";
    try { localStorage.setItem("hfgen-theme", next); } catch { /* not kept */ }
  }

  const options = (id, names, all) => $(id).replaceChildren(make("option", { value: "" }, all), ...names.map((name) => make("option", { value: name }, name)));
  const families = [...new Set(data.models.map(([, family]) => family))].sort();
  const tasks = [...new Set(data.models.flatMap(([, , list]) => list))].sort();
  options("family", families, "all families");
  options("task", tasks, "all tasks");
  options("hardware", data.hardware.map(([name]) => name).filter((name, at) => data.cells.some((cell) => cell[HARDWARE] === at)), "all hardware");
  recall();
  for (const id of ["search", "family", "task", "hardware", "columns", "order"]) {
    $(id).value = view[id];
    $(id).addEventListener(id === "search" ? "input" : "change", () => { view[id] = $(id).value; $("grid").scrollTop = 0; update(); });
  }
  $("tools").addEventListener("submit", (event) => event.preventDefault());
  $("reset").addEventListener("click", () => {
    Object.assign(view, { search: "", family: "", task: "", hardware: "", columns: "checks", order: "name", only: new Set(), row: 0, col: 0 });
    for (const id of ["search", "family", "task", "hardware", "columns", "order"]) $(id).value = view[id];
    welcome();
    update();
  });
  $("findings").replaceChildren(...data.findings.map(([code, message]) => make("li", {}, make("b", {}, code), message)));
  $("findings").hidden = !data.findings.length;
  $("groups").addEventListener("toggle", () => $("groups").open && groups());
  let waiting = false;
  $("grid").addEventListener("scroll", () => {
    if (!waiting) requestAnimationFrame(() => { waiting = false; draw(); });
    waiting = true;
  });
  addEventListener("resize", draw);
  $("rows").addEventListener("click", (event) => {
    const node = event.target.closest("[data-row]");
    if (!node) return;
    view.row = Number(node.dataset.row);
    if ("model" in node.dataset) modelPanel(rows[view.row]);
    else { view.col = Number(node.dataset.col); cellPanel(); }
    draw();
    $("grid").focus({ preventScroll: true });
  });
  $("grid").addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor(($("grid").clientHeight - 148) / ROW) - 1);
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-page, 0], PageDown: [page, 0], Home: [0, -1e9], End: [0, 1e9] };
    const move = moves[event.key];
    if (move && !(event.ctrlKey || event.metaKey || event.altKey)) {
      view.row = Math.min(Math.max(0, view.row + move[0]), rows.length - 1);
      view.col = Math.min(Math.max(0, view.col + move[1]), cols.length - 1);
      scrollTo();
      cellPanel();
      draw();
    } else if (event.key === "Enter" && event.target === $("grid")) {
      cellPanel();
      $("panel").focus();
    } else return;
    event.preventDefault();
  });
  addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "Escape") $("grid").focus();
    else if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key === "/") { event.preventDefault(); $("search").focus(); }
    else if (event.key === "t") theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  });
  $("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
  let kept = null;
  try { kept = localStorage.getItem("hfgen-theme"); } catch { /* none */ }
  theme(kept ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
  welcome();
  update();
  document.documentElement.dataset.ready = String(rows.length);
})();
