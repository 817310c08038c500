// Owns the line by which the Python tests use a SAML library of Node: one JSON object in, one out.
// Does not own any library (node_saml.mjs, samlify.mjs), nor what is expected of it.
//
// Usage: node serve.mjs LIBRARY metadata|serve   with the settings as JSON in PEER_SETTINGS
import { createInterface } from 'node:readline';

const [library, what] = process.argv.slice(2);
const { default: build } = await import(`./${library}.mjs`);
const peer = await build(JSON.parse(process.env.PEER_SETTINGS));

if (what === 'metadata') {
  process.stdout.write(peer.metadata());
} else {
  for await (const line of createInterface({ input: process.stdin })) {
    const { call, args } = JSON.parse(line);
    let answer;
    try {
      answer = { value: (await peer[call](...args)) ?? null };
    } catch (error) {
      answer = { refused: String(error?.message ?? error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}
