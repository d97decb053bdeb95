// Runs the user's own scorers and expressions away from the suite: what hangs here is ended with this thread.
import { parentPort } from 'node:worker_threads';

const loaded = new Map();

/** An expression, statements with a return, or a module's default export. */
async function scorer(code) {
  let found = loaded.get(code);
  if (found === undefined) {
    const body = /\breturn\b/.test(code) ? `{${code}\n}` : `(${code}\n)`;
    const from = code.startsWith('file://')
      ? code
      : `data:text/javascript,${encodeURIComponent(`export default async (output, context) => ${body};`)}`;
    found = (await import(from)).default;
    if (typeof found !== 'function') throw new Error(`${code} has no function as its default export`);
    loaded.set(code, found);
  }
  return found;
}

async function run(task) {
  if (task.kind === 'regex') return new RegExp(task.source).test(task.text);
  return await (
    await scorer(task.code)
  )(task.output, task.context);
}

parentPort.on('message', async (task) => {
  try {
    const result = await run(task);
    parentPort.postMessage({ result: JSON.stringify(result) ?? 'null' }, []);
  } catch (error) {
    parentPort.postMessage({ problem: error instanceof Error ? error.message : String(error) }, []);
  }
});
