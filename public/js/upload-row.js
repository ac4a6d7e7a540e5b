// The page's row for one upload: the file's name, the progress and the buttons.

export function rowFor(name) {
  const item = document.createElement('li');
  item.className = 'upload';
  const title = document.createElement('p');
  title.className = 'document-name';
  title.textContent = name;
  const progress = document.createElement('progress');
  progress.max = 1;
  progress.setAttribute('aria-label', `Progress of ${name}`);
  const state = document.createElement('p');
  state.className = 'upload-state document-facts';
  const actions = document.createElement('p');
  actions.className = 'document-actions';
  const act = button();
  const dismiss = button();
  actions.append(act, dismiss);
  item.append(title, progress, state, actions);
  let action = () => undefined;
  act.addEventListener('click', () => action());
  label(dismiss, 'Dismiss');
  dismiss.addEventListener('click', () => {
    const list = item.parentElement;
    item.remove();
    if (list) list.hidden = list.children.length === 0;
    document.querySelector('#files')?.focus();
  });
  return {
    item,
    progress,
    state,
    /** Sets the label and action of the row's button; null: the row can only be dismissed. */
    setAction(text, run) {
      act.hidden = text === null;
      dismiss.hidden = text === 'Cancel';
      action = run ?? (() => undefined);
      if (text !== null) label(act, text);
    },
  };

  function label(element, text) {
    element.textContent = text;
    element.setAttribute('aria-label', `${text} ${name}`);
  }
}

function button() {
  const element = document.createElement('button');
  element.type = 'button';
  element.className = 'button button-quiet';
  return element;
}

export function timeLeft(ms) {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s left`;
  return `${Math.ceil(seconds / 60)} min left`;
}
