// The review: one mask at a time, decided by keys or buttons. Decisions are
// kept in the browser until they are saved as a file.
(() => {
  const section = by('review');
  const figures = [...section.querySelectorAll('.review-card')];
  if (!figures.length) return;
  const REVIEWS = ['accepted', 'rejected', 'unsure'];
  const VERSION = 1;
  const stage = by('review-cards');
  // Ids stay the text that they are in json, in which numbers of any length
  // keep their digits.
  const cards = figures.map(figure => ({
    figure, id: figure.dataset.id, mask: figure.dataset.mask,
  }));
  const place = new Map(cards.map((card, index) => [card.id, index]));
  const earlier = new Map(
    Object.entries(JSON.parse(by('review-earlier').textContent))
      .map(([id, [review, mask]]) => [id, {review, mask}]));
  const digest = section.dataset.masks;
  const KEY = `boxcaseg-review:${digest}`;
  let decisions = new Map();  // By id: what was decided, of which mask.
  let saved = true;           // Whether a file has all of them.
  let stored = true;          // Whether the browser keeps them.
  let at = 0;
  const history = [];

  function warn(text) {
    by('review-warning').textContent = text;
    by('review-warning').hidden = false;
  }

  function say(text) {
    by('review-state').textContent = text;
  }

  // What the browser has kept, and another tab may have changed since.
  function recall() {
    if (!stored) return;
    let text;
    try {
      text = localStorage.getItem(KEY);
    } catch {
      return lose();
    }
    try {
      const kept = JSON.parse(text ?? 'null');
      decisions = new Map(
        (kept?.decisions ?? []).map(([id, review, mask]) =>
          [id, {review, mask}]));
      saved = kept?.saved ?? true;
    } catch {
      decisions = new Map();
    }
    for (const [id, decision] of earlier) {
      if (!place.has(id) || !decisions.has(id)) decisions.set(id, decision);
    }
  }

  function store() {
    if (!stored) return;
    const kept = [...decisions].map(([id, {review, mask}]) =>
      [id, review, mask]);
    try {
      localStorage.setItem(KEY, JSON.stringify({saved, decisions: kept}));
    } catch {
      lose();
    }
  }

  function lose() {
    stored = false;
    warn('This browser keeps nothing for this page: save the decisions ' +
      'before you close or reload it.');
  }

  // Sets or deletes decisions; returns what there was before.
  function change(changes) {
    recall();
    const before = changes.map(([id]) => [id, decisions.get(id)]);
    for (const [id, decision] of changes) {
      if (decision) decisions.set(id, decision);
      else decisions.delete(id);
    }
    saved = false;
    store();
    return before;
  }

  function show(index) {
    at = index;
    draw();
  }

  function draw() {
    const counts = {accepted: 0, rejected: 0, unsure: 0};
    cards.forEach((card, index) => {
      const review = decisions.get(card.id)?.review;
      if (review) counts[review] += 1;
      card.figure.hidden = index !== at;
      card.dot.dataset.review = review ?? '';
      if (index === at) card.dot.setAttribute('aria-current', 'true');
      else card.dot.removeAttribute('aria-current');
    });
    const decided = counts.accepted + counts.rejected + counts.unsure;
    by('review-count').textContent =
      `${decided} / ${cards.length} decided: ` +
      REVIEWS.map(review => `${counts[review]} ${review}`).join(', ');
    const review = decisions.get(cards[at].id)?.review;
    for (const button of section.querySelectorAll('.decide button')) {
      button.setAttribute(
        'aria-pressed', String(button.dataset.review === review));
    }
    by('review-previous').disabled = at === 0;
    by('review-next').disabled = at === cards.length - 1;
    by('review-undo').disabled = !history.length;
    by('review-save').disabled = by('review-clear').disabled =
      !decisions.size;
    const dots = by('review-dots');
    const dot = cards[at].dot;
    // Not scrollIntoView, which moves the page too.
    if (dot.offsetTop < dots.scrollTop ||
        dot.offsetTop + dot.offsetHeight > dots.scrollTop +
        dots.clientHeight) {
      dots.scrollTop = dot.offsetTop - dots.clientHeight / 2;
    }
  }

  function unsavedText() {
    if (!decisions.size) return 'Nothing decided yet.';
    if (saved) return 'All decisions are saved in a file.';
    return stored
      ? 'Kept in this browser, not yet saved in a file.'
      : 'Not yet saved in a file.';
  }

  // The next mask that is not decided, from the one after this; none: -1.
  function nextOpen() {
    for (let step = 1; step <= cards.length; step += 1) {
      const index = (at + step) % cards.length;
      if (!decisions.has(cards[index].id)) return index;
    }
    return -1;
  }

  function decide(review) {
    const {id, mask} = cards[at];
    history.push([at, change([[id, {review, mask}]])]);
    const next = nextOpen();
    say(next < 0 ? `All are decided. ${unsavedText()}` : unsavedText());
    show(next < 0 ? Math.min(at + 1, cards.length - 1) : next);
  }

  function undo() {
    if (!history.length) return;
    const [index, before] = history.pop();
    change(before);
    say(unsavedText());
    show(index);
  }

  function move(step) {
    show(Math.min(Math.max(at + step, 0), cards.length - 1));
  }

  function toggleMask() {
    const hidden = stage.classList.toggle('maskless');
    by('review-mask').setAttribute('aria-pressed', String(!hidden));
  }

  // The masks of the page first, in their order.
  function fileText() {
    const ids = [...cards.map(card => card.id).filter(id => decisions.has(id)),
      ...[...decisions.keys()].filter(id => !place.has(id))];
    const lines = ids.map(id => {
      const {review, mask} = decisions.get(id);
      return `{"id": ${id}, "review": "${review}", "mask": "${mask}"}`;
    });
    const masks = JSON.stringify({file: section.dataset.file, sha256: digest});
    return `{"version": ${VERSION},\n"masks": ${masks},\n` +
      `"decisions": [\n${lines.join(',\n')}\n]}\n`;
  }

  function save() {
    recall();
    const link = document.createElement('a');
    const address = URL.createObjectURL(
      new Blob([fileText()], {type: 'application/json'}));
    link.href = address;
    link.download = 'decisions.json';
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    saved = true;
    store();
    say(`${decisions.size} decisions saved.`);
    draw();
  }

  // Takes the decisions of a file, as one step that undo takes back.
  function load(name, text) {
    let content;
    try {
      content = JSON.parse(text);
    } catch {
      content = null;
    }
    if (!Array.isArray(content?.decisions) || content.version !== VERSION) {
      say(`${name} is no decisions.json of version ${VERSION}.`);
      return;
    }
    const same = content.masks?.sha256 === digest;
    const changes = [];
    let changed = 0, other = 0, kept = 0;
    for (const entry of content.decisions) {
      const id = JSON.stringify(entry?.id);
      const review = entry?.review, mask = String(entry?.mask);
      const card = cards[place.get(id)];
      if (!REVIEWS.includes(review) || !/^[0-9a-f]+$/.test(mask)) other += 1;
      else if (card ? card.mask === mask : same) {
        changes.push([id, {review, mask}]);
        if (!card) kept += 1;
      } else if (card) changed += 1;
      else other += 1;
    }
    if (changes.length) history.push([at, change(changes)]);
    const parts = [`${changes.length - kept} decisions loaded.`];
    if (kept) {
      parts.push(`${kept} about masks that are not on this page will be ` +
        'saved with them.');
    }
    if (changed) {
      parts.push(`${changed} are about masks that have changed since; not ` +
        'loaded.');
    }
    if (other) {
      parts.push(`${other} are about no mask of this page; not loaded.`);
    }
    say(parts.join(' '));
    const next = decisions.has(cards[at].id) ? nextOpen() : at;
    show(next < 0 ? at : next);
  }

  function clear() {
    history.push([at, change([...decisions.keys()]
      .filter(id => place.has(id) || !earlier.has(id))
      .map(id => [id, earlier.get(id)]))]);
    say('Cleared. Undo brings the decisions back.');
    draw();
  }

  // Keys count where the mask can be seen, and not in a field.
  function onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey ||
        event.target.closest('input, select, textarea')) return;
    const {top, bottom} = stage.getBoundingClientRect();
    const middle = (top + bottom) / 2;
    if (middle < 0 || middle > innerHeight) return;
    const moves = {ArrowLeft: -1, ArrowRight: 1, p: -1, n: 1};
    const reviews = {a: 'accepted', r: 'rejected', u: 'unsure'};
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key in moves) move(moves[key]);
    // A key that is held down decides one mask, not all that follow.
    else if (key in reviews) event.repeat || decide(reviews[key]);
    else if (key === 'z') event.repeat || undo();
    else if (key === 'm') event.repeat || toggleMask();
    else return;
    event.preventDefault();
  }

  cards.forEach((card, index) => {
    card.dot = document.createElement('button');
    card.dot.type = 'button';
    card.dot.setAttribute('aria-label', `Mask ${index + 1}`);
    card.dot.addEventListener('click', () => show(index));
    by('review-dots').append(card.dot);
  });
  for (const button of section.querySelectorAll('.decide button')) {
    button.addEventListener('click', () => decide(button.dataset.review));
  }
  by('review-previous').addEventListener('click', () => move(-1));
  by('review-next').addEventListener('click', () => move(1));
  by('review-undo').addEventListener('click', undo);
  by('review-mask').addEventListener('click', toggleMask);
  by('review-save').addEventListener('click', save);
  by('review-clear').addEventListener('click', clear);
  by('review-load').addEventListener('click', () => by('review-file').click());
  by('review-file').addEventListener('change', async event => {
    const [file] = event.target.files;
    if (!file) return;
    load(file.name, await file.text());
    // The same file can be chosen again.
    event.target.value = '';
  });
  document.addEventListener('keydown', onKey);
  addEventListener('storage', event => {
    if (event.key !== KEY && event.key !== null) return;
    recall();
    draw();
  });
  addEventListener('beforeunload', event => {
    if (!stored && !saved) event.preventDefault();
  });
  try {
    localStorage.setItem(`${KEY}:`, '');
    localStorage.removeItem(`${KEY}:`);
    recall();
  } catch {
    lose();
    decisions = new Map(earlier);
  }
  const open = cards.findIndex(card => !decisions.has(card.id));
  say(unsavedText());
  show(Math.max(open, 0));
})();
