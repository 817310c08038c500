// Owns a gateway of its own with clients of an organisation file, for the OIDC journeys. Does not own the demo (run.sh).
import { execFileSync, spawn } from 'node:child_process';
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

/**
 * Makes the organisation of a file, starts the server and waits until it is ready.
 * @param {object} organisation what `gatehouse apply` reads, as JSON
 */
export async function startFilledGateway(organisation) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-oidc-'));
  const origin = `http://localhost:${await freePort()}`;
  const config = join(folder, 'gatehouse.toml');
  writeFileSync(config, `[http]\nlisten = "${origin.replace('http://localhost', '127.0.0.1')}"\npublic_url = "${origin}"\n
[database]\nurl = "sqlite://${folder}/gatehouse.db"\n\n[secrets]\nmaster_key_file = "${folder}/master.key"\n
[outbound]\nallow_private_networks = true\n`);
  const file = join(folder, 'organisation.json');
  writeFileSync(file, JSON.stringify(organisation));
  try {
    const gatehouse = (...words) => execFileSync(process.env.GATEHOUSE_BIN, [...words, '--config', config], { cwd: folder, stdio: 'pipe', timeout: PATIENCE });
    gatehouse('migrate');
    gatehouse('apply', file);
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw new Error(`the organisation could not be made: ${error.stderr ?? error}`);
  }
  const child = spawn(process.env.GATEHOUSE_BIN, ['serve', '--config', config], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { log += chunk; });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(timer);
    rmSync(folder, { recursive: true });
    if (log.includes('panicked at')) throw new Error(`the gateway panicked: ${log.slice(-2000)}`);
  };
  const end = Date.now() + PATIENCE;
  while (Date.now() < end && child.exitCode === null) {
    if (await fetch(`${origin}/readyz`).then((answer) => answer.ok, () => false)) return { origin, stop };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stop();
  throw new Error(`the gateway was not ready: ${log.slice(-2000)}`);
}
