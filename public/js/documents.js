// Uploads files one by one, each with its progress; an upload can be cancelled and repeated. Without this script the form
// sends all files in one request. The server decides by the content; the checks here only save waiting.

/**
 * Browsers report progress late: within `lateMs` a fast line may send `burstBytes` unreported. When a file may have been
 * sent completely, only the server knows whether it was stored, so a cancelled upload is not said to be cancelled.
 */
const lateMs = 500;
const burstBytes = 3_000_000;
const listHint = 'If it was stored, the list shows it in a moment';
const found = document.querySelector('form.document-upload');
if (found instanceof HTMLFormElement) await enhance(found);

async function enhance(form) {
  const { rowFor, timeLeft } = await import(form.dataset.uploadRow);
  /** Files of this size or more are uploaded directly to the store. */
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
  };
  const waiting = [];
  let running = 0;

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    // Keep submit-once.js from disabling this form: the page stays open.
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
    announce(`${count === 1 ? 'One file' : `${count} files`} chosen. Choose a category, then upload.`);
    category.focus();
  });

  form.classList.add('takes-drops');

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

  // One at a time: each upload has the whole bandwidth, so that its remaining time can be estimated.
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
      // Do not count what an earlier try sent: it took no time in this one.
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
      if (!navigator.onLine)
        return refuse(upload, 'You are offline. Try again when the connection is back.', true);
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

  /**
   * Sends large files directly to the store, and small ones through the app. Once the store was unreachable, all go
   * through the app.
   */
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
    announce(`${file.name} was stored.`);
    await refresh();
  }

  /** Checks whether only the answer was lost: the document is in the list then. */
  async function broken(upload) {
    if (await isListed(upload)) return finish(upload);
    refuse(upload, brokenWords(upload), true);
  }

  async function cancelled(upload) {
    if (!upload.mayHaveGone) return refuse(upload, 'Cancelled.', true);
    if (await isListed(upload)) return refuse(upload, 'It was stored before it could be cancelled.', false);
    refuse(upload, `Cancelled, perhaps too late. ${listHint}.`, true);
  }

  function fail(upload, { status, body, mayRetry }) {
    if (status === 401)
      return refuse(upload, 'You are signed out. Sign in in another tab, then try again.', true);
    const message = body?.errors?.[0]?.message ?? body?.detail ?? 'The server refused the file.';
    const mayRepeat = mayRetry === true || status >= 500 || status === 429;
    refuse(upload, message.replace(/^File 1 /, 'The file '), mayRepeat);
  }

  function brokenWords({ file, mayHaveGone }) {
    if (mayHaveGone) return `The connection broke at the end of the upload. ${listHint}; if not, try again.`;
    return goesDirectly(file)
      ? 'The connection broke. The part that arrived is kept: try again to send the rest.'
      : 'The connection broke. Nothing was stored.';
  }

  function goesDirectly({ size }) {
    return size >= directFrom;
  }

  /** A direct upload stores nothing until the app is asked to complete it. */
  function mayBurst(file, sent) {
    return !goesDirectly(file) && file.size * (1 - sent) < burstBytes;
  }

  function refuse(upload, why, mayRetry) {
    const { row, file } = upload;
    row.item.classList.add('upload-failed');
    row.progress.hidden = true;
    row.state.textContent = isShown(why) ? why.replace(/: .*/s, '.') : why;
    announce(`${file.name}: ${why}`);
    if (mayRetry) {
      row.setAction('Try again', () => {
        enqueue(upload);
        next();
      });
    } else row.setAction(null);
  }

  /** Whether another row gives the same advice, which is long for a wrong file type. */
  function isShown(why) {
    return [...uploads.querySelectorAll('.upload-failed .upload-state')].some(
      (state) => state.textContent === why,
    );
  }

  /** Whether the document has appeared in the list since the upload began: the answer may have been lost. */
  async function isListed({ file, known, row }) {
    row.state.textContent = 'Checking whether it was stored';
    await refresh();
    return listed().some(
      ({ id, name, size }) => !known.has(id) && isNameOf(name, file) && size === String(file.size),
    );
  }

  /** Compares names as the server stores them: it adds the kind's ending to a name without one. */
  function isNameOf(listedName, { name }) {
    return (
      listedName === name || (listedName.startsWith(name) && /^\.\w+$/.test(listedName.slice(name.length)))
    );
  }

  function listed() {
    return Array.from(list.querySelectorAll('[data-document]'), ({ dataset }) => ({
      id: dataset.document,
      size: dataset.sizeBytes,
      name: dataset.fileName,
    }));
  }

  /**
   * Why the server would refuse the file; null when it may accept it. Only the server knows which endings claim
   * something, and it refuses by the name at once.
   */
  function faultOf({ size }) {
    if (size === 0) return 'The file is empty.';
    if (size > limits.bytes) return `Larger than ${form.dataset.maxSize}.`;
    return null;
  }

  async function refresh() {
    const answer = await fetch(list.dataset.documentList, {
      headers: { 'HX-Request-Type': 'partial', Accept: 'text/html' },
    }).catch(() => null);
    // When the list cannot be fetched, the page keeps showing the old one.
    if (answer?.ok) list.innerHTML = await answer.text();
  }

  function showError(message) {
    input.setCustomValidity(message);
    if (!message) return;
    input.reportValidity();
    input.addEventListener('change', () => void input.setCustomValidity(''), { once: true });
  }

  function announce(text) {
    news.textContent = text;
  }
}

/** The size from which files are uploaded directly. Infinity: this page uploads every file through the app. */
async function firstDirectSize({ sendDirectly, directFrom, directOrigin }) {
  if (!sendDirectly) return Number.POSITIVE_INFINITY;
  const { canSendDirectly } = await import(sendDirectly);
  return canSendDirectly(directOrigin) ? Number(directFrom) : Number.POSITIVE_INFINITY;
}
