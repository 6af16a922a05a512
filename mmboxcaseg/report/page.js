'use strict';
const FIRST = 12;  // Masks of a group that are shown at once.
const by = id => document.getElementById(id);
const groups = [...document.querySelectorAll('.group')].map(section => ({
  section,
  box: section.querySelector('.cards'),
  cards: [...section.querySelectorAll('.card')],
  more: section.querySelector('.more'),
  none: section.querySelector('.none'),
  all: false,
}));
const scores = ['confidence', 'agreement'].filter(name => by(`${name}-low`));
const bounds = scores.flatMap(name => [`${name}-low`, `${name}-high`]);

// A field that was emptied bounds nothing.
const bound = (id, otherwise) =>
  by(id).value === '' ? otherwise : Number(by(id).value);

function update() {
  const wanted = by('class-filter').value;
  const ranges = scores.map(
    name => [name, bound(`${name}-low`, 0), bound(`${name}-high`, 1)]);
  const [sortBy, direction] = by('sort').value.split(' ');
  let passed = 0, total = 0;
  for (const group of groups) {
    const ordered = [...group.cards];
    if (direction) {
      ordered.sort((a, b) =>
        Number(direction) * (a.dataset[sortBy] - b.dataset[sortBy]));
    }
    group.box.append(...ordered);
    const found = ordered.filter(card =>
      (!wanted || card.dataset.class === wanted) &&
      ranges.every(([name, low, high]) => {
        const score = Number(card.dataset[name]);
        return score >= low && score <= high;
      }));
    const shown = new Set(group.all ? found : found.slice(0, FIRST));
    for (const card of group.cards) card.hidden = !shown.has(card);
    group.none.hidden = found.length > 0;
    group.more.hidden = found.length <= FIRST;
    group.more.textContent =
      group.all ? 'Show fewer' : `Show all ${found.length}`;
    passed += found.length;
    total += group.cards.length;
  }
  by('found').textContent = `${passed} of ${total} pictures`;
}

function sortTable(heading) {
  const row = heading.parentElement;
  const column = [...row.children].indexOf(heading);
  // Names begin at A, numbers at the highest.
  const first = column === 0 ? 'ascending' : 'descending';
  const second = column === 0 ? 'descending' : 'ascending';
  const order = heading.getAttribute('aria-sort') === first ? second : first;
  for (const other of row.children) other.setAttribute('aria-sort', 'none');
  heading.setAttribute('aria-sort', order);
  const sign = order === 'ascending' ? 1 : -1;
  const body = by('classes').tBodies[0];
  const value = tr => tr.children[column].dataset.value;
  const compare = column === 0
    ? (a, b) => value(a).localeCompare(value(b))
    : (a, b) => value(a) - value(b);
  body.append(...[...body.rows].sort((a, b) => sign * compare(a, b)));
}

for (const id of ['class-filter', ...bounds, 'sort']) {
  by(id).addEventListener('input', update);
}
by('filters').addEventListener('reset', () => setTimeout(update));
by('filters').addEventListener('submit', event => event.preventDefault());
for (const group of groups) {
  group.more.addEventListener('click', () => {
    group.all = !group.all;
    update();
  });
}
for (const heading of document.querySelectorAll('#classes thead th')) {
  heading.addEventListener('click', () => sortTable(heading));
}
for (const button of document.querySelectorAll('.show')) {
  button.addEventListener('click', () => {
    by('class-filter').value = button.dataset.class;
    update();
    by('gallery').scrollIntoView();
  });
}
update();
