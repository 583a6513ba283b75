// Buttons that run code of "By hand" in the page. The extension run_here.py
// marks the cells; the first click starts a worker, and so loads MicroPython.

(() => {
  const place = document.currentScript.src;
  const MOST_OUTPUT = 20000; // characters
  const NO_PYTHON =
    "This code cannot run here: Python did not start. On pages from a disk " +
    "(their address begins with file:) browsers do not start it. Read this " +
    "page from a web server, or run the notebook.";

  let worker = null;
  let shown = null; // where the running program prints

  function put(text) {
    if (shown.matches(".waiting")) shown.textContent = "";
    shown.classList.remove("waiting");
    shown.textContent += text;
  }

  function finish() {
    shown.removeAttribute("aria-busy");
    shown = null;
  }

  function stop(message) {
    worker?.terminate();
    worker = null;
    put(message);
    finish();
  }

  function receive({ target, data }) {
    if (target !== worker) return; // it was stopped meanwhile
    put(data.text ?? "");
    if (shown.textContent.length > MOST_OUTPUT) {
      shown.textContent = shown.textContent.slice(0, MOST_OUTPUT);
      stop("\nStopped: this is too much to show.");
    } else if (data.done) finish();
  }

  function startWorker() {
    try {
      worker = new Worker(new URL("worker.mjs", place), { type: "module" });
    } catch {
      stop(NO_PYTHON);
      return;
    }
    worker.onmessage = receive;
    worker.onerror = () => shown && stop(NO_PYTHON);
  }

  function run(program, output) {
    if (shown) stop("\nStopped: another program runs now.");
    shown = output;
    shown.textContent = "Running …";
    shown.classList.add("waiting");
    shown.setAttribute("aria-busy", "true");
    if (!worker) startWorker();
    worker?.postMessage(program);
  }

  function make(tag, options, ...children) {
    const element = Object.assign(document.createElement(tag), options);
    element.append(...children);
    return element;
  }

  function button(label, action) {
    return make("button", { type: "button", onclick: action }, label);
  }

  function open(mark, program) {
    const lines = program.split("\n").length;
    const editor = make("textarea", {
      autocapitalize: "off",
      autocomplete: "off",
      rows: lines + 1,
      spellcheck: false,
      value: program,
      wrap: "off",
    });
    const label = make(
      "label",
      {},
      "Change the program as you like; MicroPython runs it in this page.",
      editor,
    );
    const output = make("pre", { ariaLive: "polite" });
    const start = () => run(editor.value, output);
    const end = () => shown === output && stop("\nStopped.");
    mark.replaceChildren(
      label,
      button("Run", start),
      button("Stop", end),
      output,
    );
    editor.focus({ preventScroll: true });
    start();
  }

  for (const mark of document.querySelectorAll(".run-here")) {
    const cell = mark.parentElement.querySelector(".cell_input pre");
    const code = cell.textContent.trimEnd();
    const program = [mark.dataset.before, code].filter(Boolean).join("\n\n");
    mark.append(button("Run it here", () => open(mark, program)));
  }
})();
