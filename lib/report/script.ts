/**
 * The script of the report, run by the browser: searches and filters the tables. What is looked for is
 * kept behind the # of the address, so that a link shows the same. Without it the page shows everything.
 */
export const SCRIPT = `
'use strict';
const filter = document.getElementById('filter');
const [search, server, state] = ['search', 'server', 'state'].map((id) => document.getElementById(id));
const rows = [...document.querySelectorAll('tr[data-text]')];

function apply() {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  for (const row of rows) {
    const { text, server: from, states } = row.dataset;
    row.hidden = !(
      words.every((word) => text.includes(word)) &&
      (server.value === '' || from === server.value) &&
      (state.value === '' || states.split(' ').includes(state.value))
    );
  }
  for (const body of document.querySelectorAll('tbody')) {
    body.hidden = [...body.querySelectorAll('tr[data-text]')].every((row) => row.hidden);
  }
  const containers = rows.filter((row) => row.closest('table.containers'));
  const shown = containers.filter((row) => !row.hidden).length;
  document.getElementById('shown').textContent = shown + ' of ' + containers.length + ' containers';
}

function read() {
  const asked = new URLSearchParams(location.hash.slice(1));
  search.value = asked.get('q') || '';
  server.value = asked.get('server') || '';
  state.value = asked.get('state') || '';
  apply();
}

function changed() {
  const asked = new URLSearchParams();
  if (search.value) asked.set('q', search.value);
  if (server.value) asked.set('server', server.value);
  if (state.value) asked.set('state', state.value);
  history.replaceState(null, '', '#' + asked);
  apply();
}

filter.hidden = false;
filter.addEventListener('input', changed);
addEventListener('hashchange', read);
read();
`;
