// The console’s first page: today’s examinations, what needs attention, new bookings.
const { useEffect } = React;
const { html } = examdesk;

/** A part of the page, with its heading and what stands beside that. */
const card = (id, title, aside, content) => html`
  <section className="card" aria-labelledby=${id}>
    <div className="summary-head"><h2 id=${id}>${title}</h2>${aside}</div>
    ${content}
  </section>`;

function today({ count, href, rows }) {
  const list = rows.map(
    (booking) => html`
      <li key=${booking.id}>
        <time dateTime=${booking.startsAt}>
          ${examdesk.clock(booking.startsAt, booking.timezone)}<small className="muted"> ${examdesk.placeOf(booking.timezone)}</small>
        </time>
        <a href="/admin/resources/bookings/records/${booking.id}/show">${booking.reference}</a>
        <span className="note">${booking.specialist}, ${booking.typeWords.toLowerCase()}</span>
        ${examdesk.pill(booking.currentProgress, booking.progressWords)}
      </li>`,
  );
  const all = html`<a href=${href} aria-label="${count} examinations today: the list"><strong>${count}</strong></a>`;
  return card(
    'today',
    'Examinations today',
    all,
    html`
      ${count === 0 ? html`<p className="muted">No examination takes place today.</p>` : html`<ul className="console-today">${list}</ul>`}
      ${count > rows.length && html`<p><a href=${href}>All ${count} examinations of today</a></p>`}`,
  );
}

const attentionItem = ({ label, count, href, repair }) => html`
  <li key=${label} className="panel-warn">
    <${href ? 'a' : 'span'} href=${href ?? undefined} className="console-attention-label">
      ${count === null ? html`<strong aria-hidden="true">!</strong>` : html`<strong>${examdesk.countWords(count)}</strong>`}
      <span>${label}</span>
    <//>
    ${repairOf(repair)}
  </li>`;

/** A page, an action for all of them, or who can do it. */
function repairOf({ label, href, bulk }) {
  if (href) return html`<a className="button button-second" href=${href}>${label}</a>`;
  if (!bulk) return html`<span className="note">${label}</span>`;
  const sent = Object.entries({ ...bulk, which: 'all' });
  return html`
    <form method="post" action="/admin/bulk">
      ${sent.map(([name, value]) => html`<input key=${name} type="hidden" name=${name} value=${value} />`)}
      <button className="button button-second">${label}</button>
    </form>`;
}

/** After the last of its kind was repaired or passed over. */
function Last({ attention }) {
  const { search } = ReactRouter.useLocation();
  const id = new URLSearchParams(search).get('last');
  const kind = id && attention.find((entry) => entry.id === id);
  if (!kind) return null;
  const none = `None left: ${kind.label}.`;
  const passed = `${kind.label}: there is no other one to look at.`;
  return html`<p className="console-next" role="status">${kind.count === 0 ? none : passed}</p>`;
}

function needsAttention(attention) {
  const open = attention.filter(({ count }) => count !== 0);
  const items = html`<ul className="console-attention">${open.map(attentionItem)}</ul>`;
  return card(
    'attention',
    'Needs attention',
    null,
    open.length > 0 ? items : html`<p className="muted">All clear</p>`,
  );
}

const tool = ({ href, label, about }) => html`
  <li key=${href}><a href=${href}>${label}</a><small className="note">${about}</small></li>`;

function Dashboard() {
  const [found, again] = examdesk.useAnswer('/admin/api/dashboard');
  useEffect(() => {
    document.title = 'Today – Examdesk';
  }, []);
  const page = (day, parts) => html`
    <div className="console-dashboard"><h1>Today<small className="muted"> ${day}</small></h1>${parts}</div>`;
  if (!found) return page('', html`<p role="status">Loading…</p>`);
  const { ok, answer } = found;
  if (!ok)
    return page(
      '',
      html`
        <div className="card" role="alert">
          <p className="field-error">${answer.detail}</p>
          <button type="button" className="button" onClick=${again}>Try again</button>
        </div>`,
    );
  const format = new Intl.DateTimeFormat('en-AU', { dateStyle: 'full', timeZone: 'UTC' });
  const figures = html`<a href="/admin/figures">All figures</a>`;
  // Drawn by the server.
  const weeks = html`<div dangerouslySetInnerHTML=${{ __html: answer.drawing }} />`;
  const tools = html`<ul className="console-toolbox">${answer.tools.map(tool)}</ul>`;
  return page(
    format.format(new Date(answer.day)),
    html`
      <${Last} ...${answer} />
      ${needsAttention(answer.attention)}
      <div className="console-columns">
        ${today(answer.today)}${card('weeks', 'New bookings a week', figures, weeks)}
      </div>
      ${card('tools', 'Tools', null, tools)}`,
  );
}

Object.assign(AdminJS.UserComponents, { ConsoleDashboard: Dashboard });
