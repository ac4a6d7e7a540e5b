// Adds to each [data-copy="what it is"] a button that copies its text. Without this module, or where the browser has no
// clipboard (plain http), it is text to select.
const offerCopy = (chip) => {
  const text = chip.textContent.trim();
  const what = chip.dataset.copy;
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'chip-copy';
  const news = document.createElement('span');
  news.className = 'visually-hidden';
  news.setAttribute('role', 'status');
  const say = (label, sentence) => {
    button.textContent = label;
    news.textContent = sentence;
  };
  say('Copy', '');
  button.setAttribute('aria-label', `Copy the ${what}`);
  button.addEventListener('click', () => {
    navigator.clipboard.writeText(text).then(
      () => say('Copied', `The ${what} was copied`),
      () => say('Select it', `Select the ${what} instead`),
    );
    setTimeout(() => say('Copy', ''), 3000);
  });
  chip.append(button, news);
};

if (navigator.clipboard) for (const chip of document.querySelectorAll('[data-copy]')) offerCopy(chip);
