// Owns a gateway with an empty database, for the first run. Does not own the demo (run.sh).
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PATIENCE = 20_000;

const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

/** Starts it and waits until it is ready and has printed its set-up code. */
export async function startEmptyGateway() {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-first-run-'));
  const origin = `http://localhost:${await freePort()}`;
  const config = join(folder, 'gatehouse.toml');
  writeFileSync(config, `[http]\nlisten = "${origin.replace('http://localhost', '127.0.0.1')}"\npublic_url = "${origin}"\n
[database]\nurl = "sqlite://${folder}/gatehouse.db"\n\n[secrets]\nmaster_key_file = "${folder}/master.key"\n`);
  const child = spawn(process.env.GATEHOUSE_BIN, ['serve', '--migrate', '--config', config], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { log += chunk; });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(timer);
    rmSync(folder, { recursive: true });
  };
  const end = Date.now() + PATIENCE;
  while (Date.now() < end && child.exitCode === null) {
    const code = /Setup code:?\s*([0-9A-Z]{4}-[0-9A-Z]{4})/.exec(log)?.[1];
    const ready = await fetch(`${origin}/readyz`).then((answer) => answer.ok, () => false);
    if (code && ready) return { origin, code, stop };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stop();
  throw new Error(`the empty gateway was not ready, or printed no set-up code: ${log.slice(-2000)}`);
}
