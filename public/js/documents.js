// Files go one by one, each with its progress, and can be cancelled and sent again. Without this script the form
// sends them all in one request. The server decides by the content; what is checked here only spares the wait.
// Browsers tell late of what has gone. Who cancels when the rest may have gone meanwhile is not told that it has not:
// only the server knows.
const lateMs = 500;
/** In so long a fast line takes as much. */
const burstBytes = 3_000_000;
const listTells = 'If it was stored all the same, the list shows it in a moment';
const found = document.querySelector('form.document-upload');
if (found instanceof HTMLFormElement) await enhance(found);

async function enhance(form) {
  const { rowFor, timeLeft } = await import(form.dataset.uploadRow);
  /** From which size on files go to the store directly. */
  let directFrom = await firstDirectSize(form.dataset);
  const input = form.querySelector('input[type="file"]');
  const category = form.querySelector('select[name="category"]');
  const section = form.closest('section');
  const uploads = section.querySelector('[data-uploads]');
  const news = section.querySelector('[data-upload-news]');
  const list = section.querySelector('[data-document-list]');
  const limits = {
    bytes: Number(form.dataset.maxBytes),
    files: Number(form.dataset.maxFiles),
    extensions: input.accept.toLowerCase().split(','),
  };
  const waiting = [];
  let running = 0;
  form.querySelector('.document-drop').hidden = false;

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    // submit-once.js is for forms that leave the page.
    event.stopPropagation();
    const files = [...input.files];
    const tooMany = files.length > limits.files;
    showError(tooMany ? `Choose ${limits.files} files or fewer, and send the others after` : '');
    if (tooMany) return;
    for (const file of files) add(file, category.value);
    form.reset();
    next();
  });

  for (const type of ['dragenter', 'dragover']) {
    form.addEventListener(type, (event) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      form.classList.add('is-over');
    });
  }
  form.addEventListener('dragleave', (event) => {
    if (!form.contains(event.relatedTarget)) form.classList.remove('is-over');
  });
  form.addEventListener('drop', (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    form.classList.remove('is-over');
    input.files = event.dataTransfer.files;
    const count = input.files.length;
    if (category.value) {
      form.requestSubmit();
      return;
    }
    tell(`${count === 1 ? 'One file' : `${count} files`} chosen. Choose a category, then upload.`);
    category.focus();
  });

  window.addEventListener('beforeunload', (event) => {
    if (running > 0 || waiting.length > 0) event.preventDefault();
  });

  function add(file, chosen) {
    const row = rowFor(file.name);
    const upload = { file, category: chosen, row, cancelling: null, known: null, mayHaveGone: false };
    uploads.append(row.item);
    uploads.hidden = false;
    const fault = faultOf(file);
    if (fault) return refuse(upload, fault, false);
    enqueue(upload);
  }

  function enqueue(upload) {
    const { row } = upload;
    row.item.classList.remove('upload-failed');
    row.progress.hidden = false;
    row.progress.value = 0;
    row.state.textContent = 'Waiting';
    row.setAction('Cancel', () => {
      const at = waiting.indexOf(upload);
      if (at >= 0) waiting.splice(at, 1);
      if (upload.cancelling) upload.cancelling.abort();
      else refuse(upload, 'Cancelled.', true);
    });
    waiting.push(upload);
  }

  // One after the other: each has the whole line, and its time left can be told.
  function next() {
    const upload = running === 0 ? waiting.shift() : undefined;
    if (upload) void send(upload);
  }

  async function send(upload) {
    const { row, file } = upload;
    upload.cancelling = new AbortController();
    upload.known ??= new Set(listed().map(({ id }) => id));
    running += 1;
    row.state.textContent = 'Sending';
    const startedAt = performance.now();
    let before = null;
    const progress = (sent) => {
      // What arrived in an earlier try took no time now.
      before ??= sent < 1 ? sent : 0;
      const elapsed = performance.now() - startedAt;
      const msLeft = (elapsed / (sent - before || 1)) * (1 - sent);
      row.progress.value = sent;
      const isSlow = elapsed > 2 * lateMs && msLeft > lateMs;
      upload.mayHaveGone = sent >= 1 || (mayBurst(file, sent) && !isSlow);
      row.state.textContent =
        sent < 1 ? `${Math.floor(100 * sent)} %, ${timeLeft(msLeft)}` : 'Sent. Being checked';
    };
    try {
      if (upload.mayHaveGone && (await isListed(upload))) return await finish(upload);
      upload.mayHaveGone = mayBurst(file, 0);
      const { signal } = upload.cancelling;
      const answer = await transport(file, {
        action: form.action,
        category: upload.category,
        signal,
        progress,
      });
      if (answer.status === 201) await finish(upload);
      else if (answer.status === 0) await broken(upload);
      else fail(upload, answer);
    } catch (error) {
      if (upload.cancelling.signal.aborted) await cancelled(upload);
      else refuse(upload, `Not sent: ${error.message}`, true);
    } finally {
      upload.cancelling = null;
      running -= 1;
      next();
    }
  }

  /** Large files go to the store directly; small ones through the app, and all once the store was out of reach. */
  async function transport(file, to) {
    const { sendByForm, sendWithProgress } = await import(form.dataset.sendByForm);
    if (goesDirectly(file)) {
      const { sendDirectly, StoreUnreachable } = await import(form.dataset.sendDirectly);
      try {
        return await sendDirectly(file, { ...to, sendWithProgress });
      } catch (error) {
        if (!(error instanceof StoreUnreachable)) throw error;
        directFrom = Number.POSITIVE_INFINITY;
      }
    }
    return sendByForm(file, to);
  }

  async function finish({ row, file }) {
    const hadFocus = row.item.contains(document.activeElement);
    row.item.remove();
    uploads.hidden = uploads.children.length === 0;
    if (hadFocus) input.focus();
    tell(`${file.name} was stored.`);
    await refresh();
  }

  /** What was lost may be the answer alone: then it is in the list. */
  async function broken(upload) {
    if (await isListed(upload)) return finish(upload);
    refuse(upload, brokenWords(upload), true);
  }

  async function cancelled(upload) {
    if (!upload.mayHaveGone) return refuse(upload, 'Cancelled.', true);
    if (await isListed(upload)) return refuse(upload, 'It was stored before it could be cancelled.', false);
    refuse(upload, `Cancelled, perhaps too late. ${listTells}.`, true);
  }

  function fail(upload, { status, body, mayRetry }) {
    if (status === 401)
      return refuse(upload, 'You are signed out. Sign in in another tab, then try again.', true);
    const said = body?.errors?.[0]?.message ?? body?.detail ?? 'The server did not take it.';
    const mayPass = mayRetry === true || status >= 500 || status === 429;
    refuse(upload, said.replace(/^File 1 /, 'The file '), mayPass);
  }

  function brokenWords({ file, mayHaveGone }) {
    if (mayHaveGone) return `The connection broke at its end. ${listTells}; if not, try again.`;
    return goesDirectly(file)
      ? 'The connection broke. What arrived is kept: try again to send the rest.'
      : 'The connection broke. Nothing of it was stored.';
  }

  function goesDirectly({ size }) {
    return size >= directFrom;
  }

  /** Of what goes directly nothing is stored before the app is asked to. */
  function mayBurst(file, sent) {
    return !goesDirectly(file) && file.size * (1 - sent) < burstBytes;
  }

  function refuse(upload, why, mayRetry) {
    const { row, file } = upload;
    row.item.classList.add('upload-failed');
    row.progress.hidden = true;
    row.state.textContent = why;
    tell(`${file.name}: ${why}`);
    if (mayRetry) {
      row.setAction('Try again', () => {
        enqueue(upload);
        next();
      });
    } else row.setAction(null);
  }

  /** Whether the list has it now, and had not when it was first sent: the server may have done its part unheard. */
  async function isListed({ file, known, row }) {
    row.state.textContent = 'Looking whether it was stored';
    await refresh();
    return listed().some(
      ({ id, name, size }) => !known.has(id) && name === file.name && size === String(file.size),
    );
  }

  function listed() {
    return Array.from(list.querySelectorAll('[data-document]'), ({ dataset }) => ({
      id: dataset.document,
      size: dataset.sizeBytes,
      name: dataset.fileName,
    }));
  }

  /** Why it is not worth sending; null when it may be. A name without an ending is left to the server. */
  function faultOf({ name, size }) {
    const ending = /\.[^.]+$/.exec(name)?.[0].toLowerCase();
    if (ending && !limits.extensions.includes(ending))
      return `This file type isn’t accepted. Use ${form.dataset.kinds}.`;
    if (size === 0) return 'The file is empty.';
    if (size > limits.bytes) return `Larger than ${form.dataset.maxSize}.`;
    return null;
  }

  async function refresh() {
    const answer = await fetch(list.dataset.documentList, {
      headers: { 'HX-Request-Type': 'partial', Accept: 'text/html' },
    }).catch(() => null);
    // A list that cannot be fetched is shown as it was; the next load of the page has it.
    if (answer?.ok) list.innerHTML = await answer.text();
  }

  function showError(message) {
    input.setCustomValidity(message);
    if (!message) return;
    input.reportValidity();
    input.addEventListener('change', () => void input.setCustomValidity(''), { once: true });
  }

  function tell(text) {
    news.textContent = text;
  }
}

/** Infinity: this page sends every file through the app. */
async function firstDirectSize({ sendDirectly, directFrom, directOrigin }) {
  if (!sendDirectly) return Number.POSITIVE_INFINITY;
  const { canSendDirectly } = await import(sendDirectly);
  return canSendDirectly(directOrigin) ? Number(directFrom) : Number.POSITIVE_INFINITY;
}
