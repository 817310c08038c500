// Makes pages quicker to use. Every page works without it: actions are links and forms.
'use strict';
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const typing = (element) => element.matches('input, textarea, select, [contenteditable]');

  // What a screen reader hears without losing its place.
  const announcer = document.createElement('div');
  announcer.className = 'sr';
  announcer.setAttribute('role', 'status');
  document.body.append(announcer);
  function announce(text) {
    announcer.textContent = '';
    setTimeout(() => { announcer.textContent = text; }, 50);
  }

  // Parts that mean something only with script.
  for (const part of all('[data-key], [data-copy]')) part.hidden = false;

  // --- Copy: says so in place for two seconds ---
  async function copy(button) {
    const label = one('span', button);
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      // No permission, or plain http: select the value so that the person can copy it.
      const value = one('code', button.parentElement);
      if (value) getSelection().selectAllChildren(value);
      announce('Press Ctrl and C to copy.');
      return;
    }
    label.textContent = 'Copied';
    button.dataset.done = '';
    announce('Copied');
    setTimeout(() => {
      label.textContent = 'Copy';
      delete button.dataset.done;
    }, 2000);
  }

  // --- A tile that takes long says that it is opening ---
  function opening(link) {
    const card = link.closest('.tile-card');
    setTimeout(() => {
      const line = one('small', card) || link.parentElement.appendChild(document.createElement('small'));
      card.dataset.opening = line.textContent;
      line.textContent = 'Opening…';
      announce(`Opening ${link.textContent}`);
    }, 400);
  }

  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-copy]');
    if (button) copy(button);
    const link = event.target.closest('.tile-card a.go[href^="/launch/"]');
    if (link && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey) opening(link);
    for (const menu of all('details.menu[open]')) if (!menu.contains(event.target)) menu.open = false;
  });

  // Coming back with the Back button shows the tile as it was.
  addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    for (const card of all('[data-opening]')) {
      one('small', card).textContent = card.dataset.opening;
      delete card.dataset.opening;
    }
  });

  // --- Live filter of the tiles ---
  const find = one('[data-find]');
  const plain = (text) => text.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '');
  const tiles = all('[data-filter] [data-words]');
  const shown = () => all('[data-grid] .tile-card:has(a.go)').filter((card) => card.offsetParent !== null);
  function filter() {
    const words = plain(find.value).split(/\s+/).filter(Boolean);
    let matches = 0;
    for (const tile of tiles) {
      const text = plain(tile.dataset.words);
      tile.hidden = !words.every((word) => text.includes(word));
      if (!tile.hidden) matches += 1;
    }
    // A favourite is not in the list below, so favourites stay in sight and filter too.
    for (const card of all('[data-hide-on-find] .tile-card')) {
      const text = plain(one('.go', card).textContent);
      card.hidden = !words.every((word) => text.includes(word));
      if (!card.hidden) matches += 1;
    }
    // A heading over nothing says nothing: its section goes until something under it matches again.
    const lists = all('[data-hide-on-find]').concat(matches > 0 ? all('section:has([data-filter])') : []);
    for (const section of all('section:has([data-filter])')) section.hidden = false;
    for (const section of lists) section.hidden = all('.tile-card', section).every((card) => card.hidden);
    const nothing = one('[data-nothing]');
    if (nothing) nothing.hidden = matches > 0;
    announce(matches === 1 ? '1 app' : `${matches} apps`);
  }
  if (find && tiles.length > 0) {
    let timer;
    find.addEventListener('input', () => {
      clearTimeout(timer);
      timer = setTimeout(filter, 80);
    });
    find.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      find.value = '';
      filter();
    });
  }

  // --- Arrow keys in the grid: to the nearest tile in that direction ---
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  function neighbour(card, [dx, dy]) {
    const centre = (element) => {
      const box = element.getBoundingClientRect();
      return [box.x + box.width / 2, box.y + box.height / 2];
    };
    const [x, y] = centre(card);
    let best = null;
    let least = Infinity;
    for (const other of shown()) {
      const [ox, oy] = centre(other);
      const ahead = (ox - x) * dx + (oy - y) * dy;
      if (other === card || ahead < 4) continue;
      const aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
      if (ahead + aside * 3 < least) [best, least] = [other, ahead + aside * 3];
    }
    return best;
  }

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === '/' && find && !typing(event.target)) {
      event.preventDefault();
      find.focus();
      find.select();
      return;
    }
    if (event.key === 'Escape') {
      const close = one('[data-close]');
      if (close && !typing(event.target)) close.click();
      for (const menu of all('details.menu[open]')) {
        menu.open = false;
        one('summary', menu).focus();
      }
    }
    const link = event.target.closest('[data-grid] a.go');
    if (!link) return;
    const card = link.closest('.tile-card');
    if (STEPS[event.key]) {
      const next = neighbour(card, STEPS[event.key]);
      if (next) {
        event.preventDefault();
        one('a.go', next).focus();
      }
    } else if (event.key === 'f' || event.key === 'F') {
      one('form', card).requestSubmit();
    }
  });

  // --- A form that came back with errors: the summary comes first ---
  const summary = one('[data-summary]');
  if (summary) summary.focus();
})();
