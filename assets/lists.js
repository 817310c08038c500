// Gives every value of a list a field of its own: addresses as lines, words as chips. Without it a list is typed as text, and
// that text is what is sent in both cases.
'use strict';
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const first = (word) => word[0].toUpperCase() + word.slice(1);
  const sprite = one('svg use').getAttribute('href').split('#')[0];

  function icon(name) {
    const drawing = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    drawing.setAttribute('class', 'i i-sm');
    drawing.setAttribute('aria-hidden', 'true');
    const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
    use.setAttribute('href', `${sprite}#${name}`);
    drawing.append(use);
    return drawing;
  }

  function make(name, attributes, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  // What is said of the control is said of what takes its place; its label and the list of errors lead there too.
  function stand(place, control) {
    for (const name of ['aria-describedby', 'aria-invalid']) {
      if (control.hasAttribute(name)) place.setAttribute(name, control.getAttribute(name));
    }
    control.hidden = true;
    control.removeAttribute('id');
  }

  // --- Lines: one field each ---
  function lines(area) {
    const what = area.dataset.each;
    const { id } = area;
    const list = make('ul', { class: 'addr' });
    const fields = () => all('input', list);
    const add = one(`[data-add-to="${id}"]`)
      || make('button', { class: 'btn mt-2', 'data-size': 'sm', type: 'button' }, icon('plus'), `Add ${what}`);

    function settle() {
      fields().forEach((field, index) => {
        field.setAttribute('aria-label', `${first(what)} ${index + 1}`);
        field.nextSibling.setAttribute('aria-label', `Remove ${what} ${index + 1}`);
        field.nextSibling.hidden = fields().length === 1 && field.value === '';
        if (index === 0) field.id = id;
        else field.removeAttribute('id');
      });
      area.value = fields().map((field) => field.value.trim()).filter(Boolean).join('\n');
      if (!add.dataset.addTo) add.hidden = fields().some((field) => field.value.trim() === '');
    }

    function row(value, after = null) {
      const field = make('input', { class: area.className, type: 'text', autocapitalize: 'none', spellcheck: 'false' });
      field.value = value;
      stand(field, area);
      const remove = make('button', { class: 'icon-btn', type: 'button' }, icon('x'));
      const item = make('li', {}, field, remove);
      if (after) after.after(item);
      else list.append(item);
      field.addEventListener('input', settle);
      field.addEventListener('keydown', (event) => {
        if (event.key !== 'Enter' || event.isComposing) return;
        event.preventDefault();
        if (field.value.trim() !== '') row('', item).focus();
        settle();
      });
      field.addEventListener('paste', (event) => {
        const parts = event.clipboardData.getData('text').split('\n').map((part) => part.trim()).filter(Boolean);
        if (parts.length < 2) return;
        event.preventDefault();
        if (field.value.trim() === '') field.value = parts.shift();
        let last = item;
        for (const part of parts) last = row(part, last).parentElement;
        one('input', last).focus();
        settle();
      });
      remove.addEventListener('click', () => {
        const left = fields().filter((other) => other !== field);
        if (left.length === 0) field.value = '';
        else item.remove();
        (left[0] || field).focus();
        settle();
      });
      return field;
    }

    const values = area.value.split('\n').map((line) => line.trim()).filter(Boolean);
    for (const value of values.length > 0 ? values : ['']) row(value);
    area.after(list);
    if (add.dataset.addTo) add.parentElement.hidden = false;
    else list.after(add);
    add.addEventListener('click', () => {
      const empty = fields().find((field) => field.value.trim() === '');
      (empty || row('')).focus();
      settle();
    });
    const hint = one(`[id="${id}-hint"]`);
    if (hint) hint.textContent = hint.textContent.replace(/^One per line[.:]? ?/, '');
    settle();
    if (hint && area.name === 'redirect_uris') judge(list, hint);
  }

  // Says what is right with addresses, and what looks like a slip; what counts is checked when they are saved.
  function judge(list, hint) {
    const own = hint.textContent;
    function look() {
      const values = all('input', list).map((field) => field.value.trim()).filter(Boolean);
      const bare = values.map((value) => value.replace(/\/$/, ''));
      const twins = bare.findIndex((value, index) => bare.indexOf(value) !== index);
      const secure = values.length > 0 && values.every((value) => /^https:\/\/[^/?#]+[^#]*$/.test(value));
      hint.className = secure && twins < 0 ? 'ok-line' : 'hint under';
      if (twins >= 0) {
        hint.textContent = `${values[bare.indexOf(bare[twins])]} and ${values[twins]}: is one of them enough? They are compared letter for letter.`;
      } else if (secure) {
        const who = ['', 'It is', 'Both are'][values.length] || 'All are';
        hint.replaceChildren(icon('check'), `${who} https. Compared letter for letter.`);
      } else {
        hint.textContent = own;
      }
    }
    list.addEventListener('input', look);
    list.addEventListener('click', () => setTimeout(look));
    look();
  }

  // --- Words: a chip each ---
  function chips(field) {
    const what = field.dataset.chips;
    const { id } = field;
    const row = make('div', { class: 'row row-2 wrap', role: 'group' });
    row.setAttribute('aria-labelledby', field.getAttribute('aria-labelledby'));
    const add = make('button', { class: 'chip', 'data-add': '', type: 'button' }, icon('plus'), first(what));
    const words = () => field.value.split(/\s+/).filter(Boolean);
    stand(row, field);
    row.removeAttribute('aria-invalid');
    add.id = id;

    function chip(word) {
      const text = make('code', {}, word);
      if (word === field.dataset.fixed) return make('span', { class: 'chip' }, text, make('span', { class: 'dim pe' }, 'always'));
      const remove = make('button', { type: 'button', 'aria-label': `Remove ${what} ${word}` }, icon('x'));
      remove.addEventListener('click', () => {
        field.value = words().filter((other) => other !== word).join(' ');
        draw();
        add.focus();
      });
      return make('span', { class: 'chip' }, text, remove);
    }

    function draw() {
      row.replaceChildren(...words().map(chip), add);
    }

    add.addEventListener('click', () => {
      const input = make('input', { class: 'input mono chip-input', type: 'text', 'aria-label': `New ${what}`, autocapitalize: 'none', spellcheck: 'false' });
      let over = false;
      function take(keep) {
        if (over) return;
        over = true;
        const typed = keep ? input.value.split(/\s+/).filter(Boolean) : [];
        field.value = [...new Set([...words(), ...typed])].join(' ');
        draw();
      }
      input.addEventListener('keydown', (event) => {
        if (!['Enter', ' ', 'Escape'].includes(event.key) || event.isComposing) return;
        event.preventDefault();
        take(event.key !== 'Escape');
        add.focus();
      });
      input.addEventListener('blur', () => take(true));
      add.replaceWith(input);
      input.focus();
    });
    field.after(row);
    const hint = one(`[id="${id}-hint"]`);
    if (hint) hint.textContent = hint.textContent.replace(/^Separated by spaces\. ?/, '');
    draw();
  }

  for (const area of all('textarea[data-each]')) if (!area.matches(':disabled')) lines(area);
  for (const field of all('input[data-chips]')) if (!field.matches(':disabled')) chips(field);

  // A box that is always ticked keeps its place among the others, and its reason.
  document.addEventListener('click', (event) => {
    if (event.target.closest('input[aria-disabled=true]')) event.preventDefault();
  });
})();
