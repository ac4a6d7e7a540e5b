// Loaded into the app by the supervisor (node --import): when the supervisor has gone, however it went, the app
// finishes as if asked to, and does not stay to block the port of the next start.
const parent = process.ppid;
const patienceMs = 10_000;

process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
// The channel also closes when the app itself lets go of it at its end: then the parent is still there.
process.once('disconnect', () => {
  setTimeout(() => {
    if (process.ppid === parent) return;
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.exit(1), patienceMs).unref();
  }, 50).unref();
});
// Listening to the channel must not keep the app alive once it has closed everything else.
process.channel?.unref();
