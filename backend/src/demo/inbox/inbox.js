'use strict';
// Keeps the inbox fresh. Without it the page is the same and a reload does the work.
(() => {
  const list = document.getElementById('messages');
  const empty = document.getElementById('empty');
  const status = document.getElementById('status');
  const to = new URLSearchParams(location.search).get('to') || '';
  const address = '/inbox.json?to=' + encodeURIComponent(to);
  const shown = 100;
  const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });

  const keyOf = (message) => message.at + ' ' + message.code;

  function grouped(digits) {
    const indian = /^91(\d{5})(\d{5})$/.exec(digits);
    return indian ? '+91 ' + indian[1] + ' ' + indian[2] : '+' + digits;
  }

  function part(tag, name, text) {
    const element = document.createElement(tag);
    element.className = name;
    element.textContent = text;
    return element;
  }

  function row(message) {
    const item = part('li', 'message fresh', '');
    item.dataset.key = keyOf(message);
    const head = part('p', 'head', '');
    const time = part('time', '', '');
    time.dateTime = message.at;
    head.append(part('span', 'to', grouped(message.to)), ' ', part('span', 'channel', message.channel), ' ', time);
    const code = part('p', 'code-row', '');
    const copy = part('button', 'copy', 'Copy');
    copy.type = 'button';
    copy.dataset.copy = message.code;
    copy.setAttribute('aria-label', 'Copy the code ' + message.code);
    code.append(part('span', 'code', message.code), ' ', copy);
    item.append(head, part('p', 'text', message.text), code);
    dress(item);
    return item;
  }

  // What only a script can do: the reader's own clock, and copying.
  function dress(item) {
    const time = item.querySelector('time');
    time.textContent = clock.format(new Date(time.dateTime));
    item.querySelector('.copy').hidden = !navigator.clipboard;
  }

  function show(messages) {
    const wanted = messages.slice(0, shown);
    const keys = new Set(wanted.map(keyOf));
    for (const item of [...list.children]) if (!keys.has(item.dataset.key)) item.remove();
    const present = new Set([...list.children].map((item) => item.dataset.key));
    const fresh = wanted.filter((message) => !present.has(keyOf(message)));
    list.prepend(...fresh.map(row));
    empty.hidden = list.children.length > 0;
    if (fresh.length) say('New message to ' + grouped(fresh[0].to) + '.');
  }

  function say(text) {
    if (status.textContent !== text) status.textContent = text;
  }

  async function refresh() {
    try {
      const answer = await fetch(address, { headers: { accept: 'application/json' } });
      if (!answer.ok) throw new Error(String(answer.status));
      show(await answer.json());
      if (status.dataset.lost) say('');
      delete status.dataset.lost;
    } catch {
      status.dataset.lost = 'yes';
      say('The demo does not answer; trying again.');
    }
  }

  list.addEventListener('click', async (event) => {
    const button = event.target.closest('.copy');
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = 'Copied';
      say('Code copied.');
      setTimeout(() => { button.textContent = 'Copy'; }, 1600);
    } catch {
      say('The browser did not allow copying; select the code instead.');
    }
  });

  for (const item of list.children) dress(item);
  // A hidden tab does not poll; it catches up when it is looked at.
  setInterval(() => { if (!document.hidden) refresh(); }, 1500);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
})();
