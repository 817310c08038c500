// Owns what the demo printed when it was ready: addresses and sign-ins. Does not own its life (run.sh).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const line = readFileSync(process.env.E2E_DEMO, 'utf8').trim().split('\n').find((each) => each.startsWith('{'));
export const demo = JSON.parse(line);
export const gateway = new URL(demo.url).origin;

/** A printed sign-in, by user name. */
export function signInOf(username) {
  const found = demo.sign_ins.find((each) => each.username === username);
  assert.ok(found, `the demo prints no sign-in for ${username}`);
  return found;
}

/** The owner of the example organisation. */
export const owner = () => demo.sign_ins.find((each) => each.role === 'owner');

/** Someone without a role who isn't Maya. */
export const colleague = () => demo.sign_ins.find((each) => each.username !== 'maya' && !['owner', 'admin', 'helpdesk', 'auditor'].includes(each.role));
