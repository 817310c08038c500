// Owns a plain HTTP client that signs a person on as a browser without script would.
// Does not own what an OIDC client makes of the answer: it stops where the browser would leave.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const STEPS = 20;
const SECONDS = 20;

export const state = JSON.parse(readFileSync(join(process.env.PEERS_STATE, 'state.json'), 'utf8'));

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decode(text) {
  return text.replace(/&(#x[0-9a-f]+|#[0-9]+|[a-z]+);/gi, (whole, name) => {
    if (name[0] !== '#') return ENTITIES[name] ?? whole;
    const hex = name[1].toLowerCase() === 'x';
    return String.fromCodePoint(parseInt(name.slice(hex ? 2 : 1), hex ? 16 : 10));
  });
}

function attributes(tag) {
  const found = {};
  for (const [, name, , double, single, bare] of tag.matchAll(/([^\s"'=<>/]+)(\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?/g)) {
    found[name.toLowerCase()] ??= decode(double ?? single ?? bare ?? '');
  }
  return found;
}

/** The forms and the way on of one page. */
export function parse(html) {
  const forms = [];
  let form, continueHref, refresh;
  for (const [, closing, name, rest] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|'[^']*'|[^>"'])*)>/gi)) {
    const tag = name.toLowerCase();
    const at = attributes(rest);
    if (tag === 'form') {
      form = closing ? undefined : { action: at.action ?? '', method: (at.method ?? 'get').toLowerCase(), inputs: [] };
      if (form) forms.push(form);
    } else if (tag === 'input' && form && at.name && at.type !== 'submit') form.inputs.push([at.name, at.value ?? '']);
    else if ((tag === 'button' || (tag === 'input' && at.type === 'submit')) && form && !closing && !form.button) form.button = at;
    else if (tag === 'a' && at.id === 'continue') continueHref = at.href;
    else if (tag === 'meta' && at['http-equiv']?.toLowerCase() === 'refresh') refresh = at.content.replace(/^[^=]*=\s*/, '').replace(/^['"]|['"]$/g, '');
  }
  const text = decode(html.replace(/<(script|style|title)\b[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' '));
  return { forms, continueHref, refresh, text };
}

const has = (form, name) => form.inputs.some(([key]) => key === name);

/** One person's browser: a cookie jar and what they would type. */
export class Browser {
  constructor(username = 'maya') {
    this.username = username;
    this.cookies = new Map();
    this.passwordsTyped = 0;
  }

  /** @returns {{left: URL} | {posted: URL, fields: URLSearchParams} | {status: number, text: string, reference?: string}} */
  async get(address) {
    return this.#follow(await this.#send('GET', new URL(address, state.url)));
  }

  async #send(method, url, body, isForm = false) {
    for (let step = 0; step < STEPS; step++) {
      const headers = { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
      if (isForm) Object.assign(headers, { origin: state.url, 'sec-fetch-site': 'same-origin' });
      if (body) headers['content-type'] = 'application/x-www-form-urlencoded';
      const answer = await fetch(url, { method, headers, body, redirect: 'manual', signal: AbortSignal.timeout(SECONDS * 1000) });
      for (const cookie of answer.headers.getSetCookie()) {
        const [, name, value] = /^([^=;]+)=([^;]*)/.exec(cookie);
        if (/;\s*max-age=0/i.test(cookie) || value === '') this.cookies.delete(name);
        else this.cookies.set(name, value);
      }
      if (answer.status >= 500) throw new Error(`${method} ${url} gave ${answer.status}: ${await answer.text()}`);
      if (answer.status < 300 || answer.status > 399) return { answer, url, html: await answer.text() };
      url = new URL(answer.headers.get('location'), url);
      if (url.origin !== new URL(state.url).origin) {
        if (isForm) throw new Error(`a form's redirects leave for ${url}: the browser's form-action would stop it`);
        return { left: url };
      }
      method = 'GET';
      body = undefined;
    }
    throw new Error(`more than ${STEPS} redirects, last to ${url}`);
  }

  async #follow(got) {
    for (let step = 0; step < STEPS; step++) {
      if (got.left) return got;
      const { answer, url, html } = got;
      const page = parse(html);
      const leaving = page.forms.find((form) => new URL(form.action, url).origin !== new URL(state.url).origin);
      if (leaving) return this.#posted(leaving, answer, url);
      const password = page.forms.find((form) => has(form, 'password'));
      const username = page.forms.find((form) => has(form, 'username'));
      if (password && this.username) {
        if (++this.passwordsTyped > 4) throw new Error('the password is asked for again and again');
        got = await this.#submit(password, url, { password: state.passwords[this.username], username: this.username });
      } else if (username && !password && this.username) {
        got = await this.#submit(username, url, { username: this.username });
      } else if (page.continueHref !== undefined) {
        if (page.refresh !== page.continueHref) throw new Error(`the refresh goes to ${page.refresh}, the link to ${page.continueHref}`);
        const target = new URL(page.continueHref, url);
        if (target.origin !== new URL(state.url).origin) return { left: target };
        got = await this.#send('GET', target);
      } else {
        return { status: answer.status, url, text: page.text, reference: /\b[0-9A-Z]{4}-[0-9A-Z]{4}\b/.exec(page.text)?.[0] };
      }
    }
    throw new Error(`no end after ${STEPS} pages`);
  }

  #posted(form, answer, url) {
    const policy = answer.headers.get('content-security-policy') ?? '';
    const targets = /form-action([^;]*)/.exec(policy)?.[1] ?? '';
    if (/'self'|'none'/.test(targets)) throw new Error(`form-action would stop the post: ${policy}`);
    if (answer.status !== 200 || form.method !== 'post' || !form.button) throw new Error('a page that posts to an app is a 200 with a button');
    return { posted: new URL(form.action, url), fields: new URLSearchParams(form.inputs) };
  }

  #submit(form, at, typed) {
    if (form.method !== 'post') throw new Error(`the form at ${at} is sent by ${form.method}`);
    const body = new URLSearchParams(form.inputs.map(([name, value]) => [name, typed[name] ?? value]));
    if (form.button?.name) body.append(form.button.name, form.button.value ?? '');
    return this.#send('POST', new URL(form.action || at, at), body.toString(), true);
  }
}
