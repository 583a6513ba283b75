// Runs one program after another by MicroPython, each in a fresh namespace.
// Gets the text of a program; sends { text } as it is printed, then { done }.

import { loadMicroPython } from "./micropython.mjs";

const HEAP = 16 * 2 ** 20; // bytes
// So many messages go out as they come, then one in so many ms, so that the
// page keeps up.
const AT_ONCE = 100;
const PAUSE = 50;

const decoder = new TextDecoder();
let printed = "";
let messages = 0;
let sent = 0;

function send() {
  postMessage({ text: printed });
  printed = "";
  messages += 1;
  sent = performance.now();
}

function write(bytes) {
  printed += decoder.decode(bytes, { stream: true });
  if (messages < AT_ONCE || performance.now() - sent > PAUSE) send();
}

async function start() {
  const [micropython, source] = await Promise.all([
    loadMicroPython({ heapsize: HEAP, linebuffer: false, stdout: write }),
    fetch(new URL("reference.py", import.meta.url)).then((r) => r.text()),
  ]);
  micropython.FS.mkdir("/lossutils");
  micropython.FS.writeFile("/lossutils/reference.py", source);
  return micropython.pyimport("builtins");
}

function compiles({ compile }, code, mode) {
  try {
    compile(code, "<stdin>", mode);
    return true;
  } catch {
    return false;
  }
}

// As in a notebook, the value of an expression that ends the program is
// shown. Lines keep their numbers, for the messages of errors.
function parts(python, program) {
  const lines = program.trimEnd().split("\n");
  for (let n = lines.length - 1; n >= 0; n -= 1) {
    const [head, tail] = [lines.slice(0, n), lines.slice(n)].map((part) =>
      part.join("\n"),
    );
    if (compiles(python, tail, "eval") && compiles(python, head, "exec"))
      return [
        head,
        `${"\n".repeat(n)}_ = (${tail}\n)`,
        "if _ is not None: print(repr(_))",
      ];
  }
  return [program];
}

function run(python, program) {
  const { compile, dict, exec } = python;
  const names = dict();
  messages = 0;
  exec("__name__ = '__main__'", names);
  try {
    for (const part of parts(python, program))
      exec(compile(part, "<stdin>", "exec"), names);
  } catch (error) {
    if (error.name !== "PythonError") throw error;
    printed += error.message;
  }
}

async function answer({ data }) {
  run(await started, data);
  send();
  postMessage({ done: true });
}

const started = start();
// What fails here, the page hears of as an error of the worker.
addEventListener("message", (event) => answer(event).catch(reportError));
